"""Refunds of orders over REST: what is given back, what is put back on the shelf, when an order is fully refunded."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.order_lines import amount_of, whole
from bridge.sim.woo.order_state import ZERO, ExtraLine, Order, OrderLine, Refund, Taxes, TaxLine, line_meta, set_meta
from bridge.sim.woo.order_status import change_status
from bridge.sim.woo.order_stock import restock_refund
from bridge.sim.woo.order_totals import CENT, TaxRules, round_tax, tax_by_rate
from bridge.sim.woo.order_view import refund_json
from bridge.sim.woo.params import PAGING, Param, as_flag, checked, invalid
from bridge.sim.woo.rest_lists import cut_page, must_force
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.taxes import tax_rules

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

#: The address WordPress puts into ``Location`` after a refund: the pattern, unfilled (as recorded).
_LOCATION = "/wc/v3/orders/(?P<order_id>[\\d]+)/refunds"
_LIST = {
    **PAGING,
    "dp": Param("integer", default=2),
    "orderby": Param(enum=("date", "id", "include", "title", "slug", "modified"), default="date"),
}
_NEW = {
    "amount": Param(),
    "reason": Param(),
    "api_refund": Param("boolean", default=True),
    "api_restock": Param("boolean", default=True),
    "line_items": Param("array", items="object", default=()),
    "meta_data": Param("array", items="object", default=()),
}
_LINE_TYPES = {"id": "integer", "quantity": "integer", "refund_total": "number"}


def register(router: Router) -> None:
    """Add the routes of refunds."""
    router.add("GET", "/wc/v3/orders/<order_id>/refunds", list_refunds, needs="list")
    router.add("POST", "/wc/v3/orders/<order_id>/refunds", post_refund, needs="create")
    router.add("GET", "/wc/v3/orders/<order_id>/refunds/<id>", get_refund, needs="view")
    router.add("DELETE", "/wc/v3/orders/<order_id>/refunds/<id>", delete_refund, needs="delete")
    router.add("GET", "/wc/v3/refunds", list_all_refunds, needs="list")


# -- what a refund does --------------------------------------------------------------
def make_refund(
    shop: FakeWoo,
    order: Order,
    *,
    actor: str,
    amount: Decimal | None = None,
    reason: str = "",
    lines: list[dict[str, Any]] | None = None,
    restock: bool = True,
    through_gateway: bool = False,
) -> Refund:
    """Give money back on an order. ``lines``: ``[{"id", "quantity", "refund_total", "refund_tax"}]``.

    Without ``amount`` the lines are summed. More than what is left, or a gateway that cannot refund, is the
    recorded 500 whose ``data`` is a number. Refunding more units than were ordered is accepted.
    """
    lines = lines or []
    if amount is None:
        amount = sum((_line_amount(line) for line in lines), ZERO)
    left = order.total - order.refunded
    if amount < 0 or amount > left or left <= 0:
        raise _refused("Invalid refund amount.")
    if through_gateway:
        exists = order.payment_method in ("bacs", "cheque", "cod")
        verb = "does not support automatic refunds" if exists else "does not exist"
        raise _refused(f"The payment gateway for this order {verb}.")
    refund = Refund(shop.next_id(), order.id, shop.now(), amount.quantize(CENT), reason)
    _copy_lines(shop, order, refund, lines)
    order.refunds.append(refund)
    shop.state.refunds[refund.id] = refund
    if restock:
        quantities = {whole(line.get("id")): whole(line.get("quantity")) for line in lines}
        restock_refund(shop, order, quantities, actor=actor)
    if order.refunded >= order.total and order.status != "refunded":
        change_status(shop, order, "refunded", actor=actor)
    order.modified = shop.now()
    shop.emit("order.updated", order.id)
    return refund


def _refused(message: str) -> WooError:
    return WooError(500, "woocommerce_rest_cannot_create_order_refund", message, raw_data=500)


def _line_amount(line: dict[str, Any]) -> Decimal:
    taxes = line.get("refund_tax") or ()
    return amount_of(line.get("refund_total") or 0) + sum(
        (amount_of(tax.get("refund_total") or 0) for tax in taxes), ZERO
    )


def _copy_lines(shop: FakeWoo, order: Order, refund: Refund, given: list[dict[str, Any]]) -> None:
    """Negative copies of the refunded lines, each naming its original in ``_refunded_item_id``."""
    rules = tax_rules(shop)
    for entry in given:
        line_id = whole(entry.get("id"))
        total = -amount_of(entry.get("refund_total") or 0)
        taxes: Taxes = {
            whole(tax.get("id")): (-amount_of(tax.get("refund_total") or 0),) * 2
            for tax in entry.get("refund_tax") or ()
        }
        if not (entry.get("quantity") or total or taxes):
            continue
        meta = [line_meta(shop.ids.number("item_meta"), "_refunded_item_id", str(line_id))]
        tax_total = sum((round_tax(pair[0], rules) for pair in taxes.values()), ZERO)
        line = order.line(line_id)
        if line is not None:
            made = OrderLine(shop.ids.number("order_item"), line.product_id, line.variation_id, line.name)
            made.quantity, made.tax_class, made.meta = -whole(entry.get("quantity")), line.tax_class, meta
            made.total = made.subtotal = total
            made.taxes, made.total_tax, made.subtotal_tax = taxes, tax_total, tax_total
            refund.lines.append(made)
        else:
            _copy_extra(shop, order, refund, line_id, ExtraLine(0, total=total, taxes=taxes, meta=meta), tax_total)
    _tax_lines(shop, order, refund, rules)


def _copy_extra(shop: FakeWoo, order: Order, refund: Refund, line_id: int, made: ExtraLine, tax_total: Decimal) -> None:
    for held, into in (
        (order.shipping_lines, refund.shipping_lines),
        (order.fee_lines, refund.fee_lines),
    ):
        for line in held:
            if line.id == line_id:
                made.id, made.name, made.total_tax = shop.ids.number("order_item"), line.name, tax_total
                made.method_id, made.instance_id = line.method_id, line.instance_id
                into.append(made)


def _tax_lines(shop: FakeWoo, order: Order, refund: Refund, rules: TaxRules) -> None:
    cart = tax_by_rate([*refund.lines, *refund.fee_lines], rules)
    shipping = tax_by_rate(refund.shipping_lines, rules)
    rates = {line.rate.id: line.rate for line in order.tax_lines}
    for rate_id in dict.fromkeys([*cart, *shipping]):
        if rate_id in rates:
            line = TaxLine(shop.ids.number("order_item"), rates[rate_id])
            line.tax_total, line.shipping_tax_total = cart.get(rate_id, ZERO), shipping.get(rate_id, ZERO)
            refund.tax_lines.append(line)


# -- REST ----------------------------------------------------------------------------
def _order(shop: FakeWoo, call: Call) -> Order:
    order = shop.state.orders.get(int(call.args["order_id"]))
    if not isinstance(order, Order):
        raise WooError(404, "woocommerce_rest_invalid_order_id", "Invalid order ID.")
    return order


def _sorted(refunds: list[Refund], params: dict[str, Any]) -> list[Refund]:
    by_id = params["orderby"] == "id"
    refunds = [r for r in refunds if not params["include"] or r.id in params["include"]]
    return sorted(
        refunds,
        key=lambda refund: (0 if by_id else refund.created, refund.id),
        reverse=params["order"] == "desc",
    )


def list_refunds(shop: FakeWoo, call: Call) -> SimResponse:
    """The refunds of one order, newest first."""
    order, params = _order(shop, call), checked(_LIST, call.params)
    refunds = _sorted(order.refunds, params)
    rows, number, size = cut_page(refunds, params)
    shown = [refund_json(shop, refund, call.base, dp=params["dp"]) for refund in rows]
    return call.page(shown, len(refunds), number, size)


def list_all_refunds(shop: FakeWoo, call: Call) -> SimResponse:
    """The refunds of all orders, newest first."""
    params = checked(_LIST, call.params)
    refunds = _sorted(list(shop.state.refunds.values()), params)
    rows, number, size = cut_page(refunds, params)
    shown = [refund_json(shop, refund, call.base, dp=params["dp"], with_parent=True) for refund in rows]
    if all(key != "dp" for key, _ in call.request.query):
        call.request.query = [*call.request.query, ("dp", "2")]
    return call.page(shown, len(refunds), number, size)


def _refund(shop: FakeWoo, call: Call) -> tuple[Order, Refund]:
    order = _order(shop, call)
    refund = next((held for held in order.refunds if held.id == int(call.args["id"])), None)
    if refund is None:
        raise WooError(404, "woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.")
    return order, refund


def get_refund(shop: FakeWoo, call: Call) -> SimResponse:
    """One refund."""
    return call.reply(refund_json(shop, _refund(shop, call)[1], call.base))


def post_refund(shop: FakeWoo, call: Call) -> SimResponse:
    """A new refund. ``restock_items`` is not a parameter here and is ignored."""
    body = checked(_NEW, call.params)
    for at, line in enumerate(body["line_items"]):
        _check_line(at, line)
    order = _order(shop, call)
    amount = amount_of(body["amount"]) if body.get("amount") not in (None, "") else None
    if amount is not None and amount < 0:
        text = "Refund amount must be greater than zero."
        raise WooError(400, "woocommerce_rest_invalid_order_refund", text)
    refund = make_refund(
        shop,
        order,
        actor=call.caller.actor,
        amount=amount,
        reason=str(body.get("reason") or ""),
        lines=list(body["line_items"]),
        restock=as_flag(body["api_restock"]),
        through_gateway=as_flag(body["api_refund"]),
    )
    for entry in body["meta_data"]:
        set_meta(refund.meta, str(entry.get("key")), entry.get("value"), shop.ids.number("order_meta"))
    shown = refund_json(shop, refund, call.base)
    return call.reply(shown, 201, {"Location": f"{call.base}/wp-json{_LOCATION}/{refund.id}"})


def _check_line(at: int, line: dict[str, Any]) -> None:
    for field, kind in _LINE_TYPES.items():
        if line.get(field) is None:
            continue
        label = f"line_items[{at}][{field}]"
        try:
            checked({label: Param(kind)}, {label: line[field]}, defaults=False)
        except WooError:
            text = f"{label} is not of type {kind}."
            raise invalid({"line_items": ("rest_invalid_type", text, {"param": label})}) from None


def delete_refund(shop: FakeWoo, call: Call) -> SimResponse:
    """Delete a refund (only with ``force``): neither stock, nor status, nor the order's time change."""
    order, refund = _refund(shop, call)
    must_force(call, "The shop_order_refund does not support trashing.")
    order.refunds.remove(refund)
    shop.state.refunds.pop(refund.id, None)
    return call.reply(refund_json(shop, refund, call.base))
