"""Take the opening count of newly linked variations, so that from then on only differences travel.

The shop's number is read between two order readings; a variation whose orders moved meanwhile is left for the next
round. The retailer's choice (or the direction in which a product was created) says which side's number is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection

from bridge.domain.opening import Opening, Truth, open_stock
from bridge.domain.stock import StockView, spread, target
from bridge.engine.context import MARK, Bridge, Run, online_stores, store_settings
from bridge.engine.decide_stock import buffer_of, pending_at_square
from bridge.engine.observe_orders import observe_orders
from bridge.engine.observe_square import store_counts
from bridge.engine.square_stock import adjust_square
from bridge.ledger import cursors, decisions, movements, order_links, outbox, shown, stock
from bridge.ledger.outbox import Action
from bridge.ledger.stock import StockRow
from bridge.remotes.port import SquareCount, WooStock

_AT_ONCE = 100
UNDONE = "its opening count was taken back"
"""Why a variation is unopened again: a person is asked before it is opened once more."""


def open_new_stock(bridge: Bridge, run: Run, *, only: frozenset[int] | None = None) -> int:
    """Open every unopened variation that can be judged now; returns how many were opened."""
    after = opened = 0
    while True:
        with bridge.db.reading() as conn:
            rows = stock.unopened(conn, after=after, most=_AT_ONCE)
            after = rows[-1].vid if rows else after
            ready = [row for row in rows if _is_ready(conn, row) and (only is None or row.vid in only)]
        if not rows:
            return opened
        if ready:
            opened += _open_some(bridge, run, ready)


def _is_ready(conn: Connection, row: StockRow) -> bool:
    """Not while a write of it is under way, and not while its question waits for an answer.

    What is held for an order at the till may wait for days, and is known to be missing from Square's count.
    """
    if decisions.is_open(conn, "opening", row.woo_id):
        return False
    return all(_waits_at_rest(conn, action) for action in outbox.open_of_variation(conn, row.vid))


def _waits_at_rest(conn: Connection, action: Action) -> bool:
    link = order_links.get(conn, action.payload["order_id"]) if action.state == "held" else None
    return link is not None and link.state in ("wanted", "open") and not link.dirty


def _open_some(bridge: Bridge, run: Run, rows: Sequence[StockRow]) -> int:
    counts = _fresh_counts(bridge, rows)
    observe_orders(bridge, run)
    shop = {one.variation_id: one for one in bridge.woo.stock_of([(r.woo_id, r.woo_parent) for r in rows])}
    touched = observe_orders(bridge, run)
    opened = 0
    with bridge.db.transaction() as conn:
        by_square = {row.square_id: row.vid for row in rows}
        store_counts(conn, run, [(by_square[c.variation_id], c) for c in counts if c.variation_id in by_square])
        for row in rows:
            one = shop.get(row.woo_id)
            if row.vid in touched or one is None:
                run.skip("traded while its opening count was taken" if one else "no longer in the shop")
                continue
            opened += _open(bridge, run, conn, row, one)
    return opened


def _fresh_counts(bridge: Bridge, rows: Sequence[StockRow]) -> list[SquareCount]:
    ids = [row.square_id for row in rows]
    return [count for page in bridge.square.counts(variation_ids=ids) for count in page]


def _open(bridge: Bridge, run: Run, conn: Connection, row: StockRow, one: WooStock) -> int:
    stores = online_stores(store_settings(bridge, conn))
    on_hand = stock.counts_of(conn, [row.vid])[row.vid]
    view = StockView(
        woo_expected=int(one.quantity or 0),
        counts=on_hand,
        online_stores=stores,
        pending=pending_at_square(conn, row.vid, stores),
        buffer=buffer_of(bridge, conn, row, stores),
        backorders=one.backorders,
    )
    goal = target(view)
    verdict = open_stock(
        woo_quantity=one.quantity,
        woo_tracking=one.tracking,
        square_tracking=_square_tracking(conn, row),
        has_counts=bool(on_hand),
        square_quantity=goal.quantity,
        refusal=goal.refusal if goal.refusal == "fractional" else "",
        truth=_truth(bridge, conn, row),
    )
    return _carry_out(bridge, run, conn, row, one, view, verdict)


def _square_tracking(conn: Connection, row: StockRow) -> str:
    return shown.variation_tracking(conn, "square", row.square_id)


def _truth(bridge: Bridge, conn: Connection, row: StockRow) -> Truth:
    """Whose number counts: an answered question, the direction of creation, or the retailer's general choice."""
    answer = cursors.read_fact(conn, f"opening:{row.woo_id}")
    if answer == "woo" or answer == "square":
        return "woo" if answer == "woo" else "square"
    if row.reason in ("rewound", UNDONE):
        return "ask"
    if row.made_by == "created in square":
        return "woo"
    if row.made_by == "created in woo":
        return "square"
    return bridge.settings.opening


