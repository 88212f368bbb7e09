"""What the selling side of a seller must remember besides its orders, payments and refunds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Trade:
    """Marks and switches of orders and payments.

    ``stock_given``: orders whose lines have left the stock (each at most once). ``zero_paid``: orders of
    nothing that were paid. ``payment_of_key``: payment by the idempotency key that made it (for cancelling by
    key); ``customer_of_key`` the same for bulk creation. ``updates_seen``: (order, key) of updates already
    made. ``unlinked_refunds``: the seller may refund without a payment. ``refund_outcome``: the state a refund
    of a card payment comes to. ``list_lag``: seconds until a change shows in lists of payments and refunds.
    ``till_order_events``: send order events for a till's orders too (Square's own pages disagree).
    ``exchange_refund``: what an exchange refunds, the ``net`` money given back or the ``whole`` value of the goods.
    """

    stock_given: set[str] = field(default_factory=set)
    zero_paid: set[str] = field(default_factory=set)
    payment_of_key: dict[str, str] = field(default_factory=dict)
    customer_of_key: dict[str, str] = field(default_factory=dict)
    updates_seen: set[tuple[str, str]] = field(default_factory=set)
    unlinked_refunds: bool = False
    refund_outcome: str = "COMPLETED"
    list_lag: float = 0.0
    till_order_events: bool = False
    exchange_refund: str = "net"
