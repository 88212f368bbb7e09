"""Replays the recorded shopping: cart, pickup rate, checkout, and the orders that came of it."""

from __future__ import annotations

from typing import Any

import orjson

from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.woo.shop import FakeWoo
from tests.contract.woo.order_shop import agreement, next_ids, stocked_shop
from tests.contract.woo.registry import Recording, checks, load, request_of
from tests.contract.woo.settings_wp_cases import two_stores

_STORE = "https://shop.test/wp-json/wc/store/v1"
_STICKERS = {"id": 22, "quantity": 2}


class Shopper:
    """A browser with its Cart-Token."""

    def __init__(self, shop: FakeWoo) -> None:
        self.shop, self.token = shop, ""
        self.get("/cart")

    def _sent(self, method: str, url: str, body: bytes) -> SimResponse:
        headers = {"content-type": "application/json", "user-agent": "python-requests/2.34.2"}
        if self.token:
            headers["cart-token"] = self.token
        answer = self.shop.handle(SimRequest.from_url(method, url, headers, body))
        self.token = answer.headers["Cart-Token"]
        return answer

    def get(self, route: str) -> SimResponse:
        """GET a page of the store."""
        return self._sent("GET", _STORE + route, b"")

    def post(self, route: str, body: dict[str, Any]) -> SimResponse:
        """POST to the store."""
        return self._sent("POST", _STORE + route, orjson.dumps(body))

    def send(self, recording: Recording) -> SimResponse:
        """Send a recorded request in this session."""
        asked = request_of(recording)
        return self._sent(asked.method, f"https://shop.test{asked.path}", asked.body)


def shopper() -> Shopper:
    """A shopper in the recorded shop; variation 36 is down to its recorded ten."""
    shop = stocked_shop()
    two_stores(shop)
    return Shopper(shop)


def _body(name: str) -> dict[str, Any]:
    found: dict[str, Any] = load(name).request["body"]
    return found


def with_address(carol: Shopper) -> None:
    """Carol tells where she lives."""
    checkout = _body("store_checkout_pickup_cod")
    names = ("billing_address", "shipping_address")
    carol.post("/cart/update-customer", {name: checkout[name] for name in names})


def full_cart(carol: Shopper, rate: str = "") -> None:
    """Two stickers and a shirt in the cart, a rate chosen."""
    carol.post("/cart/add-item", _STICKERS)
    carol.post("/cart/add-item", _body("store_checkout_pickup_cod_add_item"))
    if rate:
        assert carol.post("/cart/select-shipping-rate", {"package_id": 0, "rate_id": rate}).status == 200


@checks("store_cart_empty")
def _empty(recording: Recording) -> list[str]:
    return agreement(recording, shopper().send(recording))


@checks("store_cart_add_over_stock")
def _too_many(recording: Recording) -> list[str]:
    carol = shopper()
    carol.shop.acts["staff_set_stock"](id=22, quantity=25)
    return agreement(recording, carol.send(recording))


@checks("store_checkout_pickup_cod_add_item")
def _second_item(recording: Recording) -> list[str]:
    carol = shopper()
    carol.post("/cart/add-item", _STICKERS)
    return agreement(recording, carol.send(recording))


@checks("store_checkout_pickup_cod_select_rate")
def _pickup_chosen(recording: Recording) -> list[str]:
    carol = shopper()
    full_cart(carol)
    with_address(carol)
    return agreement(recording, carol.send(recording))


_LOOSE = ("order_key", "redirect_url", "payment_details")


@checks("store_checkout_pickup_cod", "order_get_from_checkout_pickup_cod")
def _pickup_cash(recording: Recording) -> list[str]:
    return _bought(recording, "store_checkout_pickup_cod", 97, 48, "pickup_location:1")


@checks("store_checkout_pickup_bacs", "order_get_from_checkout_pickup_bacs")
def _pickup_transfer(recording: Recording) -> list[str]:
    return _bought(recording, "store_checkout_pickup_bacs", 98, 51, "pickup_location:0", "TENOFF")


@checks("store_checkout_flat_rate_cod", "order_get_from_checkout_flat_rate_cod")
def _shipped(recording: Recording) -> list[str]:
    return _bought(recording, "store_checkout_flat_rate_cod", 99, 55, "flat_rate:1")


def _bought(recording: Recording, checkout: str, order: int, line: int, rate: str, coupon: str = "") -> list[str]:
    """Buy as recorded; compare the checkout's answer, or the order as REST shows it afterwards."""
    carol = shopper()
    full_cart(carol, rate)
    if coupon:
        assert carol.post("/cart/apply-coupon", {"code": coupon}).status == 200
    next_ids(carol.shop, post=order, order_item=line)
    answer = carol.send(load(checkout))
    if recording.name != checkout:
        answer = carol.shop.handle(request_of(recording))
    return agreement(recording, answer, _LOOSE)


@checks("order_checkout_draft")
def _looked_only(recording: Recording) -> list[str]:
    carol = shopper()
    carol.post("/cart/add-item", {"id": 22, "quantity": 1})
    next_ids(carol.shop, post=100, order_item=58)
    assert carol.get("/checkout").status == 200
    return agreement(recording, carol.shop.handle(request_of(recording)))
