"""Shoppers' carts: their sessions (Cart-Token), their lines and rates, and how the Store API shows them."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import md5, sha256
from hmac import compare_digest
from hmac import new as hmac_new
from typing import TYPE_CHECKING, Any

import orjson

from bridge.sim.woo.checkout import Basket, items_text, pickup_rate
from bridge.sim.woo.order_lines import choice_key, new_line, price_of, title_of
from bridge.sim.woo.order_state import ZERO, ExtraLine, Order
from bridge.sim.woo.order_totals import HUNDRED
from bridge.sim.woo.order_writes import blank_order, coupon_line, recalculate
from bridge.sim.woo.payment_gateways import enabled_gateways
from bridge.sim.woo.shipping import zone_for
from bridge.sim.woo.state import Item
from bridge.sim.woo.stock import stock_holder
from bridge.sim.woo.texts import paragraphs
from bridge.sim.woo.view_parts import permalink, variation_attributes
from bridge.sim.woo.wp_settings import pickup_locations, pickup_settings

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_TOKEN_SECRET = b"store-api"
_TOKEN_LIFE = 48 * 3600
_ADDRESS = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "state",
    "postcode",
    "country",
)
BILLING = (*_ADDRESS, "email", "phone")
SHIPPING = (*_ADDRESS, "phone")
#: Grams in one unit of weight; the Store API speaks in grams.
_GRAMS = {"kg": 1000.0, "g": 1.0, "lbs": 453.592, "oz": 28.3495}


def _home(names: tuple[str, ...]) -> dict[str, str]:
    return {**dict.fromkeys(names, ""), "state": "NY", "country": "US"}


@dataclass(slots=True)
class Cart:
    """One shopper's cart; ``lines``: key -> [item id, quantity]."""

    user: str
    lines: dict[str, list[int]] = field(default_factory=dict)
    billing: dict[str, str] = field(default_factory=lambda: _home(BILLING))
    shipping: dict[str, str] = field(default_factory=lambda: _home(SHIPPING))
    rate_id: str = ""
    coupons: list[str] = field(default_factory=list)
    draft_id: int = 0

    def pairs(self) -> list[tuple[int, int]]:
        """(item id, quantity) of each line."""
        return [(item_id, quantity) for item_id, quantity in self.lines.values()]


# -- sessions ------------------------------------------------------------------------
def cart_of(shop: FakeWoo, token: str) -> tuple[Cart, bool]:
    """The cart of a token, and whether the token was good; without a good one a new cart."""
    user = _user_of(shop, token)
    if user:
        cart = shop.state.carts.get(user)
        if not isinstance(cart, Cart):
            cart = shop.state.carts[user] = Cart(user)
        return cart, True
    cart = Cart("t_" + shop.ids.uuid().replace("-", "")[:30])
    return cart, False


def keep(shop: FakeWoo, cart: Cart) -> None:
    """Remember a cart that has something in it."""
    shop.state.carts[cart.user] = cart


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else orjson.dumps(value).replace(b"/", b"\\/")
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def token_for(shop: FakeWoo, cart: Cart) -> str:
    """The cart's ``Cart-Token``: a signed JWT naming the session."""
    now = shop.now()
    claims = {"user_id": cart.user, "exp": now + _TOKEN_LIFE, "iss": "wc/store/v1", "iat": now}
    text = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{text}.{_part(hmac_new(_TOKEN_SECRET, text.encode(), sha256).digest())}"


def _user_of(shop: FakeWoo, token: str) -> str:
    text, _, mark = token.rpartition(".")
    wanted = _part(hmac_new(_TOKEN_SECRET, text.encode(), sha256).digest())
    if not text or not compare_digest(mark, wanted):
        return ""
    claims_part = text.partition(".")[2]
    try:
        claims = orjson.loads(urlsafe_b64decode(claims_part + "=" * (-len(claims_part) % 4)))
    except (Base64Error, orjson.JSONDecodeError):
        return ""
    return str(claims["user_id"]) if claims.get("exp", 0) > shop.now() else ""


def line_key(item: Item) -> str:
    """A cart line's key: a hash over the product, the variation and its choices."""
    if not item.is_variation:
        return md5(str(item.id).encode(), usedforsecurity=False).hexdigest()
    choices = "".join(f"attribute_{choice_key(c)}{c['option']}" for c in item.attributes)
    text = f"{item.parent_id}_{item.id}_{choices}"
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def cart_hash(cart: Cart) -> str:
    """The ``Cart-Hash`` header, empty for an empty cart."""
    if not cart.lines:
        return ""
    return md5(orjson.dumps(cart.lines), usedforsecurity=False).hexdigest()


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
