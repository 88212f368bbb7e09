"""Making and changing orders: what a request may say, how it is checked, and in which order it takes effect."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from bridge.sim.woo.coupons import find_coupon
from bridge.sim.woo.order_lines import whole, write_lines
from bridge.sim.woo.order_mails import FLAG, is_true
from bridge.sim.woo.order_state import (
    STATUS_NAMES,
    WRITABLE_STATUSES,
    CouponLine,
    Order,
    drop_meta,
    line_meta,
    set_meta,
)
from bridge.sim.woo.order_status import change_status, payment_complete
from bridge.sim.woo.order_stock import follow_edits
from bridge.sim.woo.order_totals import apply_coupons, calculate, plain
from bridge.sim.woo.params import Param, checked, invalid
from bridge.sim.woo.routes import WooError
from bridge.sim.woo.taxes import rates_for, tax_rules

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_KEY_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_LISTS = ("line_items", "shipping_lines", "fee_lines")
_RECALCULATE = ("billing", "shipping", "coupon_lines", *_LISTS)
_TEXTS = (
    "currency",
    "customer_note",
    "payment_method",
    "payment_method_title",
    "transaction_id",
    "created_via",
)
RULES = {
    "status": Param(enum=WRITABLE_STATUSES),
    "currency": Param(),
    "customer_id": Param("integer"),
    "customer_note": Param(),
    "billing": Param("object"),
    "shipping": Param("object"),
    "payment_method": Param(),
    "payment_method_title": Param(),
    "transaction_id": Param(),
    "created_via": Param(),
    "set_paid": Param("boolean"),
    "meta_data": Param("array", items="object"),
    "line_items": Param("array", items="object"),
    "shipping_lines": Param("array", items="object"),
    "fee_lines": Param("array", items="object"),
    "coupon_lines": Param("array", items="object"),
}
_LINE_TYPES = {
    "line_items": {
        "id": "integer",
        "variation_id": "integer",
        "quantity": "integer",
        "tax_class": "string",
        "subtotal": "string",
        "total": "string",
    },
    "shipping_lines": {"id": "integer", "total": "string", "instance_id": "string"},
    "fee_lines": {"id": "integer", "total": "string", "tax_class": "string"},
}


def check_order(shop: FakeWoo, body: dict[str, Any]) -> dict[str, Any]:
    """A single call's body, checked by the schema (a batch never is); statuses a plugin added are known to it."""
    statuses = Param(enum=(*WRITABLE_STATUSES, *shop.state.own_statuses))
    made = checked({**RULES, "status": statuses}, body, defaults=False)
    billing = made.get("billing")
    email = billing.get("email") if isinstance(billing, dict) else None
    if email and not _EMAIL.match(str(email)):
        raise invalid({"billing": ("rest_invalid_email", "Invalid email address.", None)})
    for name, types in _LINE_TYPES.items():
        for at, line in enumerate(made.get(name) or ()):
            _check_line(name, at, line, types)
    return made


def _check_line(name: str, at: int, line: dict[str, Any], types: dict[str, str]) -> None:
    for field, kind in types.items():
        value = line.get(field)
        if value is None:
            continue
        label = f"{name}[{at}][{field}]"
        try:
            checked({label: Param(kind)}, {label: value}, defaults=False)
        except WooError:
            text = f"{label} is not of type {kind}."
            raise invalid({name: ("rest_invalid_type", text, {"param": label})}) from None


def blank_order(shop: FakeWoo) -> Order:
    """An order of today in the shop's currency, not yet among the shop's orders."""
    now = shop.now()
    order = Order(0, now, now, currency=shop.state.currency)
    order.prices_include_tax = shop.state.flag("woocommerce_prices_include_tax")
    order.order_key = "wc_order_" + "".join(shop.ids.dice.choices(_KEY_LETTERS, k=13))
    return order


def keep_order(shop: FakeWoo, order: Order) -> Order:
    """Give a blank order its id and its place in the shop."""
    order.id = shop.next_id()
    shop.state.orders[order.id] = order
    return order


def create_order(shop: FakeWoo, body: dict[str, Any], *, actor: str) -> Order:
    """Make an order as ``POST orders`` does: lines, totals, coupons, then status, then payment."""
    order = blank_order(shop)
    _write_fields(shop, order, body)
    for name in _LISTS:
        write_lines(shop, order, name, body.get(name))
    rates, rules = rates_for(shop, order), tax_rules(shop)
    if rules.enabled:
        # tax lines are numbered before coupon lines
        calculate(order, rates, rules, lambda: shop.ids.number("order_item"))
    _write_coupons(shop, order, body)
    keep_order(shop, order)
    recalculate(shop, order)
    _settle(shop, order, body, creating=True, actor=actor)
    shop.emit("order.updated", order.id)
    shop.emit("order.created", order.id)
    return order


