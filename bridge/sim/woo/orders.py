"""Orders over REST: list, read, create, change, trash, delete, batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo import order_notes, shopper
from bridge.sim.woo.batches import run_batch
from bridge.sim.woo.order_lines import PhpFatalError, whole
from bridge.sim.woo.order_list import find_orders, link_query
from bridge.sim.woo.order_removal import forget_order, trash_order
from bridge.sim.woo.order_state import Order
from bridge.sim.woo.order_view import order_json
from bridge.sim.woo.order_writes import check_order, create_order, update_order
from bridge.sim.woo.params import Param, as_flag, checked
from bridge.sim.woo.rest_lists import cut_page
from bridge.sim.woo.routes import Call, Router, WooError

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_ONE = {"dp": Param("integer", default=2)}


def register(router: Router) -> None:
    """Add the routes of orders and their notes."""
    router.add("GET", "/wc/v3/orders", list_orders, needs="list")
    router.add("POST", "/wc/v3/orders", post_order, needs="create")
    router.add("GET", "/wc/v3/orders/<id>", get_order, needs="view")
    router.add("EDIT", "/wc/v3/orders/<id>", put_order, needs="edit")
    router.add("DELETE", "/wc/v3/orders/<id>", delete_order, needs="delete")
    router.add("EDIT", "/wc/v3/orders/batch", batch_orders, needs="batch")
    order_notes.register(router)


def register_acts(shop: FakeWoo) -> None:
    """Add what shoppers and staff do with orders."""
    shopper.register_acts(shop)


def order_of(shop: FakeWoo, order_id: Any, *, status: int = 404) -> Order:
    """The order of that id; ``status`` is what the refusal says (400 inside a batch update)."""
    order = shop.state.orders.get(whole(order_id))
    if not isinstance(order, Order):
        raise WooError(status, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
    return order


def list_orders(shop: FakeWoo, call: Call) -> SimResponse:
    """A page of orders; unknown filters are ignored, so a typo lists the whole shop."""
    rows, params = find_orders(shop, call)
    page, number, size = cut_page(rows, params)
    call.request.query = link_query(call.request.query, params)
    shown = [order_json(shop, order, call.base, dp=params["dp"]) for order in page]
    return call.page(shown, len(rows), number, size)


def get_order(shop: FakeWoo, call: Call) -> SimResponse:
    """One order, trashed ones included."""
    dp = checked(_ONE, call.query)["dp"]
    return call.reply(order_json(shop, order_of(shop, call.args["id"]), call.base, dp=dp))


def post_order(shop: FakeWoo, call: Call) -> SimResponse:
    """A new order."""
    body = check_order(shop, call.params)
    try:
        order = create_order(shop, body, actor=call.caller.actor)
    except PhpFatalError:
        call.allow = ""  # PHP died before WordPress wrote that header
        raise
    return call.created(order_json(shop, order, call.base, just_made=True))


def put_order(shop: FakeWoo, call: Call) -> SimResponse:
    """Change an order."""
    order = order_of(shop, call.args["id"])
    update_order(shop, order, check_order(shop, call.params), actor=call.caller.actor)
    return call.reply(order_json(shop, order, call.base))


def delete_order(shop: FakeWoo, call: Call) -> SimResponse:
    """Trash an order, or with ``force`` forget it. Neither gives stock back."""
    order = order_of(shop, call.args["id"])
    if as_flag(call.params.get("force")):
        return call.reply(forget_order(shop, order, call.base))
    if order.status == "trash":
        text = "The order has already been deleted."
        raise WooError(410, "woocommerce_rest_already_trashed", text)
    shown = order_json(shop, order, call.base)
    trash_order(shop, order)
    return call.reply(shown)


class _DiedError(Exception):
    """PHP died in the middle of a batch: nothing of its answer survives, what was done stays done."""


def batch_orders(shop: FakeWoo, call: Call) -> SimResponse:
    """Create, change and delete orders, unvalidated and one by one; deletion is always final."""
    actor = call.caller.actor

    def create(row: dict[str, Any]) -> dict[str, Any]:
        try:
            return order_json(shop, create_order(shop, row, actor=actor), call.base, just_made=True)
        except PhpFatalError as fatal:
            raise _DiedError from fatal

    def update(order_id: Any, row: dict[str, Any]) -> dict[str, Any]:
        order = order_of(shop, order_id, status=400)
        return order_json(shop, update_order(shop, order, row, actor=actor), call.base)

    try:
        return run_batch(
            call,
            create=create,
            update=update,
            delete=lambda order_id: forget_order(shop, order_of(shop, order_id), call.base),
        )
    except _DiedError:
        call.allow = ""
        raise PhpFatalError from None
