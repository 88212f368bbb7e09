"""Read the shop's orders and turn what their lines took from stock into movements and adjustments at Square.

An order's status proves nothing about stock; ``_reduced_stock`` on each line does. What changed there since the last
look is a movement, and in the same transaction an adjustment at the stores that give (or get back) the goods stands in
the outbox. The cause names order, line and how often the line changed, so it is the same after a crash or a restore.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Connection

from bridge.domain.allocate import Allocation, allocate
from bridge.domain.order import TILL_VIA
from bridge.domain.times import parse_time, time_text
from bridge.engine.context import Bridge, Run, cursor_time, online_stores, shop_read_up_to, shop_time, store_settings
from bridge.engine.mirror_hold import hold_effect
from bridge.engine.mirror_wish import link_for
from bridge.engine.place_map import pickup_store
from bridge.engine.settings import StoreSetting
from bridge.engine.shortage import ask_shortage
from bridge.engine.square_stock import adjust_square
from bridge.engine.till_echo import note_till_order, returned_at_till, without_returned
from bridge.ledger import movements, orders, stock
from bridge.ledger.orders import OrderSeen
from bridge.ledger.promised import promised
from bridge.ledger.stock import StockRow
from bridge.remotes.port import WooOrder, WooOrderLine

CURSOR = "woo_orders"
_UNDONE = frozenset({"cancelled", "refunded", "trash"})
"""Statuses in which an order may have given back all it took."""
_JUST_NOW = timedelta(seconds=2)
_AGAIN = "?"
"""Stands behind the time of a change that another one may hide behind: the order is looked at once more."""
_SURELY_LISTED = timedelta(days=1)
"""Orders this much older than an opening may have been too old to be listed then; all others were."""


@dataclass(frozen=True, slots=True)
class LineMove:
    """What one order line newly did to stock: ``effect`` is negative for a sale, positive for goods coming back."""

    line_id: str
    row: StockRow
    effect: Decimal
    turn: int


def observe_orders(bridge: Bridge, run: Run) -> set[int]:
    """Read orders changed since the cursor; returns the vids that any changed order speaks of."""
    began = bridge.clock.monotonic()
    with bridge.db.reading() as conn:
        since = cursor_time(conn, CURSOR)
    if since is None:
        since = shop_time(bridge, began) - timedelta(days=bridge.settings.look_back_days)
    touched: set[int] = set()
    for page in bridge.woo.orders(modified_after=since):
        touched |= _absorb_page(bridge, run, page)
    with bridge.db.transaction() as conn:
        shop_read_up_to(bridge, conn, CURSOR, began)
    return touched


def observe_trashed(bridge: Bridge, run: Run) -> set[int]:
    """Read orders in the trash, which no ordinary listing shows: what they took stays taken."""
    since = bridge.clock.now() - timedelta(days=bridge.settings.look_back_days)
    touched: set[int] = set()
    for page in bridge.woo.trashed_orders(modified_after=since):
        touched |= _absorb_page(bridge, run, page)
    return touched


def _absorb_page(bridge: Bridge, run: Run, page: list[WooOrder]) -> set[int]:
    """Store a page of orders; opens a transaction only when one of them is news."""
    with bridge.db.reading() as conn:
        known = orders.get(conn, [order.order_id for order in page])
    news = [order for order in page if _is_news(known.get(order.order_id), order)]
    if not news:
        return set()
    touched: set[int] = set()
    with bridge.db.transaction() as conn:
        stores = store_settings(bridge, conn)
        for order in news:
            touched |= absorb_order(bridge, run, conn, order, known.get(order.order_id), stores)
    return touched


def take_order(bridge: Bridge, run: Run, conn: Connection, order: WooOrder) -> None:
    """Bring an order just read into the ledger, inside the caller's transaction."""
    known = orders.get(conn, [order.order_id]).get(order.order_id)
    if _is_news(known, order):
        absorb_order(bridge, run, conn, order, known, store_settings(bridge, conn))


def _is_news(known: OrderSeen | None, order: WooOrder) -> bool:
    return known is None or known.modified != time_text(order.modified) or _reduced(known) != _reduced_now(order)


def _may_change_unseen(bridge: Bridge, order: WooOrder) -> bool:
    """The shop's times are whole seconds: an order changed again in the second it was read in looks unchanged."""
    return order.modified > shop_time(bridge, bridge.clock.monotonic()) - _JUST_NOW


def _reduced(known: OrderSeen) -> dict[str, Decimal]:
    return {line: Decimal(str(entry[1])) for line, entry in known.lines.items() if Decimal(str(entry[1]))}


def _reduced_now(order: WooOrder) -> dict[str, Decimal]:
    return {line.line_id: line.reduced for line in order.lines if line.reduced}