def _carry_out(
    bridge: Bridge, run: Run, conn: Connection, row: StockRow, one: WooStock, view: StockView, verdict: Opening
) -> int:
    now = bridge.now()
    if verdict.step == "off":
        run.skip(verdict.why)
        stock.change(conn, row.vid, state="off", reason=verdict.why, dirty=0, suspect=0)
        return 0
    if verdict.step == "ask":
        run.skip("opening count to be decided")
        decisions.ask(
            conn, "opening", row.woo_id,
            f"{row.sku or row.woo_id}: the shop shows {one.quantity}, the stores count "
            f"{sum(view.counts.values(), Decimal(0)) if view.counts else 'nothing yet'}. Which one is true?",
            choices=("woo", "square"), now=now, vid=row.vid, run_id=run.id,
        )  # fmt: skip
        return 0
    before = int(one.quantity or 0)
    stock.change(
        conn, row.vid, state="open", reason="", woo_expected=before, woo_seen=before, woo_seen_at=now, dirty=1,
        suspect=0, backorders=int(one.backorders), opened_at=now, opened_by=verdict.why,
        woo_writes=max(row.woo_writes, _writes_by(bridge, one.key or "")), woo_key=one.key or row.woo_key,
    )  # fmt: skip
    cursors.forget_fact(conn, f"opening:{row.woo_id}")
    cause = f"open:{row.woo_id}:{bridge.ids()}"
    moved = movements.Movement(
        "woo", cause, row.vid, "opening count", Decimal(0), now,
        detail={"woo": before, "square": {s: str(q) for s, q in view.counts.items()}, "why": verdict.why},
    )  # fmt: skip
    movement_id = movements.record(conn, moved, seen_at=now, run_id=run.id) or 0
    run.add("opening counts")
    if verdict.step == "woo_is_true":
        _count_at_square(bridge, run, conn, row, view, before, cause, movement_id)
    elif verdict.step == "start_tracking":
        _start_tracking(bridge, run, conn, row, verdict.number or 0)
    return 1


def _writes_by(bridge: Bridge, key: str) -> int:
    """How many writes this life of the ledger had made when it left ``key``: none of their keys is used again."""
    epoch, _, rest = key.removeprefix(MARK).partition(":")
    number = rest.rpartition(":")[2]
    return int(number) if key.startswith(MARK) and epoch == bridge.db.epoch and number.isdigit() else 0


def _count_at_square(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    row: StockRow,
    view: StockView,
    number: int,
    cause: str,
    movement_id: int,
) -> None:
    """Make the stores' sum what the shop shows: a count where none stands yet, else the difference."""
    stores = online_stores(store_settings(bridge, conn))
    preferred = [s for s in (bridge.settings.staff_edit_store,) if s] + list(stores)
    online = {store: quantity for store, quantity in view.counts.items() if store in stores}
    wanted = Decimal(max(number, 0) + view.buffer)
    if row.made_by == "created in square":
        # nobody ever counted what we made ourselves: what is below zero there was sold at a till since
        wanted += sum((quantity for quantity in online.values() if quantity < 0), Decimal(0))
    if not online:
        adjust_square(
            bridge, run, conn, row, preferred[0], wanted - view.pending, cause,
            kind="count", movement_id=movement_id, absolute=True,
        )  # fmt: skip
        return
    gap = wanted - sum(online.values(), Decimal(0)) - view.pending
    for store_id, quantity in spread(gap, online, preferred) if gap else ():
        adjust_square(
            bridge, run, conn, row, store_id, quantity, cause,
            kind="receive" if quantity > 0 else "waste", movement_id=movement_id,
        )  # fmt: skip


def _start_tracking(bridge: Bridge, run: Run, conn: Connection, row: StockRow, number: int) -> None:
    """The one absolute write to the shop: a declared opening count of a number it did not have."""
    writes = row.woo_writes + 1
    action = Action(
        key=f"{MARK}{bridge.db.epoch}:{row.vid}:{writes}",
        side="woo",
        kind="change_stock",
        payload={
            "variation_id": row.woo_id,
            "parent_id": row.woo_parent,
            "delta": number,
            "before": None,
            "start_tracking": True,
            "known": movements.last_id(conn),
            "why": "opening count",
        },
        vid=row.vid,
    )
    stock.change(conn, row.vid, woo_writes=writes)
    if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
        run.add("planned woo stock")
