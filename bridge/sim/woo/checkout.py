"""A shopper's order: what the real checkout does, from the stock check to the payment's first status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import md5
from typing import TYPE_CHECKING, Any

import orjson

from bridge.sim.woo.order_lines import new_line, title_of
from bridge.sim.woo.order_state import (
    BILLING_FIELDS,
    SHIPPING_FIELDS,
    ZERO,
    ExtraLine,
    Order,
    line_meta,
    set_meta,
)
from bridge.sim.woo.order_status import change_status, payment_complete
from bridge.sim.woo.order_writes import blank_order, coupon_line, keep_order, recalculate
from bridge.sim.woo.payment_gateways import title_of_gateway
from bridge.sim.woo.state import Item
from bridge.sim.woo.stock import stock_holder
from bridge.sim.woo.wp_settings import pickup_locations, pickup_settings

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

SHOPPER = "shopper"
#: What each offline gateway makes of a fresh order; any other gateway takes the money at once.
OFFLINE = {"cod": "processing", "bacs": "on-hold", "cheque": "on-hold"}


class SoldOutError(ValueError):
    """The shop refuses: there is not enough of a product. ``item`` is it, ``left`` how many there are."""

    def __init__(self, item: Item, left: int) -> None:
        super().__init__(f"{item.sku or item.id} is sold out: {left} left")
        self.item, self.left = item, left


@dataclass(slots=True)
class Basket:
    """What a shopper is about to order. ``lines``: (product or variation id, quantity)."""

    lines: list[tuple[int, int]]
    billing: dict[str, str] = field(default_factory=dict)
    shipping: dict[str, str] = field(default_factory=dict)
    rate: ExtraLine | None = None
    coupons: list[str] = field(default_factory=list)
    payment: str = "cod"
    note: str = ""
    customer_id: int = 0
    address: str = "203.0.113.10"
    browser: str = "python-requests/2.34.2"


def check_stock(shop: FakeWoo, lines: Iterable[tuple[int, int]]) -> None:
    """Raise ``SoldOutError`` when the basket asks for more than there is (backorders are allowed to).

    Lines that share one number (variations of a parent that manages stock) are added up.
    """
    wanted: dict[int, int] = {}
    for item_id, quantity in lines:
        item = shop.state.items[item_id]
        holder = stock_holder(shop, item)
        if holder is None:
            if item.stock_status == "outofstock":
                raise SoldOutError(item, 0)
            continue
        wanted[holder.id] = wanted.get(holder.id, 0) + quantity
        if holder.backorders == "no" and wanted[holder.id] > (holder.stock or 0):
            raise SoldOutError(item, max(0, holder.stock or 0))


def pickup_rate(shop: FakeWoo, location: dict[str, Any], items: str) -> ExtraLine:
    """The shipping line of a pickup location: its name is all the order will know of it."""
    settings, number = pickup_settings(shop), shop.ids.number
    name = str(location["name"])
    line = ExtraLine(0, f"{settings.get('title') or 'Pickup'} ({name})", "pickup_location", "0")
    line.total = Decimal(str(settings.get("cost") or "0"))
    texts = {
        "pickup_location": name,
        "pickup_address": formatted_address(location.get("address") or {}),
        "pickup_details": str(location.get("details") or ""),
        "Items": items,
    }
    line.meta = [line_meta(number("item_meta"), key, text) for key, text in texts.items()]
    return line


def formatted_address(address: dict[str, Any]) -> str:
    """``10 Main St, New York, NY 10001``."""
    last = " ".join(str(address[name]) for name in ("state", "postcode") if address.get(name))
    parts = (address.get("address_1"), address.get("city"), last)
    return ", ".join(str(part) for part in parts if part)


def items_text(shop: FakeWoo, lines: Iterable[tuple[int, int]]) -> str:
    """``Sticker Pack &times; 2, T-Shirt - Blue, S &times; 1``."""
    items = shop.state.items
    return ", ".join(f"{title_of(shop, items[item_id])} &times; {quantity}" for item_id, quantity in lines)


def open_draft(shop: FakeWoo, basket: Basket) -> Order:
    """The order a shopper's mere look at the checkout makes: ``checkout-draft``, nothing reduced.

    The shop's hooks hear ``order.updated`` of it, before there ever is an ``order.created``.
    """
    order = keep_order(shop, blank_order(shop))
    order.status, order.created_via = "checkout-draft", "store-api"
    fill_draft(shop, order, basket)
    return order


def fill_draft(shop: FakeWoo, order: Order, basket: Basket) -> None:
    """Bring a draft up to date with the basket."""
    order.lines = [new_line(shop, shop.state.items[i], quantity) for i, quantity in basket.lines]
    order.billing.update({name: basket.billing[name] for name in BILLING_FIELDS if name in basket.billing})
    order.shipping.update({name: basket.shipping[name] for name in SHIPPING_FIELDS if name in basket.shipping})
    order.payment_method, order.customer_note = basket.payment, basket.note
    order.customer_id = basket.customer_id
    order.customer_ip_address, order.customer_user_agent = basket.address, basket.browser
    order.shipping_lines = []
    if basket.rate is not None:
        basket.rate.id = shop.ids.number("order_item")
        order.shipping_lines = [basket.rate]
    order.coupon_lines = [coupon_line(shop, code) for code in basket.coupons]
    recalculate(shop, order)
    for line in order.coupon_lines:
        # recorded: an order from the block checkout names its coupons in lower case, with a discount of 0
        line.code, line.discount, line.discount_tax = line.code.lower(), ZERO, ZERO
    order.cart_hash = _digest(basket.lines)
    _write_hashes(shop, order, basket)
    order.modified = shop.now()
    shop.emit("order.updated", order.id)


def _digest(value: Any) -> str:
    return md5(orjson.dumps(value), usedforsecurity=False).hexdigest()


def _write_hashes(shop: FakeWoo, order: Order, basket: Basket) -> None:
    """The meta a block checkout leaves on its orders, so that it notices a changed cart."""
    rate = [] if basket.rate is None else [basket.rate.method_id, basket.rate.name]
    for key, value in (
        ("_coupons_hash", _digest(basket.coupons)),
        ("_fees_hash", _digest([])),
        ("_shipping_hash", _digest(rate)),
        ("_taxes_hash", _digest([])),
        ("is_vat_exempt", "no"),
    ):
        set_meta(order.meta, key, value, shop.ids.number("order_meta"))


def place(shop: FakeWoo, order: Order, *, paid: bool | None = None) -> Order:
    """Turn a draft into an order: check stock, take it, set the gateway's first status.

    ``paid`` ``None`` is the gateway's own way: nothing paid for cash, transfer and check, paid for the rest.
    The check and the taking happen in one step here: the shop's own reservation of stock is not played out.
    """
    check_stock(shop, [(line.variation_id or line.product_id, line.quantity) for line in order.lines])
    order.payment_method_title = title_of_gateway(shop, order.payment_method)
    offline = OFFLINE.get(order.payment_method)
    order.status = "pending"
    if order.total <= ZERO:
        payment_complete(shop, order, actor=SHOPPER)
    elif offline is not None:
        change_status(shop, order, offline, actor=SHOPPER)
        if paid:
            _pay_offline(shop, order)
    elif paid is None or paid:
        payment_complete(shop, order, actor=SHOPPER, transaction_id=f"tx_{order.id}")
    order.modified = shop.now()
    shop.emit("order.updated", order.id)
    shop.emit("order.created", order.id)
    return order


def _pay_offline(shop: FakeWoo, order: Order) -> None:
    if order.payment_method == "cod":
        order.paid = shop.now()
    else:
        payment_complete(shop, order, actor=SHOPPER)


def find_location(shop: FakeWoo, name: str) -> dict[str, Any]:
    """The pickup location of that name that is switched on; ``LookupError`` when there is none."""
    for location in pickup_locations(shop):
        if location.get("name") == name and location.get("enabled", True):
            return location
    raise LookupError(f"no pickup location called {name!r}")