def absorb_order(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    order: WooOrder,
    known: OrderSeen | None,
    stores: tuple[StoreSetting, ...],
) -> set[int]:
    """Bring one order into the ledger; the vids it speaks of."""
    seen = known or OrderSeen(order.order_id, created=time_text(order.created))
    first_look = known is None
    lines = {line.line_id: line for line in order.lines}
    for line_id, entry in seen.lines.items():
        if line_id not in lines:
            lines[line_id] = WooOrderLine(line_id, str(entry[0]), Decimal(0), Decimal(0))
    rows = stock.by_woo(conn, [line.variation_id for line in lines.values()])
    moves = []
    for line in lines.values():
        move = _move_of(run, seen, line, rows.get(line.variation_id), first_look)
        if move is not None:
            moves.append(move)
    if order.created_via == TILL_VIA:
        note_till_order(bridge, run, conn, order, [(m.line_id, m.row, m.effect, m.turn) for m in moves])
    else:
        _carry(bridge, run, conn, order, seen, moves, stores)
    if first_look and order.status in _UNDONE:
        _note_undone(bridge, run, conn, order, rows)
    changed = moves or (seen.status, seen.modified.rstrip(_AGAIN)) != (order.status, time_text(order.modified))
    seen.number, seen.status, seen.modified = order.number, order.status, time_text(order.modified)
    seen.modified += _AGAIN if _may_change_unseen(bridge, order) else ""
    orders.put(conn, seen, now=bridge.now())
    if not changed:
        return set()
    run.add("orders changed")
    return {row.vid for row in rows.values()}


def _note_undone(bridge: Bridge, run: Run, conn: Connection, order: WooOrder, rows: Mapping[str, StockRow]) -> None:
    """An order that came and went before anybody looked moved nothing in the end, but one of our writes may have
    overwritten what it took: a movement of nothing keeps it in mind for whoever explains a gap.
    """
    for line in order.lines:
        row = rows.get(line.variation_id)
        if row is None or row.state != "open" or line.reduced or not line.quantity:
            continue
        moved = movements.Movement(
            "woo", f"order:{order.order_id}:{line.line_id}:undone", row.vid, "came and went", Decimal(0),
            time_text(order.modified),
            detail={
                "order": order.number or order.order_id, "quantity": str(line.quantity),
                "created": time_text(order.created),
            },
        )  # fmt: skip
        movements.record(conn, moved, seen_at=bridge.now(), run_id=run.id)


def _move_of(run: Run, seen: OrderSeen, line: WooOrderLine, row: StockRow | None, first_look: bool) -> LineMove | None:
    """What a line newly did; notes the line's state in ``seen`` whether or not it counts."""
    entry = seen.lines.get(line.line_id, [line.variation_id, "0", 0])
    before, turn = Decimal(str(entry[1])), int(entry[2])
    if before == line.reduced:
        seen.lines.setdefault(line.line_id, [line.variation_id, str(line.reduced), turn])
        return None
    seen.lines[line.line_id] = [line.variation_id, str(line.reduced), turn + 1]
    if row is None:
        run.skip("order line of a product that is not linked")
        return None
    if not row.followed:
        run.skip("order line of a variation whose stock is not kept in step")
        return None
    if first_look and seen.created < time_text(parse_time(row.opened_at) - _SURELY_LISTED):
        # taken long before the opening count, which already knows about it; the younger ones were listed, and so
        # noted, before the number was read (the shop's times are whole seconds, and its clock may be behind ours)
        run.skip("order line older than the opening count")
        return None
    return LineMove(line.line_id, row, before - line.reduced, turn + 1)


def _carry(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    order: WooOrder,
    seen: OrderSeen,
    moves: list[LineMove],
    stores: tuple[StoreSetting, ...],
) -> None:
    """Record movements and put the adjustments for Square into the outbox."""
    given = _stores_that_give(bridge, run, conn, order, seen, [m for m in moves if m.effect < 0], stores)
    giving = _summed([share for shares in given.values() for share in shares])
    standing = [store_id for store_id, _ in sorted(giving, key=lambda one: (one[1], one[0]))]
    standing = standing or [pickup_store(bridge, run, conn, order, stores) or _first_store(stores)]
    link = link_for(bridge, run, conn, order, seen, standing, moves=bool(moves))
    for move in moves:
        cause = f"order:{order.order_id}:{move.line_id}:{move.turn}"
        back = _came_back(conn, order, seen, move)
        shares = given[move.line_id] if move.effect < 0 else _stores_that_get(seen, move, stores)
        moved = movements.Movement(
            "woo", cause, move.row.vid, "sale" if move.effect < 0 else "restock", move.effect,
            time_text(order.modified),
            detail={
                "order": order.number or order.order_id,
                "created": time_text(order.created),
                "stores": {store_id: str(abs(quantity)) for store_id, quantity in shares},
                **({"till": str(min(back, move.effect))} if back else {}),
            },
        )  # fmt: skip
        movement_id = movements.record(conn, moved, seen_at=bridge.now(), run_id=run.id)
        if movement_id is None:
            continue
        stock.add_expected(conn, move.row.vid, int(move.effect))
        _remember_taken(seen, move.line_id, shares)
        if back:
            shares = without_returned(shares, back)
            stock.mark(conn, [move.row.vid], dirty=1)
        for store_id, quantity in shares:
            kind = "sale" if quantity < 0 else "restock"
            if link is not None and link.holds:
                hold_effect(bridge, run, conn, link, move.row, store_id, quantity, cause, kind, movement_id)
                continue
            adjust_square(
                bridge, run, conn, move.row, store_id, quantity, cause, kind=kind, movement_id=movement_id
            )  # fmt: skip


