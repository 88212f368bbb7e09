"""Shoppers' carts: what they cost, how they can be sent, and how the Store API shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sim.woo.checkout import Basket, items_text, pickup_rate
from bridge.sim.woo.order_lines import new_line, price_of, title_of
from bridge.sim.woo.order_state import ZERO, ExtraLine, Order
from bridge.sim.woo.order_totals import HUNDRED
from bridge.sim.woo.order_writes import blank_order, coupon_line, recalculate
from bridge.sim.woo.payment_gateways import enabled_gateways
from bridge.sim.woo.shipping import zone_for
from bridge.sim.woo.state import Item
from bridge.sim.woo.stock import stock_holder
from bridge.sim.woo.store_sessions import Cart
from bridge.sim.woo.texts import paragraphs
from bridge.sim.woo.view_parts import permalink, variation_attributes
from bridge.sim.woo.wp_settings import pickup_locations, pickup_settings

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

#: Grams in one unit of weight; the Store API speaks in grams.
_GRAMS = {"kg": 1000.0, "g": 1.0, "lbs": 453.592, "oz": 28.3495}


# -- rates ---------------------------------------------------------------------------
def rates_of(shop: FakeWoo, cart: Cart) -> dict[str, ExtraLine]:
    """The ways this cart can reach its shopper: rate id -> shipping line."""
    if not any(not shop.state.items[i].virtual for i, _ in cart.pairs()):
        return {}
    items = items_text(shop, cart.pairs())
    made: dict[str, ExtraLine] = {}
    zone = zone_for(shop, cart.shipping["country"], cart.shipping["state"])
    for method in zone.methods if zone is not None else ():
        if not method.enabled:
            continue
        line = ExtraLine(0, method.title, method.method_id, str(method.instance_id))
        line.total = Decimal(method.settings.get("cost") or "0")
        line.meta = [_meta(shop, "Items", items)]
        made[f"{method.method_id}:{method.instance_id}"] = line
    if pickup_settings(shop).get("enabled") == "yes":
        for at, location in enumerate(pickup_locations(shop)):
            if location.get("enabled", False):
                made[f"pickup_location:{at}"] = pickup_rate(shop, location, items)
    return made


def _meta(shop: FakeWoo, key: str, text: str) -> dict[str, Any]:
    number = shop.ids.number("item_meta")
    return {"id": number, "key": key, "value": text, "display_key": key, "display_value": text}


def chosen(rates: dict[str, ExtraLine], cart: Cart) -> str:
    """The rate in force: the shopper's, else the first."""
    return cart.rate_id if cart.rate_id in rates else next(iter(rates), "")


def basket_of(shop: FakeWoo, cart: Cart, *, payment: str = "", note: str = "") -> Basket:
    """The cart as what the checkout turns into an order."""
    rates = rates_of(shop, cart)
    rate = rates.get(chosen(rates, cart))
    return Basket(cart.pairs(), cart.billing, cart.shipping, rate, list(cart.coupons), payment, note)


def priced(shop: FakeWoo, cart: Cart, rates: dict[str, ExtraLine]) -> Order:
    """The cart as an order that is never kept, for its sums."""
    order = blank_order(shop)
    order.lines = [new_line(shop, shop.state.items[i], quantity) for i, quantity in cart.pairs()]
    order.billing.update({k: v for k, v in cart.billing.items() if k in order.billing})
    order.shipping.update({k: v for k, v in cart.shipping.items() if k in order.shipping})
    rate = rates.get(chosen(rates, cart))
    order.shipping_lines = [rate] if rate is not None else []
    order.coupon_lines = [coupon_line(shop, code) for code in cart.coupons]
    recalculate(shop, order)
    return order


# -- JSON ----------------------------------------------------------------------------
def _currency(shop: FakeWoo) -> dict[str, Any]:
    symbol = {"EUR": "€", "GBP": "£"}.get(shop.state.currency, "$")
    return {
        "currency_code": shop.state.currency,
        "currency_symbol": symbol,
        "currency_minor_unit": shop.state.decimals,
        "currency_decimal_separator": ".",
        "currency_thousand_separator": ",",
        "currency_prefix": symbol,
        "currency_suffix": "",
    }


def _cents(value: Decimal) -> str:
    return str(int((value * HUNDRED).to_integral_value()))


def cart_json(shop: FakeWoo, cart: Cart, base: str) -> dict[str, Any]:
    """The whole cart as the Store API shows it; money in minor units as text."""
    rates = rates_of(shop, cart)
    order = priced(shop, cart, rates)
    pairs = cart.pairs()
    weight = sum(float(shop.state.items[i].weight or 0) * quantity for i, quantity in pairs)
    grams = weight * _GRAMS.get(str(shop.state.options["woocommerce_weight_unit"]), 1.0)
    return {
        "items": [_line_json(shop, key, cart, order, at, base) for at, key in enumerate(cart.lines)],
        "coupons": [
            {"code": line.code, "discount_type": line.discount_type, "totals": _discount(shop, order)}
            for line in order.coupon_lines
        ],
        "fees": [],
        "totals": _totals(shop, order, has_rates=bool(rates)),
        "shipping_address": dict(cart.shipping),
        "billing_address": dict(cart.billing),
        "needs_payment": order.total > 0,
        "needs_shipping": any(not shop.state.items[i].virtual for i, _ in pairs),
        "payment_requirements": ["products"],
        "has_calculated_shipping": bool(pairs),
        "shipping_rates": [_package(shop, cart, rates)] if rates else [],
        "items_count": sum(quantity for _, quantity in pairs),
        "items_weight": int(grams) if grams == int(grams) else round(grams, 6),
        "cross_sells": [],
        "errors": [],
        "payment_methods": [name for name in ("bacs", "cheque", "cod") if name in enabled_gateways(shop)],
        "extensions": {},
    }


