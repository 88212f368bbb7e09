"""Orders whose goods come from several stores: no Square order is made of them, and a person is told.

An order at Square belongs to one store, and an order of the shop is at most one order there (I3). So the goods leave
each store's stock by adjustments, as in the mode ``stock``; the stores' staff, who look for orders at their tills, have
to hear of it from a person until the order is done.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from bridge.domain.order import CLOSED
from bridge.engine.context import Bridge, Run
from bridge.ledger import decisions, orders
from bridge.ledger.order_links import OrderLink
from bridge.ledger.stores import all_stores

QUESTION = "mirror"
SEVERAL = "its goods come from several stores, and an order at Square belongs to one"
_DONE = CLOSED | {"completed"}


def ask_split(bridge: Bridge, run: Run, conn: Connection, link: OrderLink, stores: Sequence[str]) -> None:
    """Open the question; ``stores`` are the ids of those that give something, the one that gives most first."""
    names = {row.store_id: str(row.name) for row in all_stores(conn)}
    told = [names.get(one, one) for one in stores]
    number = link.number or link.order_id
    decisions.ask(
        conn, QUESTION, link.order_id,
        f"Order {number} was not made at a till: {SEVERAL}. They were taken from the stock of "
        f"{', '.join(told[:-1])} and {told[-1]}: tell these stores (`bridge picklist`, `bridge orders show {number}`).",
        choices=("noted",), now=bridge.now(), run_id=run.id, detail={"stores": list(stores), "why": SEVERAL},
    )  # fmt: skip
    run.skip("order of several stores: not made at a till, carried by adjustments")


def told_long_enough(bridge: Bridge, conn: Connection, order_id: str) -> None:
    """An order that is done or cancelled needs nobody to hear any more that it is at no till."""
    seen = orders.get(conn, [order_id]).get(order_id)
    if seen is not None and seen.status in _DONE:
        decisions.withdraw(conn, QUESTION, order_id, now=bridge.now())
