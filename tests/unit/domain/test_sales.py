"""Sales of both channels in one table, equal to the cent with the sides' own totals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bridge.domain.sales import (
    day_of,
    is_refund,
    return_of,
    shop_order_rows,
    shop_refund_rows,
    summed,
    till_order_rows,
)
from bridge.sim.kernel.clock import SimClock
from bridge.sim.square.account import FakeSquare
from tests.orders.generator import OrderShop
from tests.unit.sim.woo.calls import NOON, call, get, post

ZONE = "America/New_York"


def till() -> tuple[FakeSquare, list[str], dict[str, str]]:
    square = FakeSquare(clock=SimClock(NOON))
    square.seed_catalog(3, quantity=20)
    catalog = square.state.catalog
    variations = [v for v in catalog.objects if catalog.variation(v) is not None]
    return square, list(square.state.locations), {v: f"SKU-{n}" for n, v in enumerate(variations)}


@pytest.mark.parametrize("seed", range(12))
def test_online_rows_add_up_to_the_orders_and_refunds_of_the_shop(seed: int) -> None:
    shop = OrderShop(2_000_000 + seed)
    wanted = 0
    rows = []
    for _ in range(10):
        made = shop.order()
        if made["total"].startswith("-"):
            continue
        raw = {**made, "status": "processing"}
        found = shop_order_rows(raw, shop.digits, store="L1", zone=ZONE)
        assert sum(row.total for row in found) == int(raw["total"].replace(".", ""))
        assert sum(row.tax for row in found) == int(raw["total_tax"].replace(".", ""))
        wanted += sum(row.total for row in found)
        rows += found
    assert sum(group.total for group in summed(rows, ["kind", "product"])) == wanted


def test_a_refund_of_the_shop_is_negative_and_a_refund_by_amount_has_no_product() -> None:
    shop = OrderShop(3).shop
    [mug] = shop.acts["seed"]([{"name": "Mug", "sku": "MUG", "regular_price": "10.00", "tax_status": "none"}])
    made = post(shop, "/wc/v3/orders", {"line_items": [{"product_id": mug, "quantity": 3}], "set_paid": True})
    path = f"/wc/v3/orders/{made['id']}/refunds"
    line = {"id": made["line_items"][0]["id"], "quantity": 1, "refund_total": 10}
    for body in ({"line_items": [line]}, {"amount": "4.00"}):
        assert call(shop, "POST", path, {"api_refund": False, **body}).status == 201
    rows = shop_order_rows(get(shop, f"/wc/v3/orders/{made['id']}"), 2, store="L1", zone=ZONE)
    for refund in get(shop, path):
        rows += shop_refund_rows(refund, 2, number=made["number"], store="L1", zone=ZONE)
    [whole] = summed(rows, ["channel", "store", "day"])
    assert (whole.sold, whole.refunded, whole.total, whole.quantity) == (3000, 1400, 1600, Decimal(2))
    assert whole.key == ("online", "L1", "2026-11-22")
    assert [(g.key, g.total) for g in summed(rows, ["product"])] == [(("MUG",), 2000), (("Other",), -400)]


def test_orders_that_are_no_sales_have_no_rows() -> None:
    raw: dict[str, Any] = {"id": 1, "status": "cancelled", "total": "5.00", "date_created_gmt": "2026-11-22T01:00:00"}
    assert shop_order_rows(raw, 2, store="L1", zone=ZONE) == []


def test_till_rows_add_up_to_squares_orders_returns_and_refunds() -> None:
    square, places, skus = till()
    first, second, _ = skus
    sold = square.acts["sell"](places[0], [{"variation_id": first, "quantity": "2"}, {"quantity": "1", "price": 250}])
    square.acts["return_items"](places[1], sold["order_id"], [{"variation_id": first, "quantity": "1"}])
    square.acts["sell"](places[1], [{"variation_id": second, "quantity": "1"}])
    square.acts["refund_amount"](sold["payment_id"], 100)
    rows = [row for order in square.state.orders.values() for row in till_order_rows(order, zone=ZONE, skus=skus)]
    paid = sum(payment["total_money"]["amount"] for payment in square.state.payments.values())
    back = sum(refund["amount_money"]["amount"] for refund in square.state.refunds.values())
    [whole] = summed(rows, ["channel"])
    assert (whole.sold, whole.refunded, whole.total) == (paid, back, paid - back)
    by_product = {group.key[0]: group.quantity for group in summed(rows, ["product"])}
    assert by_product[skus[first]] == 1 and by_product[skus[second]] == 1
    assert {group.key[0] for group in summed(rows, ["store"])} == set(places[:2])


def test_an_exchange_is_a_sale_and_a_refund_whatever_was_paid() -> None:
    square, places, skus = till()
    first, second, _ = skus
    sold = square.acts["sell"](places[0], [{"variation_id": first, "quantity": "1", "price": 700}])
    back = [{"order_id": sold["order_id"], "variation_id": first, "quantity": "1"}]
    for price in (400, 700, 900):
        made = square.acts["exchange"](places[1], back, [{"variation_id": second, "quantity": "1", "price": price}])
        rows = till_order_rows(square.state.orders[made["order_id"]], zone=ZONE, skus=skus)
        [whole] = summed(rows, ["store"])
        assert (whole.sold, whole.refunded, whole.quantity) == (price, 700, 0)
        assert {return_of(row) for row in rows if is_refund(row)} == {made["order_id"]}
        break_even = square.state.orders[made["order_id"]]["net_amounts"]["total_money"]["amount"]
        assert whole.total == break_even


def test_what_lowers_a_sale_is_no_refund_and_what_raises_a_return_is_no_sale() -> None:
    """Cash rounding: the rest between the rows and the order's own total has a sign of its own."""
    line = {"name": "Mug", "quantity": "1", "total_money": {"amount": 1002}}
    order = {
        "id": "X", "location_id": "L", "created_at": "2026-11-22T03:00:00Z", "state": "COMPLETED",
        "line_items": [line], "total_money": {"amount": 1000},
        "returns": [{"return_line_items": [line], "return_amounts": {"total_money": {"amount": 1000}}}],
    }  # fmt: skip
    rows = till_order_rows(order, zone=ZONE, skus={})
    assert [(row.product, row.total, is_refund(row)) for row in rows] == [
        ("Mug", 1002, False), ("Other", -2, False), ("Mug", -1002, True), ("Other", 2, True),
    ]  # fmt: skip
    [whole] = summed(rows, ["store"])
    assert (whole.sold, whole.refunded) == (1000, 1000)