def _discount(shop: FakeWoo, order: Order) -> dict[str, Any]:
    return {
        "total_discount": _cents(order.discount_total),
        "total_discount_tax": _cents(order.discount_tax),
        **_currency(shop),
    }


def _totals(shop: FakeWoo, order: Order, *, has_rates: bool) -> dict[str, Any]:
    subtotal = sum((line.subtotal for line in order.lines), ZERO)
    subtotal_tax = sum((line.subtotal_tax for line in order.lines), ZERO)
    return {
        "total_items": _cents(subtotal),
        "total_items_tax": _cents(subtotal_tax),
        "total_fees": "0",
        "total_fees_tax": "0",
        "total_discount": _cents(order.discount_total),
        "total_discount_tax": _cents(order.discount_tax),
        "total_shipping": _cents(order.shipping_total) if has_rates else None,
        "total_shipping_tax": _cents(order.shipping_tax) if has_rates else None,
        "total_price": _cents(order.total),
        "total_tax": _cents(order.cart_tax + order.shipping_tax),
        "tax_lines": [
            {
                "name": line.rate.name,
                "price": _cents(line.tax_total + line.shipping_tax_total),
                "rate": f"{line.rate.rate.normalize():f}%",
            }
            for line in order.tax_lines
        ],
        **_currency(shop),
    }


def _line_json(shop: FakeWoo, key: str, cart: Cart, order: Order, at: int, base: str) -> dict[str, Any]:
    item, quantity = shop.state.items[cart.lines[key][0]], cart.lines[key][1]
    parent = shop.state.items.get(item.parent_id) if item.is_variation else None
    line, holder = order.lines[at], stock_holder(shop, item)
    backorders = holder is not None and holder.backorders != "no"
    most = 9999 if holder is None or backorders else max(0, holder.stock or 0)
    return {
        "key": key,
        "id": item.id,
        "type": item.type,
        "quantity": quantity,
        "quantity_limits": {"minimum": 1, "maximum": most, "multiple_of": 1, "editable": True},
        "name": parent.name if parent is not None else item.name,
        "short_description": paragraphs(item.short_description).rstrip("\n"),
        "description": paragraphs(item.description).rstrip("\n"),
        "sku": item.sku,
        "low_stock_remaining": None,
        "backorders_allowed": backorders,
        "show_backorder_badge": bool(backorders and holder is not None and (holder.stock or 0) < quantity),
        "sold_individually": False,
        "permalink": permalink(shop, item, base),
        "images": [],
        "variation": [
            {"attribute": _label(choice["name"]), "value": choice["option"]}
            for choice in (variation_attributes(shop, item) if item.is_variation else ())
        ],
        "item_data": [],
        "prices": _prices(shop, item),
        "totals": {
            "line_subtotal": _cents(line.subtotal),
            "line_subtotal_tax": _cents(line.subtotal_tax),
            "line_total": _cents(line.total),
            "line_total_tax": _cents(line.total_tax),
            **_currency(shop),
        },
        "catalog_visibility": item.visibility,
        "extensions": {},
    }


def _label(name: str) -> str:
    return name[:1].upper() + name[1:]


def _prices(shop: FakeWoo, item: Item) -> dict[str, Any]:
    price = price_of(shop, item)
    regular = Decimal(item.regular_price or "0")
    sale = price if price != regular else regular
    shown = {"price": price, "regular_price": regular, "sale_price": sale}
    raw = {name: str(int((value * 10**6).to_integral_value())) for name, value in shown.items()}
    return {
        **{name: _cents(value) for name, value in shown.items()},
        "price_range": None,
        **_currency(shop),
        "raw_prices": {"precision": 6, **raw},
    }


def _package(shop: FakeWoo, cart: Cart, rates: dict[str, ExtraLine]) -> dict[str, Any]:
    items = shop.state.items
    selected = chosen(rates, cart)
    where = ("address_1", "address_2", "city", "state", "postcode", "country")
    return {
        "package_id": 0,
        "name": "Shipment 1",
        "destination": {name: cart.shipping[name] for name in where},
        "items": [
            {"key": key, "name": title_of(shop, items[item_id]), "quantity": quantity}
            for key, (item_id, quantity) in cart.lines.items()
        ],
        "shipping_rates": [
            {
                "rate_id": rate_id,
                "name": rate.name,
                "description": "",
                "delivery_time": "",
                "price": _cents(rate.total),
                "taxes": _cents(rate.total_tax),
                "instance_id": int(rate.instance_id or 0),
                "method_id": rate.method_id,
                "meta_data": [{"key": entry["key"], "value": entry["value"]} for entry in rate.meta],
                "selected": rate_id == selected,
                **_currency(shop),
            }
            for rate_id, rate in rates.items()
        ],
    }
