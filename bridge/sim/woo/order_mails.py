"""The mails a shop sends when an order's status changes, as WooCommerce's own source has them (none were recorded).

The shopkeeper hears of a new order once: the order keeps a flag, ``_new_order_email_sent``, which a program may set
before its first status so that nobody is written to. Customers are written to where the order has their address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.sim.woo.order_state import Order

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

FLAG = "_new_order_email_sent"
_FRESH = frozenset({"pending", "failed", "cancelled", "checkout-draft"})
_PLACED = frozenset({"processing", "completed", "on-hold"})
_TRUE = frozenset({"1", "true", "yes"})


def mail_of_status(shop: FakeWoo, order: Order, before: str) -> None:
    """Write down the mails that follow an order's new status: ``(which, order id)``."""
    sent = shop.state.mails
    if before in _FRESH and order.status in _PLACED and not order.new_order_mailed:
        order.new_order_mailed = True
        sent.append(("new_order", order.id))
    if not order.billing["email"]:
        return
    if order.status == "completed" or (order.status in _PLACED and before in _FRESH | {"on-hold"}):
        sent.append((f"customer_{order.status}", order.id))


def is_true(value: object) -> bool:
    """A flag as ``wc_string_to_bool`` reads it."""
    return value is True or str(value).lower() in _TRUE
