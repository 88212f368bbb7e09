"""Decide what to write to the shop's stock numbers: the difference between what it should show and what it shows.

One action per variation is under way at a time; while one of its adjustments at Square is unanswered nothing is
decided, because nobody knows yet whether Square's count contains it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, select

from bridge.domain.brakes import Intent
from bridge.domain.stock import StockView, Target, target
from bridge.engine.braking import end_mass_zero, hold_zeros
from bridge.engine.context import MARK, Bridge, Run, online_stores, store_settings
from bridge.ledger import decisions, movements, outbox, shown, stock
from bridge.ledger.outbox import HELD, Action
from bridge.ledger.schema import outbox as outbox_table
from bridge.ledger.stock import StockRow

_BATCH = 500
_NATURAL = frozenset({"sale", "waste", "transfer", "return", "receive", "staff edit", "restock", "undo"})
"""Movements that explain a zero; a count or an unnamed adjustment does not."""

_STOCK_WRITES = select(outbox_table).where(
    outbox_table.c.vid.in_(bindparam("vids", expanding=True)),
    # what Square refused is still gone from (or back on) the shelf until a person says otherwise
    outbox_table.c.state.in_(("due", "sent", "unknown", "held", "refused")),
    outbox_table.c.kind.in_(("adjust", "count", "change_stock", HELD)),
)


@dataclass(frozen=True, slots=True)
class StockDecision:
    """What was found for one variation: the view it was judged by and the number the shop should show.

    ``ready`` is False while nothing may be decided, because something about it is not explained yet or under way.
    """

    row: StockRow
    view: StockView
    goal: Target
    ready: bool = True

    @property
    def delta(self) -> int:
        """What has to be added to the shop's number."""
        return 0 if self.goal.refusal else self.goal.quantity - self.row.woo_expected

    @property
    def zeroes(self) -> bool:
        """True when the shop would sell no more of it."""
        return bool(self.delta) and self.goal.quantity <= 0 < self.row.woo_expected


def decide_stock(bridge: Bridge, run: Run) -> int:
    """Decide every dirty variation; returns how many writes were put into the outbox."""
    after, planned = 0, 0
    everything: list[StockDecision] = []
    while True:
        with bridge.db.reading() as conn:
            rows = stock.dirty(conn, after=after, most=_BATCH)
            found = look(bridge, conn, rows)
        if not rows:
            break
        after = rows[-1].vid
        everything += [one for one in found if (one.ready and (one.delta or one.goal.refusal)) or one.zeroes]
        quiet = [one.row.vid for one in found if one.ready and not one.delta and not one.goal.refusal]
        with bridge.db.transaction() as conn:
            stock.mark(conn, quiet, dirty=0)
            still = [row.vid for row in rows if row.state in ("off", "unopened")]
            stock.mark(conn, still, dirty=0)
    if everything:
        with bridge.db.transaction() as conn:
            planned = _plan(bridge, run, conn, everything)
    end_mass_zero(bridge)
    return planned


def look(bridge: Bridge, conn: Connection, rows: list[StockRow]) -> list[StockDecision]:
    """What each row asks for, also where it cannot be decided now."""
    vids = [row.vid for row in rows if row.state == "open"]
    on_hand = stock.counts_of(conn, vids)
    online = online_stores(store_settings(bridge, conn))
    waiting, pending = square_writes(conn, vids, online)
    found = []
    for row in rows:
        if row.state != "open":
            continue
        view = StockView(
            woo_expected=row.woo_expected,
            # an opening count on its way to Square is a count already
            counts=on_hand[row.vid] or ({online[0]: Decimal(0)} if row.vid in pending and online else {}),
            online_stores=online,
            pending=pending.get(row.vid, Decimal(0)),
            buffer=buffer_of(bridge, conn, row, online),
            backorders=row.backorders,
        )
        # a gap not explained yet would be mixed up with what our own write may overwrite
        ready = row.vid not in waiting and not row.suspect
        found.append(StockDecision(row, view, target(view), ready))
    return found


def buffer_of(bridge: Bridge, conn: Connection, row: StockRow, online: tuple[str, ...]) -> int:
    """Units kept back for this variation; its categories are looked up only when a buffer names one."""
    buffers = bridge.settings.buffers
    if not (buffers.by_category or buffers.by_sku or buffers.by_store or buffers.default):
        return 0
    categories: tuple[str, ...] = ()
    if buffers.by_category:
        product = shown.product_shown(conn, "woo", row.woo_parent or row.woo_id)
        categories = tuple(" > ".join(path) for path in product.categories) if product else ()
    return buffers.total(row.sku, categories, online)


