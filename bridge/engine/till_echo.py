"""Where goods moved at a till and the shop counts them, too: its number is accounted for, Square hears nothing of it.

An order of the shop made of a till sale takes its goods from the shop's number once more: they left the shelf at the
till. A line the shop puts back in stock may have come back at a till before, with Square's own count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from bridge.domain.refund import ORIGIN_KEY
from bridge.domain.times import time_text
from bridge.engine.context import MARK, Bridge, Run, online_stores, store_settings
from bridge.engine.square_stock import adjust_square
from bridge.engine.till_exchanges import units_back
from bridge.ledger import movements, order_links, orders, stock, till
from bridge.ledger.schema import movement, outbox
from bridge.ledger.stock import StockRow
from bridge.ledger.text import of_json
from bridge.ledger.till import RefundAtTill
from bridge.remotes.port import WooOrder

KIND = "till order"
"""Kind of a movement of the shop's number alone: nothing left any shelf by it."""


Move = tuple[str, StockRow, Decimal, int]
"""What an order line newly did to the shop's number: line id, variation, effect, how often it changed."""


def note_till_order(bridge: Bridge, run: Run, conn: Connection, order: WooOrder, moves: Sequence[Move]) -> None:
    """Account for what an order made of a till sale does to the shop's number, and link it to its sale."""
    for line_id, row, effect, turn in moves:
        moved = movements.Movement(
            "woo", f"order:{order.order_id}:{line_id}:{turn}", row.vid, KIND, effect,
            time_text(order.modified),
            detail={"order": order.number or order.order_id, "created": time_text(order.created)},
        )  # fmt: skip
        if movements.record(conn, moved, seen_at=bridge.now(), run_id=run.id) is not None:
            stock.add_expected(conn, row.vid, int(effect))
            stock.mark(conn, [row.vid], dirty=1)
    side, _, square_id = _origin(order).partition(":")
    if side != "square" or not square_id:
        return
    sold = till.orders(conn, [square_id]).get(square_id)
    if sold is not None and not sold.woo_id and not till.sale_of(conn, order.order_id):
        till.order_is(conn, square_id, "done", order.order_id)


def _origin(order: WooOrder) -> str:
    for entry in order.raw.get("meta_data") or ():
        if entry.get("key") == ORIGIN_KEY:
            return str(entry.get("value") or "")
    return ""


def returned_at_till(conn: Connection, order_id: str, vid: int, still_taken: Decimal) -> Decimal:
    """How many units the shop newly put back although they came back at a till by a refund of this order.

    ``still_taken`` is what the order's lines still hold of the variation: as long as that covers what tills took back,
    the shop put back other units.
    """
    refunds = [one for one in till.refunds_of(conn, order_id) if one.state in ("planned", "done")]
    if not refunds:
        return Decimal(0)
    back = _back_at_till(conn, vid, refunds)
    reckoned = sum((till for _, till in _movements_of(conn, order_id, vid)), Decimal(0))
    return max(max(back - still_taken, Decimal(0)) - reckoned, Decimal(0))


def _movements_of(conn: Connection, order_id: str, vid: int) -> list[tuple[Decimal, Decimal]]:
    """What an order's lines did to the shop's number: how much, and how much of it a till had taken back."""
    found = select(movement.c.cause, movement.c.quantity, movement.c.detail_json)
    ours = found.where(movement.c.vid == vid, movement.c.side == "woo")
    return [
        (Decimal(quantity), Decimal(str(of_json(detail).get("till", 0))))
        for cause, quantity, detail in conn.execute(ours)
        if cause.startswith(f"order:{order_id}:")
    ]


def _put_back_by_shop(conn: Connection, order: WooOrder, row: StockRow, still_taken: Decimal) -> Decimal:
    """How many units the shop may have put back, seen or before anybody looked, less what a till is known to have had.

    Of goods that no line of the order names it put back none.
    """
    moved = _movements_of(conn, order.order_id, row.vid)
    seen = sum((quantity for quantity, _ in moved if quantity > 0), Decimal(0))
    ordered = sum((line.quantity for line in order.lines if line.variation_id == row.woo_id), Decimal(0))
    return max(seen, ordered - still_taken) - sum((till for _, till in moved), Decimal(0))


def _back_at_till(conn: Connection, vid: int, refunds: Sequence[RefundAtTill]) -> Decimal:
    """Units of a variation that Square's history shows coming back by these refunds.

    Of an exchange no more than these refunds name: it may have taken back the same goods of another sale, too.
    """
    plain = {one.refund_id for one in refunds if not one.exchanged}
    named: dict[str, Decimal] = {}
    for one in refunds:
        if one.exchanged:
            named[one.order_id] = named.get(one.order_id, Decimal(0)) + units_back(conn, one, vid)
    found = select(movement.c.quantity, movement.c.detail_json)
    here = found.where(movement.c.vid == vid, movement.c.side == "square", movement.c.kind == "return")
    back, seen = Decimal(0), dict.fromkeys(named, Decimal(0))
    for quantity, detail in conn.execute(here):
        said = of_json(detail)
        if said.get("refund") in plain:
            back += Decimal(quantity)
        elif said.get("transaction") in seen:
            seen[said["transaction"]] += Decimal(quantity)
    return back + sum((min(seen[one], named[one]) for one in named), Decimal(0))