def _came_back(conn: Connection, order: WooOrder, seen: OrderSeen, move: LineMove) -> Decimal:
    """How many of the units the shop newly put back are back on a shelf already, taken back by a till."""
    if move.effect <= 0:
        return Decimal(0)
    return returned_at_till(conn, order.order_id, move.row.vid, seen.holds(move.row.woo_id))


def _stores_that_give(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    order: WooOrder,
    seen: OrderSeen,
    sales: list[LineMove],
    stores: tuple[StoreSetting, ...],
) -> dict[str, list[tuple[str, Decimal]]]:
    """Which store gives what for each sold line, as signed quantities; a shortage falls on the order's own store."""
    if not sales:
        return {}
    online = online_stores(stores) or tuple(store.store_id for store in stores)
    on_hand = stock.counts_of(conn, [m.row.vid for m in sales])
    for (vid, store_id), reserved in promised(conn, list(on_hand)).items():
        if store_id in on_hand[vid]:
            on_hand[vid][store_id] -= reserved
    home = pickup_store(bridge, run, conn, order, stores) or _gives_already(bridge, seen)
    within = {
        str(vid): {store: n for store, n in counts.items() if store in online or store == home}
        for vid, counts in on_hand.items()
    }
    wanted = [(str(move.row.vid), -move.effect) for move in sales]

    def place(counts: Mapping[str, Mapping[str, Decimal]]) -> Allocation:
        return allocate(
            wanted, counts, pickup_store=home, policy=bridge.settings.allocate, priority=online,
            may_split=bridge.settings.may_split,
        )  # fmt: skip

    made = place(within if home else _less_kept(bridge, within))
    if made.shortage:
        # rather what a store keeps for itself than goods nobody has
        made = place(within)
    lacking = made.home or online[0]
    parts = [*made.by_line, *((variation, lacking, n) for variation, n in made.shortage)]
    if made.shortage:
        ask_shortage(bridge, run, conn, order, [m.row for m in sales], made.shortage, lacking, on_hand)
    return {move.line_id: _take_parts(parts, str(move.row.vid), -move.effect) for move in sales}


def _less_kept(bridge: Bridge, counts: Mapping[str, Mapping[str, Decimal]]) -> dict[str, dict[str, Decimal]]:
    """Counts less what each store keeps for itself: as long as another has some, that is not sent away."""
    kept = bridge.settings.buffers.by_store
    return {vid: {store: n - kept.get(store, 0) for store, n in stores.items()} for vid, stores in counts.items()}


def _gives_already(bridge: Bridge, seen: OrderSeen) -> str:
    """The store that gives the order's other lines, where an order must not be split; "" for a new order."""
    giving = {store_id for shares in seen.taken.values() for store_id in shares}
    return giving.pop() if len(giving) == 1 and not bridge.settings.may_split else ""


def _take_parts(parts: list[tuple[str, str, Decimal]], variation: str, quantity: Decimal) -> list[tuple[str, Decimal]]:
    """The shares of one line out of what was placed for its variation (two lines may name one product)."""
    shares: list[tuple[str, Decimal]] = []
    for at, (placed, store_id, size) in enumerate(parts):
        share = min(size, quantity)
        if placed == variation and share > 0:
            parts[at] = (placed, store_id, size - share)
            quantity -= share
            shares.append((store_id, -share))
    return _summed(shares)


def _summed(parts: list[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    total: dict[str, Decimal] = {}
    for store_id, quantity in parts:
        total[store_id] = total.get(store_id, Decimal(0)) + quantity
    return [(store_id, quantity) for store_id, quantity in total.items() if quantity]


def _stores_that_get(seen: OrderSeen, move: LineMove, stores: tuple[StoreSetting, ...]) -> list[tuple[str, Decimal]]:
    """Goods go back to the stores that gave them; what nobody is known to have given goes to the first store."""
    left, shares = move.effect, []
    for store_id, text in seen.taken.get(move.line_id, {}).items():
        back = min(left, Decimal(text))
        if back > 0:
            shares.append((store_id, back))
            left -= back
    if left > 0:
        shares.append((_first_store(stores), left))
    return _summed(shares)


def _first_store(stores: tuple[StoreSetting, ...]) -> str:
    known = online_stores(stores) or tuple(s.store_id for s in stores)
    return known[0] if known else ""


def _remember_taken(seen: OrderSeen, line_id: str, shares: list[tuple[str, Decimal]]) -> None:
    taken = seen.taken.setdefault(line_id, {})
    for store_id, quantity in shares:
        left = Decimal(taken.get(store_id, "0")) - quantity
        if left > 0:
            taken[store_id] = str(left)
        else:
            taken.pop(store_id, None)
