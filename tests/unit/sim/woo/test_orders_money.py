"""Totals, taxes, coupons, refund amounts and payment dates of orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge.sim.woo.order_state import TaxRate
from bridge.sim.woo.order_totals import TaxRules, money, round_tax, taxes_on
from bridge.sim.woo.shop import FakeWoo
from tests.unit.sim.woo.calls import call, get, post, put
from tests.unit.sim.woo.order_calls import order_of, refund, set_status, shop_with_mugs

NEW_YORK: dict[str, Any] = {"billing": {"country": "US", "state": "NY", "postcode": "10001", "city": "New York"}}


def taxed(shop: FakeWoo, rate: str = "8.875", **options: str) -> None:
    """Taxes on, one rate for New York."""
    shop.state.options.update({"woocommerce_calc_taxes": "yes", **options})
    body = {"country": "US", "state": "NY", "rate": rate, "name": "NY Tax", "shipping": False}
    post(shop, "/wc/v3/taxes", body)


def test_half_a_cent_goes_up_but_down_where_prices_include_tax() -> None:
    assert round_tax(Decimal("1.005"), TaxRules(True)) == Decimal("1.01")
    assert round_tax(Decimal("1.005"), TaxRules(True, prices_include_tax=True)) == Decimal("1.00")
    assert money(Decimal("-0.005")) == "-0.01"


def test_a_compound_rate_taxes_the_other_taxes_too() -> None:
    rates = [TaxRate(1, rate=Decimal(10)), TaxRate(2, rate=Decimal(5), compound=True)]
    assert taxes_on(Decimal(100), rates) == {1: Decimal(10), 2: Decimal("5.5")}
    inside = taxes_on(Decimal("115.5"), rates, inclusive=True)
    assert inside == {1: Decimal(10), 2: Decimal("5.5")}


def test_with_prices_including_tax_the_line_total_is_still_net() -> None:
    shop, mug = shop_with_mugs(regular_price="17.60")
    taxed(shop, woocommerce_prices_include_tax="yes")
    order = order_of(shop, mug, 1, **NEW_YORK)
    line = order["line_items"][0]
    assert (line["total"], line["total_tax"], order["total"]) == ("16.17", "1.43", "17.60")
    assert order["prices_include_tax"] is True


def test_an_address_elsewhere_pays_no_tax_and_a_pickup_pays_the_shops() -> None:
    shop, mug = shop_with_mugs()
    taxed(shop)
    texas = {"billing": {"country": "US", "state": "TX"}}
    assert order_of(shop, mug, 1, **texas)["total"] == "10.00"
    pickup = {"shipping_lines": [{"method_id": "pickup_location", "method_title": "Pickup", "total": "0"}]}
    assert order_of(shop, mug, 1, **texas, **pickup)["total"] == "10.89"


def test_line_taxes_that_a_client_sends_are_recomputed() -> None:
    shop, mug = shop_with_mugs()
    taxed(shop)
    line = {"product_id": mug, "quantity": 1, "total_tax": "0.50", "taxes": [{"id": 1, "total": "0.50"}]}
    order = post(shop, "/wc/v3/orders", {"line_items": [line], **NEW_YORK})
    assert order["line_items"][0]["taxes"] == [{"id": 1, "total": "0.8875", "subtotal": "0.8875"}]


@pytest.mark.parametrize(
    ("coupon", "total"),
    [
        ({"discount_type": "percent", "amount": "15"}, "25.50"),
        ({"discount_type": "fixed_cart", "amount": "10"}, "20.00"),
        ({"discount_type": "fixed_product", "amount": "2.50"}, "22.50"),
        ({"discount_type": "fixed_cart", "amount": "99"}, "0.00"),
    ],
)
def test_coupons_are_really_applied(coupon: dict[str, str], total: str) -> None:
    shop, mug = shop_with_mugs()
    post(shop, "/wc/v3/coupons", {"code": "SAVE", **coupon})
    order = order_of(shop, mug, 3, coupon_lines=[{"code": "save"}])
    assert (order["total"], order["line_items"][0]["subtotal"]) == (total, "30.00")


def test_an_odd_cent_of_a_cart_coupon_is_dealt_to_one_line() -> None:
    shop, mug = shop_with_mugs()
    post(shop, "/wc/v3/coupons", {"code": "SAVE", "discount_type": "fixed_cart", "amount": "10"})
    lines = [{"product_id": mug, "quantity": 1} for _ in range(3)]
    order = post(shop, "/wc/v3/orders", {"line_items": lines, "coupon_lines": [{"code": "SAVE"}]})
    assert order["total"] == "20.00"
    assert sorted(line["total"] for line in order["line_items"]) == ["6.66", "6.67", "6.67"]


@pytest.mark.parametrize(
    ("gateway", "status", "is_paid"),
    [("cod", "completed", True), ("bacs", "processing", True), ("", "processing", True)],
)
def test_set_paid_completes_cash_on_delivery_and_processes_the_rest(gateway: str, status: str, is_paid: bool) -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 1, payment_method=gateway, set_paid=True)
    assert (order["status"], order["date_paid"] is not None) == (status, is_paid)


def test_processing_by_hand_leaves_cash_unpaid_until_completed() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 1, payment_method="cod", status="processing")
    assert order["date_paid"] is None
    assert set_status(shop, order, "completed")["date_paid"] is not None


def test_a_sale_price_is_charged_only_while_it_runs() -> None:
    shop, mug = shop_with_mugs(
        sale_price="7.00", date_on_sale_from_gmt="2026-11-22T13:00:00", date_on_sale_to_gmt="2026-11-22T15:00:00"
    )
    assert order_of(shop, mug, 1)["total"] == "10.00"
    shop.clock.advance(2 * 3600)
    assert order_of(shop, mug, 1)["total"] == "7.00"
    shop.clock.advance(2 * 3600)
    assert order_of(shop, mug, 1)["total"] == "10.00"


def test_refunding_everything_by_value_makes_the_order_refunded() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 2, status="processing")
    refund(shop, order, amount="5")
    assert get(shop, f"/wc/v3/orders/{order['id']}")["status"] == "processing"
    refund(shop, order, amount="15")
    full = get(shop, f"/wc/v3/orders/{order['id']}")
    assert (full["status"], full["total"], len(full["refunds"])) == ("refunded", "20.00", 2)
    again = refund(shop, order, amount="1")
    assert (again.status, again.json()["data"]) == (500, 500)


def test_a_refund_through_an_offline_gateway_is_a_500_and_leaves_nothing() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 2, payment_method="cod", status="processing")
    answer = call(shop, "POST", f"/wc/v3/orders/{order['id']}/refunds", {"amount": "5"})
    assert (answer.status, answer.json()["code"]) == (500, "woocommerce_rest_cannot_create_order_refund")
    assert get(shop, f"/wc/v3/orders/{order['id']}/refunds") == []


def test_a_deleted_refund_changes_neither_stock_nor_the_orders_time() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 2, status="processing")
    line = {"id": order["line_items"][0]["id"], "quantity": 1, "refund_total": 10}
    made = refund(shop, order, line_items=[line]).json()
    before = get(shop, f"/wc/v3/orders/{order['id']}")
    shop.clock.advance(60)
    path = f"/wc/v3/orders/{order['id']}/refunds/{made['id']}"
    assert call(shop, "DELETE", path).status == 501
    assert call(shop, "DELETE", path + "?force=true").status == 200
    after = get(shop, f"/wc/v3/orders/{order['id']}")
    assert (after["refunds"], after["date_modified"]) == ([], before["date_modified"])
    assert get(shop, f"/wc/v3/products/{mug}")["stock_quantity"] == 99


def test_a_number_where_text_belongs_is_refused_in_a_single_call_only() -> None:
    shop, mug = shop_with_mugs()
    line = {"product_id": mug, "quantity": 1, "total": 5.0}
    answer = call(shop, "POST", "/wc/v3/orders", {"line_items": [line]})
    assert (answer.status, answer.json()["code"]) == (400, "rest_invalid_param")
    made = call(shop, "POST", "/wc/v3/orders/batch", {"create": [{"line_items": [line]}]}).json()
    assert made["create"][0]["total"] == "5.00"


def test_meta_is_upserted_by_key_and_removed_by_null() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 1, meta_data=[{"key": "_k", "value": "1"}])
    path = f"/wc/v3/orders/{order['id']}"
    changed = put(shop, path, {"meta_data": [{"key": "_k", "value": {"a": [1]}}]})
    assert [(m["key"], m["value"]) for m in changed["meta_data"]] == [("_k", {"a": [1]})]
    assert put(shop, path, {"meta_data": [{"key": "_k", "value": None}]})["meta_data"] == []
