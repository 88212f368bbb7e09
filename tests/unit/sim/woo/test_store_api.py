"""The browser's side: nonces and tokens, what a cart refuses, and the order that comes of it."""

from __future__ import annotations

from typing import Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.shop import FakeWoo
from tests.unit.sim.woo.calls import call, get
from tests.unit.sim.woo.order_calls import shop_with_mugs, stock

CAROL = {"first_name": "Carol", "country": "US", "state": "NY", "email": "carol@example.test"}


def store(shop: FakeWoo, method: str, route: str, body: Any = None, token: str = "") -> SimResponse:
    headers = {"cart-token": token} if token else {}
    return call(shop, method, f"/wc/store/v1{route}", body, headers)


def test_a_write_needs_a_nonce_or_a_cart_token() -> None:
    shop, mug = shop_with_mugs()
    item = {"id": mug, "quantity": 1}
    assert store(shop, "POST", "/cart/add-item", item).json()["code"] == "woocommerce_rest_missing_nonce"
    first = store(shop, "GET", "/cart")
    with_nonce = call(shop, "POST", "/wc/store/v1/cart/add-item", item, {"nonce": first.headers["Nonce"]})
    assert with_nonce.status == 201
    wrong = call(shop, "POST", "/wc/store/v1/cart/add-item", item, {"nonce": "0000000000"})
    assert (wrong.status, wrong.json()["code"]) == (403, "woocommerce_rest_invalid_nonce")
    assert store(shop, "POST", "/cart/add-item", item, first.headers["Cart-Token"]).status == 201


def test_a_forged_token_opens_no_cart() -> None:
    shop, mug = shop_with_mugs()
    token = store(shop, "GET", "/cart").headers["Cart-Token"]
    store(shop, "POST", "/cart/add-item", {"id": mug, "quantity": 1}, token)
    assert store(shop, "GET", "/cart", token=token).json()["items_count"] == 1
    assert store(shop, "GET", "/cart", token=token[:-2] + "xx").json()["items_count"] == 0


def test_the_last_unit_is_sold_to_the_first_who_pays() -> None:
    shop, mug = shop_with_mugs(1)
    tokens = [store(shop, "GET", "/cart").headers["Cart-Token"] for _ in range(2)]
    for token in tokens:
        assert store(shop, "POST", "/cart/add-item", {"id": mug, "quantity": 1}, token).status == 201
    checkout = {"billing_address": CAROL, "shipping_address": CAROL, "payment_method": "cod"}
    answers = [store(shop, "POST", "/checkout", checkout, token) for token in tokens]
    assert [answer.status for answer in answers] == [200, 400]
    assert answers[1].json()["code"] == "woocommerce_rest_product_out_of_stock"
    assert stock(shop, mug) == 0


def test_a_look_at_the_checkout_leaves_a_draft_that_becomes_the_order() -> None:
    shop, mug = shop_with_mugs()
    token = store(shop, "GET", "/cart").headers["Cart-Token"]
    store(shop, "POST", "/cart/add-item", {"id": mug, "quantity": 1}, token)
    draft = store(shop, "GET", "/checkout", token=token).json()["order_id"]
    assert get(shop, f"/wc/v3/orders/{draft}")["status"] == "checkout-draft"
    store(shop, "POST", "/cart/add-item", {"id": mug, "quantity": 1}, token)
    assert get(shop, f"/wc/v3/orders/{draft}")["total"] == "20.00"
    assert stock(shop, mug) == 100
    done = store(shop, "POST", "/checkout", {"billing_address": CAROL, "payment_method": "bacs"}, token).json()
    assert (done["order_id"], done["status"], stock(shop, mug)) == (draft, "on-hold", 98)


def test_an_unknown_gateway_and_an_empty_cart_are_refused() -> None:
    shop, mug = shop_with_mugs()
    token = store(shop, "GET", "/cart").headers["Cart-Token"]
    body = {"billing_address": CAROL, "payment_method": "cod"}
    assert store(shop, "POST", "/checkout", body, token).json()["code"] == "woocommerce_rest_cart_empty"
    store(shop, "POST", "/cart/add-item", {"id": mug, "quantity": 1}, token)
    answer = store(shop, "POST", "/checkout", {**body, "payment_method": "magic"}, token)
    assert answer.json()["code"] == "woocommerce_rest_checkout_payment_method_disabled"
