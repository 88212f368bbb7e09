"""How orders leave: to the trash, or for good. Neither gives stock back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.woo.order_state import Order, meta_value, set_meta
from bridge.sim.woo.order_view import order_json

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo


def trash_order(shop: FakeWoo, order: Order) -> None:
    """Move an order to the trash: ``order.deleted`` is sent, stock stays as it is."""
    number = shop.ids.number
    set_meta(order.meta, "_wp_trash_meta_status", f"wc-{order.status}", number("order_meta"))
    set_meta(order.meta, "_wp_trash_meta_time", str(shop.now()), number("order_meta"))
    order.status, order.modified = "trash", shop.now()
    shop.emit("order.deleted", order.id)


def forget_order(shop: FakeWoo, order: Order, base: str) -> dict[str, Any]:
    """Delete for good: no webhook. The answer shows a trashed order with its former status."""
    if order.status == "trash":
        order.status = str(meta_value(order.meta, "_wp_trash_meta_status") or "").removeprefix("wc-")
    shown = order_json(shop, order, base)
    del shop.state.orders[order.id]
    for refund in order.refunds:
        shop.state.refunds.pop(refund.id, None)
    return shown