def test_an_unpaid_order_is_no_sale_and_tips_and_charges_are_told_apart() -> None:
    _, places, _ = till()
    charge = {"name": "Delivery", "total_money": {"amount": 300}, "total_tax_money": {"amount": 0}}
    order = {
        "id": "O",
        "location_id": places[0],
        "created_at": "2026-11-22T03:00:00Z",
        "state": "OPEN",
        "line_items": [{"name": "Mug", "quantity": "1", "total_money": {"amount": 500}}],
        "service_charges": [charge, {**charge, "calculation_phase": "APPORTIONED_AMOUNT_PHASE"}],
        "total_tip_money": {"amount": 50},
        "total_money": {"amount": 850},
    }
    assert till_order_rows(order, zone=ZONE, skus={}) == []
    rows = till_order_rows({**order, "tenders": [{}]}, zone=ZONE, skus={})
    assert [(row.kind, row.product, row.total) for row in rows] == [
        ("product", "Mug", 500),
        ("fee", "Delivery", 300),
        ("tip", "Tip", 50),
    ]


def test_a_day_is_the_stores_own() -> None:
    assert day_of("2026-11-22T03:00:00Z", ZONE) == date(2026, 11, 21)
    assert day_of("2026-11-22T03:00:00", "Europe/Berlin") == date(2026, 11, 22)
