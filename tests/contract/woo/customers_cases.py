"""Replays the recorded customers, coupons and taxes."""

from __future__ import annotations

from bridge.sim.woo.shop import FakeWoo
from tests.contract.woo.order_shop import call, next_ids, resend
from tests.contract.woo.registry import load, replays


@replays("customer_create")
def _nobody(shop: FakeWoo) -> None:
    next_ids(shop, user=3)


def alice(shop: FakeWoo) -> None:
    """Alice has an account."""
    resend(shop, "customer_create", user=3)


@replays("customer_get", "customers_list")
def _paying_alice(shop: FakeWoo) -> None:
    alice(shop)
    paid = {"customer_id": 3, "payment_method": "bacs", "set_paid": True}
    assert call(shop, "POST", "/wc/v3/orders", paid).status == 201


replays("customer_duplicate_email_400", "customers_by_email")(alice)


@replays("coupon_create")
def _no_coupon(shop: FakeWoo) -> None:
    next_ids(shop, post=52)


@replays("coupon_get")
def _used_coupon(shop: FakeWoo) -> None:
    resend(shop, "coupon_create", post=52)
    alice(shop)
    product = call(shop, "POST", "/wc/v3/products", {"name": "Mug", "regular_price": "10"}).json()
    line, coupon = {"product_id": product["id"], "quantity": 1}, {"code": "tenoff"}
    for who in (
        {"customer_id": 3},
        {"billing": {"email": "carol@example.test"}},
        {"billing": {"email": "t@example.test"}},
    ):
        body = {"line_items": [line], "coupon_lines": [coupon], "status": "processing", **who}
        assert call(shop, "POST", "/wc/v3/orders", body).status == 201


@replays("tax_rate_create", "tax_classes")
def _untaxed(shop: FakeWoo) -> None:
    next_ids(shop, tax_rate=1)


@replays("taxes_list")
def _taxed(shop: FakeWoo) -> None:
    created = resend(shop, "tax_rate_create", tax_rate=1)
    assert created.status == load("tax_rate_create").response["status"]
