"""The Store API a shopper's browser talks to: cart, rates, checkout. No key; a nonce or a Cart-Token instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import md5
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.checkout import SoldOutError, check_stock, fill_draft, open_draft, place
from bridge.sim.woo.coupons import find_coupon
from bridge.sim.woo.order_lines import title_of, whole
from bridge.sim.woo.order_state import Order
from bridge.sim.woo.payment_gateways import enabled_gateways
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.state import Item
from bridge.sim.woo.store_cart import basket_of, cart_json, rates_of
from bridge.sim.woo.store_sessions import BILLING, SHIPPING, Cart, cart_hash, cart_of, keep, line_key, token_for

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_CART = "/wc/store/v1/cart"
_EXPOSED = "X-WP-Total, X-WP-TotalPages, Link, Cart-Token"
Step = Callable[["FakeWoo", Call, Cart], SimResponse]


def register(router: Router) -> None:
    """Add the routes of cart and checkout."""
    router.add("GET", _CART, in_session(get_cart), needs="public")
    for name, step in (
        ("add-item", add_item),
        ("update-item", update_item),
        ("remove-item", remove_item),
        ("update-customer", update_customer),
        ("select-shipping-rate", select_rate),
        ("apply-coupon", apply_coupon),
        ("remove-coupon", remove_coupon),
    ):
        router.add("POST", f"{_CART}/{name}", in_session(step), needs="public")
    router.add("GET", "/wc/store/v1/checkout", in_session(get_checkout), needs="public")
    router.add("POST", "/wc/store/v1/checkout", in_session(post_checkout), needs="public")
    router.add("PUT PATCH", "/wc/store/v1/checkout", in_session(get_checkout), needs="public")


def nonce_of(shop: FakeWoo) -> str:
    """The nonce of the day: the same for every guest for twelve hours."""
    tick = shop.now() // 43_200
    return md5(f"{tick}|{shop.state.shop_url}".encode(), usedforsecurity=False).hexdigest()[:10]


def in_session(step: Step) -> Callable[[FakeWoo, Call], SimResponse]:
    """Wrap a route: find the cart, demand a nonce for writes without a token, add the session's headers."""

    @wraps(step)
    def run(shop: FakeWoo, call: Call) -> SimResponse:
        headers = call.request.headers
        cart, known = cart_of(shop, headers.get("cart-token", ""))
        try:
            if call.request.method != "GET" and not known:
                _check_nonce(shop, headers.get("nonce"))
            answer = step(shop, call, cart)
        except WooError as problem:
            answer = call.error(problem)
        keep(shop, cart)
        answer.headers.update(
            {
                "Access-Control-Expose-Headers": _EXPOSED,
                "Nonce": nonce_of(shop),
                "Nonce-Timestamp": str(shop.now()),
                "User-ID": "0",
                "Cart-Token": token_for(shop, cart),
                "Cart-Hash": cart_hash(cart),
            }
        )
        return answer

    return run


def _check_nonce(shop: FakeWoo, nonce: str | None) -> None:
    if nonce is None:
        text = "Missing the Nonce header. This endpoint requires a valid nonce."
        raise WooError(401, "woocommerce_rest_missing_nonce", text)
    if nonce != nonce_of(shop):
        raise WooError(403, "woocommerce_rest_invalid_nonce", "Nonce is invalid.")


def _shown(shop: FakeWoo, call: Call, cart: Cart, status: int = 200) -> SimResponse:
    """The cart after a change; a draft order follows it, as it does in the shop."""
    draft = shop.state.orders.get(cart.draft_id)
    if isinstance(draft, Order) and draft.status == "checkout-draft" and call.request.method != "GET":
        fill_draft(shop, draft, basket_of(shop, cart, payment=draft.payment_method))
    return call.reply(cart_json(shop, cart, call.base), status)


# -- cart ----------------------------------------------------------------------------
def get_cart(shop: FakeWoo, call: Call, cart: Cart) -> SimResponse:
    """The cart."""
    return _shown(shop, call, cart)


