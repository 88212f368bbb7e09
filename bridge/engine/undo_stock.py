"""Take back written stock numbers: by a difference with its own cause and key, never by an absolute number."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bridge.engine.context import MARK, Bridge, Run
from bridge.engine.open_stock import UNDONE
from bridge.engine.square_stock import adjust_square
from bridge.ledger import chains, movements, outbox, stock, subjects
from bridge.ledger.outbox import Action
from bridge.ledger.stock import StockRow
from bridge.ledger.stores import all_stores
from bridge.ledger.text import of_json

_FOLLOWS = "follows sales; undoing it would be wrong"
_IN_STEP = "keeps the shop in step with the stores; it would only be written again"

Restored = list[str]
Left = list[tuple[str, str]]


def take_back(bridge: Bridge, run: Run, conn: Connection, row: Any, restored: Restored, left: Left) -> None:
    """Judge one line of history about a number."""
    action = outbox.by_key(conn, row.key)
    known = stock.by_vid(conn, [row.vid or 0]).get(row.vid or 0)
    if action is None or known is None:
        left.append((f"stock, line {row.id} of the history", "the write it speaks of is no longer in the ledger"))
        return
    sku = subjects.sku_as_shown(conn, known)
    if row.side == "square":
        _at_square(bridge, run, conn, row, action, known, sku, restored, left)
    else:
        _in_the_shop(bridge, run, conn, row, action, known, sku, restored, left)


def _at_square(
    bridge: Bridge, run: Run, conn: Connection, row: Any, action: Action, known: StockRow, sku: str,
    restored: Restored, left: Left,
) -> None:  # fmt: skip
    quantity = Decimal(action.payload["quantity"])
    store_id = str(action.payload["store_id"])
    names = {one.store_id: one.name for one in all_stores(conn)}
    what = f"stock of {sku} at {names.get(store_id, store_id)}: {quantity:+}"
    cause = str(action.payload["reference"]).removeprefix(MARK).partition(":")[0]
    if cause not in ("open", "edit", "undo"):
        left.append((what, _FOLLOWS))
        return
    movement_id = _movement(bridge, run, conn, row, known, -quantity)
    if movement_id is None:
        left.append((what, "was taken back before"))
        return
    adjust_square(
        bridge, run, conn, known, store_id, -quantity, _cause(bridge, row),
        kind="receive" if quantity < 0 else "waste", movement_id=movement_id,
    )  # fmt: skip
    if cause == "open":
        _unopen(conn, known)
    restored.append(
        f"{what} → {-quantity:+}" + (" (you are asked for its opening count anew)" if cause == "open" else "")
    )


def _in_the_shop(
    bridge: Bridge, run: Run, conn: Connection, row: Any, action: Action, known: StockRow, sku: str,
    restored: Restored, left: Left,
) -> None:  # fmt: skip
    before, after = of_json(row.before_json), of_json(row.after_json)
    what = f"stock of {sku} in the shop: {before} → {after}"
    kinds = {moved.kind for moved in chains.movements_by_id(conn, action.causes)}
    if action.payload["start_tracking"]:
        left.append((what, "the shop began to count it; switch that off in the shop if you want"))
    elif not kinds or not kinds <= {"opening count", "undo"}:
        left.append((what, _FOLLOWS if kinds & {"sale", "return", "restock"} else _IN_STEP))
    elif any(one.side == "woo" for one in outbox.open_of_variation(conn, known.vid)):
        left.append((what, "a write of this number is still under way"))
    else:
        movement_id = _movement(bridge, run, conn, row, known, Decimal(before - after))
        if movement_id is None:
            left.append((what, "was taken back before"))
            return
        _write_back(bridge, run, conn, known, before - after, movement_id)
        _unopen(conn, known)
        restored.append(f"{what} → {before} (you are asked for its opening count anew)")


def _cause(bridge: Bridge, row: Any) -> str:
    return f"undo:{row.id}:{bridge.db.epoch}"


def _movement(bridge: Bridge, run: Run, conn: Connection, row: Any, known: StockRow, quantity: Decimal) -> int | None:
    """The undo's own movement; ``None`` when this line was taken back before."""
    moved = movements.Movement(
        "woo", _cause(bridge, row), known.vid, "undo", quantity, bridge.now(),
        detail={"run": row.run_id, "history": row.id},
    )  # fmt: skip
    return movements.record(conn, moved, seen_at=bridge.now(), run_id=run.id)


def _write_back(bridge: Bridge, run: Run, conn: Connection, known: StockRow, delta: int, movement_id: int) -> None:
    number = known.woo_writes + 1
    payload = {
        "variation_id": known.woo_id,
        "parent_id": known.woo_parent,
        "delta": delta,
        "before": known.woo_expected,
        "start_tracking": False,
        "known": movements.last_id(conn),
        "why": "taken back by a person",
    }
    key = f"{MARK}{bridge.db.epoch}:{known.vid}:{number}"
    stock.change(conn, known.vid, woo_writes=number, woo_cause=max(known.woo_cause, movement_id))
    action = Action(key, "woo", "change_stock", payload, vid=known.vid, causes=[movement_id])
    if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
        run.add("planned woo stock")


def _unopen(conn: Connection, known: StockRow) -> None:
    stock.change(conn, known.vid, state="unopened", reason=UNDONE)