def square_writes(conn: Connection, vids: list[int], online: tuple[str, ...]) -> tuple[set[int], dict[int, Decimal]]:
    """Variations with a write under way anywhere, and the signed sum of adjustments Square has not seen yet."""
    waiting: set[int] = set()
    pending: dict[int, Decimal] = {}
    for start in range(0, len(vids), 500):
        rows = conn.execute(_STOCK_WRITES, {"vids": vids[start : start + 500]})
        for action in map(outbox.of_row, rows):
            vid = action.vid or 0
            if action.side == "woo" and action.state == "refused":
                continue
            if action.side == "woo" or action.state in outbox.IN_FLIGHT:
                waiting.add(vid)
            elif action.payload["store_id"] in online:
                pending[vid] = pending.get(vid, Decimal(0)) + Decimal(action.payload["quantity"])
    return waiting, pending


def pending_at_square(conn: Connection, vid: int, online: tuple[str, ...]) -> Decimal:
    """The signed sum of adjustments in the outbox that Square has not seen yet."""
    return square_writes(conn, [vid], online)[1].get(vid, Decimal(0))


def _plan(bridge: Bridge, run: Run, conn: Connection, found: list[StockDecision]) -> int:
    """Put the writes into the outbox, but for those a brake holds or the shop cannot hold."""
    held = _held(bridge, run, conn, found)
    planned = 0
    for one in found:
        row = one.row
        if not one.ready:
            continue
        if one.goal.refusal:
            _refuse(bridge, run, conn, one)
            stock.change(conn, row.vid, dirty=0)
            continue
        decisions.withdraw(conn, "fractional", row.square_id, now=bridge.now())
        if row.vid in held:
            run.add("held by a brake")
            continue
        planned += plan_write(bridge, run, conn, one)
        stock.change(conn, row.vid, dirty=0)
    return planned


def plan_write(bridge: Bridge, run: Run, conn: Connection, one: StockDecision) -> int:
    """One write to the shop's number: a delta with a key, and the movements that made it necessary."""
    row = one.row
    number = row.woo_writes + 1
    causes = [moved.id for moved in movements.since(conn, row.vid, row.woo_cause)]
    action = Action(
        key=f"{MARK}{bridge.db.epoch}:{row.vid}:{number}",
        side="woo",
        kind="change_stock",
        payload={
            "variation_id": row.woo_id,
            "parent_id": row.woo_parent,
            "delta": one.delta,
            "before": row.woo_expected,
            "start_tracking": False,
            # orders learnt of later than this may have fallen into our write
            "known": movements.last_id(conn),
            "reckoned": reckoned(one.view),
        },
        vid=row.vid,
        causes=causes,
    )
    stock.change(conn, row.vid, woo_writes=number, woo_cause=max([row.woo_cause, *causes]))
    if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
        run.add("planned woo stock")
        return 1
    return 0


def reckoned(view: StockView) -> dict[str, Any]:
    """The numbers a write was reckoned from, as JSON values: with them it can be explained for ever (I16)."""
    counts = {store: str(view.counts[store]) for store in view.online_stores if store in view.counts}
    return {"counts": counts, "pending": str(view.pending), "buffer": view.buffer}


def _refuse(bridge: Bridge, run: Run, conn: Connection, one: StockDecision) -> None:
    """Say why a number cannot be shown in the shop."""
    row = one.row
    if one.goal.refusal == "fractional":
        run.skip("fractional quantity the shop cannot hold")
        decisions.ask(
            conn, "fractional", row.square_id,
            f"Square counts {one.goal.raw} of {row.sku or row.woo_id}; the shop holds whole numbers only. "
            "Its number is left alone until the count is whole.",
            choices=("dismiss",), now=bridge.now(), vid=row.vid, run_id=run.id,
        )  # fmt: skip
    else:
        run.skip("no store ever counted it")


def _held(bridge: Bridge, run: Run, conn: Connection, found: list[StockDecision]) -> set[int]:
    """The vids a brake holds back in this run."""
    zeroing = [one for one in found if one.zeroes]
    now = [_intent(conn, one) for one in zeroing if one.ready]
    if not now:
        return set()
    later = [_intent(conn, one) for one in zeroing if not one.ready and not _written(conn, one.row.vid)]
    return hold_zeros(bridge, run, conn, now, later)


def _intent(conn: Connection, one: StockDecision) -> Intent:
    return Intent("zero_stock", str(one.row.vid), one.row.woo_expected, 0, explained=_explained(conn, one))


def _written(conn: Connection, vid: int) -> bool:
    """True while a write of ours to the shop's number is under way: it was judged when it was decided."""
    return any(action.kind == "change_stock" for action in outbox.open_of_variation(conn, vid))


def _explained(conn: Connection, one: StockDecision) -> bool:
    """True when sales, transfers and the like since the last write account for the number going to zero."""
    recent = movements.since(conn, one.row.vid, one.row.woo_cause)
    fall = sum((Decimal(moved.quantity) for moved in recent if moved.kind in _NATURAL), Decimal(0))
    return fall < 0 and -fall >= one.row.woo_expected - max(one.goal.quantity, 0)