def _wanted(shop: FakeWoo, call: Call) -> Item:
    item = shop.state.items.get(whole(call.params.get("id")))
    if item is None or item.status != "publish":
        text = "This product cannot be added to the cart."
        raise WooError(400, "woocommerce_rest_cart_invalid_product", text)
    if item.type != "variable":
        return item
    asked = {str(row.get("value", "")).lower() for row in call.params.get("variation") or ()}
    for child in shop.state.variations_of(item.id):
        if {str(choice["option"]).lower() for choice in child.attributes} == asked:
            return child
    text = "No matching variation found."
    raise WooError(400, "woocommerce_rest_variation_id_from_variation_data", text)


def _refusal(shop: FakeWoo, problem: SoldOutError) -> WooError:
    name = title_of(shop, problem.item)
    if problem.left > 0:
        return WooError(
            400,
            "woocommerce_rest_product_partially_out_of_stock",
            f"You cannot add that amount of &quot;{name}&quot; to the cart because there is not enough stock "
            f"({problem.left} remaining).",
        )
    return WooError(
        400,
        "woocommerce_rest_product_out_of_stock",
        f"You cannot add &quot;{name}&quot; to the cart because the product is out of stock.",
    )


def add_item(shop: FakeWoo, call: Call, cart: Cart) -> SimResponse:
    """Put a product into the cart, if there is enough of it."""
    item, quantity = _wanted(shop, call), max(1, whole(call.params.get("quantity", 1)))
    key = line_key(item)
    held = cart.lines.get(key, [item.id, 0])[1]
    try:
        check_stock(shop, [*cart.pairs(), (item.id, quantity)])
    except SoldOutError as problem:
        raise _refusal(shop, problem) from problem
    cart.lines[key] = [item.id, held + quantity]
    answer = _shown(shop, call, cart, 201)
    answer.headers["Set-Cookie"] = f"woocommerce_cart_hash={cart_hash(cart)}; path=/"
    return answer


def _line(call: Call, cart: Cart) -> str:
    key = str(call.params.get("key", ""))
    if key not in cart.lines:
        text = "Cart item no longer exists or is invalid."
        raise WooError(409, "woocommerce_rest_cart_invalid_key", text)
    return key


def update_item(shop: FakeWoo, call: Call, cart: Cart) -> SimResponse:
    """Change how many of a line are wanted."""
    key, quantity = _line(call, cart), whole(call.params.get("quantity"))
    others = [pair for held, pair in cart.lines.items() if held != key]
    try:
        check_stock(shop, [*((i, q) for i, q in others), (cart.lines[key][0], quantity)])
    except SoldOutError as problem:
        raise _refusal(shop, problem) from problem
    cart.lines[key][1] = quantity
    if quantity <= 0:
        del cart.lines[key]
    return _shown(shop, call, cart)


def remove_item(shop: FakeWoo, call: Call, cart: Cart) -> SimResponse:
    """Take a line out."""
    del cart.lines[_line(call, cart)]
    return _shown(shop, call, cart)


def _write_addresses(body: dict[str, Any], cart: Cart) -> None:
    for name, held, fields in (
        ("billing_address", cart.billing, BILLING),
        ("shipping_address", cart.shipping, SHIPPING),
    ):
        given = body.get(name)
        if isinstance(given, dict):
            held.update({field: str(value) for field, value in given.items() if field in fields})


def update_customer(shop: FakeWoo, call: Call, cart: Cart) -> SimResponse:
    """Set the shopper's addresses."""
    _write_addresses(call.params, cart)
    return _shown(shop, call, cart)


def select_rate(shop: FakeWoo, call: Call, cart: Cart) -> SimResponse:
    """Choose how the goods reach the shopper; pickup locations count by position: ``pickup_location:1``."""
    wanted = str(call.params.get("rate_id", ""))
    if wanted not in rates_of(shop, cart):
        text = "Invalid shipping rate."
        raise WooError(400, "woocommerce_rest_cart_invalid_shipping_rate", text)
    cart.rate_id = wanted
    return _shown(shop, call, cart)


def apply_coupon(shop: FakeWoo, call: Call, cart: Cart) -> SimResponse:
    """Use a coupon."""
    code = str(call.params.get("code", ""))
    coupon = find_coupon(shop, code)
    if coupon is None:
        text = f"Coupon &quot;{code}&quot; does not exist!"
        raise WooError(400, "woocommerce_rest_cart_coupon_error", text)
    if coupon.code not in cart.coupons:
        cart.coupons.append(coupon.code)
    return _shown(shop, call, cart)


