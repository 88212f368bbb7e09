"""An exchange at a till, as the shop should hear of it: each of its returns is a refund, whatever money changed hands.

Square's own refund of an exchange is the difference in money, or nothing at all; the goods that came back are worth
what ``return_amounts`` says. So the returns are kept as refunds named after the order, and Square's is left aside.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from bridge.domain.order_parts import decimal_of
from bridge.domain.refund import is_exchange, return_name
from bridge.domain.times import normal_time, parse_time
from bridge.engine.context import Bridge, Run
from bridge.ledger import links, till
from bridge.ledger.schema import movement
from bridge.ledger.text import of_json
from bridge.ledger.till import RefundAtTill
from bridge.remotes.orders_port import TillOrder

JSON = dict[str, Any]


def keep_returns(bridge: Bridge, run: Run, conn: Connection, order: TillOrder, began: str) -> None:
    """Store each return of an exchange as a refund; one that stood at Square before ``began`` is left alone."""
    if not is_exchange(order.raw):
        return
    # not its date: an exchange of a till that was offline is told of days later
    before = bool(began) and parse_time(normal_time(order.updated_at)) < parse_time(began) - timedelta(seconds=1)
    status = {"COMPLETED": "COMPLETED", "CANCELED": "FAILED"}.get(order.state, "PENDING")
    for at, returned in enumerate(order.raw["returns"]):
        worth = (returned.get("return_amounts") or {}).get("total_money") or {}
        name = return_name(order.order_id, at)
        body = {"id": name, "amount_money": worth, "status": status}
        seen = RefundAtTill(
            name, "", order.order_id, int(worth.get("amount") or 0), status, "none" if before else "new", "", body
        )
        till.put_refund(conn, seen, updated_at=order.updated_at, now=bridge.now())
        run.add("returns of exchanges")


def returned_with(conn: Connection, row: RefundAtTill) -> JSON | None:
    """The return order of a refund, of an exchange with nothing but the return itself; ``None`` when unknown."""
    order = till.orders(conn, [row.order_id]).get(row.order_id)
    if order is None or not row.exchanged:
        return order.body if order else None
    return {**order.body, "returns": order.body["returns"][row.place : row.place + 1]}


def exchanged_of(conn: Connection, woo_id: str, square_order_id: str) -> list[RefundAtTill]:
    """The returns of exchanges that took back goods of an order: those known to be of it, and those not decided yet."""
    rows = {row.refund_id: row for row in (*till.new_refunds(conn), *till.refunds_of(conn, woo_id)) if row.exchanged}
    returned = {name: returned_with(conn, row) or {} for name, row in rows.items()}
    return [row for name, row in rows.items() if row.woo_id == woo_id or square_order_id in sources_in(returned[name])]


def sources_in(returned: JSON) -> list[str]:
    """The sales that what came back is of."""
    return [str(one.get("source_order_id") or "") for one in returned.get("returns") or ()]


def stands_for_difference(conn: Connection, row: RefundAtTill) -> bool:
    """True for Square's own refund of an exchange: the exchange's returns are carried, not the money."""
    order = till.orders(conn, [row.order_id]).get(row.order_id)
    return order is not None and not row.exchanged and is_exchange(order.body)


def came_back_in(conn: Connection, run: Run) -> tuple[bool, set[str]]:
    """Whether this run saw goods come back at a till, and the exchanges (orders) they came back in."""
    if not run.counts["square movements"]:
        return False, set()
    found = select(movement.c.detail_json).where(
        movement.c.run_id == run.id, movement.c.side == "square", movement.c.kind == "return"
    )
    told = [of_json(detail) for (detail,) in conn.execute(found)]
    return bool(told), {str(said["transaction"]) for said in told if said.get("transaction")}


def units_back(conn: Connection, row: RefundAtTill, vid: int) -> Decimal:
    """How many units of a variation a return order (or the one return of an exchange) names."""
    lines = [line for one in (returned_with(conn, row) or {}).get("returns") or () for line in goods_of(one)]
    linked = links.variations_by(conn, "square", [str(line["catalog_object_id"]) for line in lines])
    ours = {square_id for square_id, link in linked.items() if link.vid == vid}
    named = (decimal_of(line.get("quantity")) for line in lines if line["catalog_object_id"] in ours)
    return sum(named, Decimal(0))


def goods_of(returned: JSON) -> list[JSON]:
    """The lines of a return that name catalog items."""
    return [line for line in returned.get("return_line_items") or () if line.get("catalog_object_id")]