def _net_of_forgotten(conn: Connection, order_id: str, vid: int) -> Decimal | None:
    """What an order did to Square's number in a life that a ledger set back has forgotten; ``None``: no such life.

    Its Square order stands there, though no link leads to it: what that took, what tills took back, what we gave back.
    """
    if order_links.get(conn, order_id) is not None:
        return None
    found = select(movement.c.quantity, movement.c.detail_json).where(
        movement.c.vid == vid, movement.c.side == "square"
    )
    here = found.where(movement.c.kind == "sale", movement.c.detail_json.like('%"transaction"%'))
    sales = [(Decimal(quantity), str(of_json(detail)["transaction"])) for quantity, detail in conn.execute(here)]
    made = till.orders(conn, {name for _, name in sales})
    ours = {name for name, one in made.items() if one.body.get("version") and _is_of(one.body, order_id)}
    taken = [quantity for quantity, name in sales if name in ours]
    if not taken:
        return None
    given = select(outbox.c.payload_json).where(
        outbox.c.side == "square", outbox.c.vid == vid, outbox.c.kind == "adjust"
    )
    said = [of_json(payload) for payload in conn.execute(given).scalars()]
    marks = (f"{MARK}order:{order_id}:", f"{MARK}till:{order_id}:")
    own = [Decimal(str(one["quantity"])) for one in said if str(one.get("reference", "")).startswith(marks)]
    back = _back_at_till(
        conn, vid, [one for one in till.refunds_of(conn, order_id) if one.state in ("planned", "done")]
    )
    return sum((*taken, *own), Decimal(0)) + back


def _is_of(body: dict[str, Any], order_id: str) -> bool:
    return str(body.get("reference_id") or "") == f"woo-{order_id}"


def take_off_twice(
    bridge: Bridge, run: Run, conn: Connection, order: WooOrder, refund_id: str, vids: Collection[int]
) -> None:
    """Take off Square what the shop put back before it was known that a till had taken the same goods back.

    ``vids`` are the variations of the till's refund, which is known to be of the order by now. The goods are where the
    till took them; they are taken off the store they were once given from.
    """
    seen = orders.get(conn, [order.order_id]).get(order.order_id)
    for row in stock.by_vid(conn, sorted(vids)).values():
        held = seen.holds(row.woo_id) if seen else Decimal(0)
        returned = returned_at_till(conn, order.order_id, row.vid, held)
        twice = min(returned, _put_back_by_shop(conn, order, row, held))
        net = _net_of_forgotten(conn, order.order_id, row.vid) if twice > 0 else None
        twice = twice if net is None else min(twice, net + held)
        if twice <= 0:
            continue
        cause = f"order:{order.order_id}:back:{refund_id}:{row.vid}"
        moved = movements.Movement(
            "woo", cause, row.vid, "came back twice", Decimal(0), time_text(order.modified),
            detail={"order": order.number or order.order_id, "till": str(twice)},
        )  # fmt: skip
        movement_id = movements.record(conn, moved, seen_at=bridge.now(), run_id=run.id)
        if movement_id is not None:
            store_id = _given_from(conn, order.order_id, row) or _first(bridge, conn)
            adjust_square(
                bridge, run, conn, row, store_id, -twice, cause, kind="sale", movement_id=movement_id
            )  # fmt: skip
            stock.mark(conn, [row.vid], dirty=1)
            run.add("goods that had come back twice")


def _given_from(conn: Connection, order_id: str, row: StockRow) -> str:
    """The store an order's goods went back to, or were given from; "" when nobody knows."""
    mark = f"{MARK}order:{order_id}:"
    found = select(outbox.c.payload_json).where(outbox.c.side == "square", outbox.c.vid == row.vid)
    said = [of_json(payload) for payload in conn.execute(found.order_by(outbox.c.id.desc())).scalars()]
    mine = [one for one in said if str(one.get("reference", "")).startswith(mark)]
    return str(mine[0]["store_id"]) if mine else ""


def _first(bridge: Bridge, conn: Connection) -> str:
    stores = store_settings(bridge, conn)
    return (online_stores(stores) or tuple(one.store_id for one in stores))[0]


def without_returned(shares: Sequence[tuple[str, Decimal]], returned: Decimal) -> list[tuple[str, Decimal]]:
    """The shares of goods going back to stores, less what is back at a till already."""
    left = []
    for store_id, quantity in shares:
        already = min(quantity, returned)
        returned -= already
        if quantity > already:
            left.append((store_id, quantity - already))
    return left