def remove_coupon(shop: FakeWoo, call: Call, cart: Cart) -> SimResponse:
    """Give a coupon up."""
    code = str(call.params.get("code", "")).lower()
    cart.coupons = [held for held in cart.coupons if held.lower() != code]
    return _shown(shop, call, cart)


# -- checkout ------------------------------------------------------------------------
def _draft(shop: FakeWoo, call: Call, cart: Cart) -> Order:
    if not cart.lines:
        text = "Cannot create order from empty cart."
        raise WooError(400, "woocommerce_rest_cart_empty", text)
    _write_addresses(call.params, cart)
    payment = str(call.params.get("payment_method") or next(iter(enabled_gateways(shop)), ""))
    basket = basket_of(shop, cart, payment=payment, note=str(call.params.get("customer_note") or ""))
    basket.browser = call.request.headers.get("user-agent", basket.browser)
    order = shop.state.orders.get(cart.draft_id)
    if isinstance(order, Order) and order.status == "checkout-draft":
        fill_draft(shop, order, basket)
    else:
        order = open_draft(shop, basket)
        cart.draft_id = order.id
    return order


def get_checkout(shop: FakeWoo, call: Call, cart: Cart) -> SimResponse:
    """The checkout page: looking at it makes a draft order."""
    return call.reply(checkout_json(_draft(shop, call, cart), call.base, placed=False))


def post_checkout(shop: FakeWoo, call: Call, cart: Cart) -> SimResponse:
    """Buy: the draft becomes an order, unless something is missing or sold out."""
    _check_checkout(shop, call, cart)
    order = _draft(shop, call, cart)
    try:
        place(shop, order)
    except SoldOutError as problem:
        raise _refusal(shop, problem) from problem
    cart.lines, cart.draft_id, cart.rate_id, cart.coupons = {}, 0, "", []
    answer = call.reply(checkout_json(order, call.base, placed=True))
    past = (shop.clock.now() - timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    gone = f"expires={past}; Max-Age=0; path=/"
    answer.headers["Set-Cookie"] = f"woocommerce_items_in_cart=0; {gone}, woocommerce_cart_hash=0; {gone}"
    return answer


def _check_checkout(shop: FakeWoo, call: Call, cart: Cart) -> None:
    body = call.params
    if not isinstance(body.get("billing_address"), dict) and not cart.billing["email"]:
        missing = "Missing parameter(s): billing_address"
        raise WooError(400, "rest_missing_callback_param", missing, {"params": ["billing_address"]})
    payment = str(body.get("payment_method") or "")
    if payment not in enabled_gateways(shop):
        text = "The provided payment method is not available."
        raise WooError(400, "woocommerce_rest_checkout_payment_method_disabled", text)
    email = (body.get("billing_address") or {}).get("email") or cart.billing["email"]
    if "@" not in str(email):
        text = "The provided email address () is not valid—please provide a valid email address"
        raise WooError(400, "woocommerce_rest_invalid_email_address", text)


def checkout_json(order: Order, base: str, *, placed: bool) -> dict[str, Any]:
    """A checkout's answer."""
    received = f"{base}/checkout/order-received/{order.id}/?key={order.order_key}"
    details = [{"key": "result", "value": "success"}, {"key": "redirect", "value": received}]
    result = {"payment_status": "success", "payment_details": details, "redirect_url": received}
    waiting = {"payment_status": "", "payment_details": [], "redirect_url": ""}
    return {
        "order_id": order.id,
        "status": order.status,
        "order_key": order.order_key,
        "order_number": str(order.id),
        "customer_note": order.customer_note,
        "customer_id": order.customer_id,
        "billing_address": {name: order.billing[name] for name in BILLING},
        "shipping_address": {name: order.shipping[name] for name in SHIPPING},
        "payment_method": order.payment_method,
        "payment_result": result if placed else waiting,
        "additional_fields": {},
        "__experimentalCart": None,
        "extensions": {},
    }