def update_order(shop: FakeWoo, order: Order, body: dict[str, Any], *, actor: str) -> Order:
    """Change an order as ``PUT orders/<id>`` does; stock follows its lines and its status."""
    trashed = order.status == "trash"
    # a refused request must leave no trace
    before = deepcopy(order) if any(name in body for name in ("coupon_lines", *_LISTS)) else None
    try:
        _write_fields(shop, order, body)
        changed = []
        for name in _LISTS:
            changed += write_lines(shop, order, name, body.get(name))
        _write_coupons(shop, order, body)
    except WooError:
        if before is not None:
            shop.state.orders[order.id] = before
        raise
    follow_edits(shop, order, changed, actor=actor)
    if any(body.get(name) is not None for name in _RECALCULATE):
        recalculate(shop, order)
    _settle(shop, order, body, creating=False, actor=actor)
    order.modified = shop.now()
    if not trashed:
        shop.emit("order.updated", order.id)
    return order


def recalculate(shop: FakeWoo, order: Order) -> None:
    """Compute coupons, taxes and sums of an order afresh."""
    rates, rules = rates_for(shop, order), tax_rules(shop)
    if order.coupon_lines:
        apply_coupons(order, rates, rules)
    calculate(order, rates, rules, lambda: shop.ids.number("order_item"))


def _write_fields(shop: FakeWoo, order: Order, body: dict[str, Any]) -> None:
    for name in _TEXTS:
        if body.get(name) is not None:
            setattr(order, name, str(body[name]))
    if body.get("customer_id") is not None:
        customer_id = whole(body["customer_id"])
        if customer_id and customer_id not in shop.state.customers:
            raise WooError(400, "woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
        order.customer_id = customer_id
    for name in ("billing", "shipping"):
        given, held = body.get(name), getattr(order, name)
        if isinstance(given, dict):
            held.update({field: str(value or "") for field, value in given.items() if field in held})
    write_order_meta(shop, order, body.get("meta_data"))


def write_order_meta(shop: FakeWoo, order: Order, given: Any) -> None:
    """Upsert ``meta_data`` by key; a ``null`` value removes. A key of WooCommerce's own sets what it stands for."""
    for entry in given or ():
        key, value = str(entry.get("key", "")), entry.get("value")
        if key == FLAG:
            order.new_order_mailed = is_true(value)
        elif value is None:
            drop_meta(order.meta, key)
        else:
            set_meta(order.meta, key, value, shop.ids.number("order_meta"))


def _write_coupons(shop: FakeWoo, order: Order, body: dict[str, Any]) -> None:
    """Make the order's coupons those of ``coupon_lines``; an unknown code is refused."""
    given = body.get("coupon_lines")
    if given is None:
        return
    kept = {line.code.lower(): line for line in order.coupon_lines}
    lines = []
    for entry in given:
        code = str(entry.get("code") or "")
        if not code:
            raise WooError(400, "woocommerce_rest_invalid_coupon", "Coupon code is required.")
        lines.append(kept.get(code.lower()) or coupon_line(shop, code))
    order.coupon_lines = lines
    if not lines and kept:
        for line in order.lines:
            line.total = line.subtotal


def coupon_line(shop: FakeWoo, code: str) -> CouponLine:
    """A line for the coupon of that code; raises the recorded 400 when there is none."""
    coupon = find_coupon(shop, code)
    if coupon is None:
        text = f"Coupon &quot;{code}&quot; does not exist!"
        raise WooError(400, "woocommerce_rest_invalid_coupon", text)
    info = f'[{coupon.id},"{coupon.code}","{coupon.discount_type}",{plain(coupon.amount)}]'
    line_id = shop.ids.number("order_item")
    line = CouponLine(line_id, coupon.id, coupon.code, coupon.discount_type, coupon.amount)
    line.free_shipping = coupon.free_shipping
    line.meta = [line_meta(shop.ids.number("item_meta"), "coupon_info", info)]
    return line


def _settle(shop: FakeWoo, order: Order, body: dict[str, Any], *, creating: bool, actor: str) -> None:
    status = body.get("status")
    if status:
        # a batch is not validated: an unknown status silently becomes pending
        known = status in STATUS_NAMES or status == "auto-draft" or status in shop.state.own_statuses
        change_status(shop, order, str(status) if known else "pending", actor=actor)
    # a batch is not validated: only a real true pays
    if body.get("set_paid") is True and (creating or order.status in ("pending", "failed")):
        payment_complete(shop, order, actor=actor, transaction_id=order.transaction_id)
