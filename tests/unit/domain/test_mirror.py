"""A shop's order as a Square order of the same total, judged by Square's own arithmetic."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.mirror import (
    Mirrored,
    MirrorInto,
    Unequal,
    line_of_uid,
    mirror,
)
from bridge.domain.order_parts import Rate, decimal_of, note_of
from bridge.domain.shares import apportion, effective_percents
from tests.orders.generator import OrderShop
from tests.orders.volume import Till, judge
from tests.unit.domain.laws import law

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings" / "woocommerce"
TILL = Till([20, 22, 23, 34, 36])


def into(**more: Any) -> MirrorInto:
    return MirrorInto(TILL.location, "USD", 2, TILL.variations, **more)


def made(raw: dict[str, Any], **more: Any) -> Mirrored:
    found = mirror(raw, into(**more), TILL.calculate)
    assert isinstance(found, Mirrored), found
    assert TILL.calculate(found.order)["total_money"]["amount"] == found.total
    return found


def line(number: int, total: str, quantity: Any = 1, **more: Any) -> dict[str, Any]:
    row = {"id": number, "name": f"Thing {number}", "product_id": 20, "variation_id": 0, "quantity": quantity}
    money = {"subtotal": total, "total": total, "subtotal_tax": "0.00", "total_tax": "0.00", "taxes": []}
    return {**row, **money, "meta_data": [], **more}


def order(total: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"id": 97, "number": "1097", "currency": "USD", "total": total, "status": "processing"}
    return {**base, "line_items": list(lines), "tax_lines": [], "shipping_lines": [], "fee_lines": [], **more}


def recorded_orders() -> list[dict[str, Any]]:
    found = []
    for path in sorted(RECORDINGS.glob("*.json")):
        content = json.loads(path.read_text())
        answer = content.get("response") or {}
        said = answer.get("body") or {}
        if answer.get("status", 0) < 300 and isinstance(said, dict) and "line_items" in said and "total" in said:
            found.append(said)
    return found


def test_every_recorded_order_is_mirrored_at_its_own_total() -> None:
    orders = recorded_orders()
    if not orders:
        pytest.skip("the recordings (../shared/recordings) are not here")
    assert len(orders) > 10
    for raw in orders:
        assert judge(raw, mirror(raw, into(), TILL.calculate), TILL) == ""


def test_the_recorded_taxed_order_keeps_its_goods_taxes_coupon_and_shipping() -> None:
    path = RECORDINGS / "order_create_with_tax.json"
    if not path.exists():
        pytest.skip("the recordings (../shared/recordings) are not here")
    found = made(json.loads(path.read_text())["response"]["body"])
    assert (found.total, found.form, found.rounding) == (5674, "additive", 0)
    [press] = found.order["line_items"]
    assert (press["catalog_object_id"], press["quantity"], press["base_price_money"]["amount"]) == (
        TILL.variations["23"],
        "3",
        1760,
    )
    assert [(row["name"], row["amount_money"]["amount"]) for row in found.order["discounts"]] == [("TENOFF", 528)]
    assert [(row["name"], row["percentage"], row["type"]) for row in found.order["taxes"]] == [
        ("NY Tax", "8.875", "ADDITIVE")
    ]
    assert [(row["name"], row["amount_money"]["amount"]) for row in found.order["service_charges"]] == [("Flat", 500)]
    assert (found.order["reference_id"], found.order["ticket_name"]) == ("woo-271", "#271")


@pytest.mark.parametrize("seed", range(40))
def test_orders_as_the_shop_computes_them_come_out_equal(seed: int) -> None:
    shop = OrderShop(1_000_000 + seed)
    till = Till(shop.products, shop.currency)
    where = MirrorInto(till.location, shop.currency, shop.digits, till.variations)
    for _ in range(15):
        raw = shop.order()
        assert judge(raw, mirror(raw, where, till.calculate), till) == ""


def test_a_total_of_nothing_and_an_empty_order() -> None:
    assert made(order("0.00", line(1, "0.00"))).total == 0
    assert made(order("0.00")).order.get("line_items") is None
    assert made(order("0.00", line(1, "0.00", 0))).order.get("line_items") is None


def test_a_price_that_does_not_divide_keeps_the_real_quantity() -> None:
    found = made(order("10.00", line(1, "10.00", 3)))
    [row] = found.order["line_items"]
    assert (row["quantity"], row["base_price_money"]["amount"]) == ("3", 334)
    assert [(d["name"], d["amount_money"]["amount"]) for d in found.order["discounts"]] == [("Rounding", 2)]


def test_a_negative_fee_is_a_discount_even_when_it_eats_into_shipping() -> None:
    fee = {"id": 7, "name": "Loyal", "total": "-5.00", "total_tax": "0.00", "taxes": []}
    ship = {
        "id": 8,
        "method_title": "Flat",
        "method_id": "flat_rate",
        "total": "4.00",
        "total_tax": "0.00",
        "taxes": [],
    }
    found = made(order("2.00", line(1, "3.00"), fee_lines=[fee], shipping_lines=[ship]))
    assert sum(d["amount_money"]["amount"] for d in found.order["discounts"]) == 500
    assert {d["name"] for d in found.order["discounts"]} == {"Loyal"}
    assert [row["name"] for row in found.order["line_items"][1:]] == ["Flat"]


def test_two_lines_of_one_product_stay_two_lines() -> None:
    rows = made(order("5.00", line(1, "2.00", 2), line(2, "3.00", 1))).order["line_items"]
    assert [(row["uid"], row["quantity"]) for row in rows] == [("product-1", "2"), ("product-2", "1")]
    assert {row["catalog_object_id"] for row in rows} == {TILL.variations["20"]}


@pytest.mark.parametrize(("currency", "digits", "total", "minor"), [("JPY", 0, "1000", 1000), ("EUR", 2, "10.5", 1050)])
def test_other_currencies_keep_their_own_smallest_coin(currency: str, digits: int, total: str, minor: int) -> None:
    till = Till([20], currency=currency)
    where = MirrorInto(till.location, currency, digits, till.variations)
    found = mirror(order(total, line(1, total), currency=currency), where, till.calculate)
    assert isinstance(found, Mirrored) and found.total == minor
    assert till.calculate(found.order)["total_money"] == {"amount": minor, "currency": currency}


def test_products_the_shop_lost_become_lines_of_their_own_name() -> None:
    gone = line(1, "6.00", 2, product_id=0, name="Old &amp; gone")
    unlinked = line(2, "1.00", product_id=777)
    names = [
        (row.get("name"), row.get("catalog_object_id"))
        for row in made(order("7.00", gone, unlinked)).order["line_items"]
    ]
    assert names == [("Old & gone", None), ("Thing 2", None)]


def test_a_few_cents_become_a_rounding_and_more_than_that_a_decision() -> None:
    more = made(order("3.01", line(1, "3.00")))
    assert more.rounding == 1 and more.order["line_items"][-1]["name"] == "Rounding"
    less = made(order("2.99", line(1, "3.00")))
    assert less.rounding == -1 and less.order["discounts"][-1]["name"] == "Rounding"
    card = mirror(order("1.00", line(1, "30.00")), into(), TILL.calculate)
    assert isinstance(card, Unequal) and "29.00 USD less" in card.reason


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (order("-1.00"), "below zero"),
        (order("1.005"), "finer than"),
        (order("abc"), "not an amount"),
        (order("1.00", line(1, "1.00"), currency="EUR"), "in EUR"),
        (order("5.00", *(line(n, "0.01") for n in range(500))), "500 lines"),
    ],
)
def test_what_square_cannot_hold_has_a_reason(raw: dict[str, Any], words: str) -> None:
    found = mirror(raw, into(), TILL.calculate)
    assert isinstance(found, Unequal) and words in found.reason


def test_taxes_no_rate_explains_travel_as_amounts() -> None:
    taxed = line(
        1, "10.00", taxes=[{"id": 5, "total": "3.33", "subtotal": "3.33"}], total_tax="3.33", subtotal_tax="3.33"
    )
    rate = {"rate_id": 5, "label": "City", "tax_total": "3.33", "shipping_tax_total": "0.00", "rate_percent": 2}
    found = made(order("13.33", taxed, tax_lines=[rate]))
    assert found.form == "amounts"
    assert [(c["name"], c["amount_money"]["amount"]) for c in found.order["service_charges"]] == [("City", 333)]


def test_odd_quantities_are_kept_or_told_in_the_name() -> None:
    half = made(order("5.01", line(1, "5.01", 1.5))).order["line_items"][0]
    assert (half["quantity"], half["catalog_object_id"]) == ("1.5", TILL.variations["20"])
    fine = made(order("5.00", line(1, "5.00", "0.1234567"))).order["line_items"][0]
    assert (fine["quantity"], fine["name"]) == ("1", "Thing 1 (× 0.1234567)")


def test_what_the_shopper_chose_is_on_the_line_and_further_fields_are_taken() -> None:
    meta: list[dict[str, Any]] = [
        {"key": "_reduced_stock", "value": "1", "display_value": "1"},
        {"key": "pa_color", "value": "blue", "display_key": "Color", "display_value": "Blue &amp; white"},
        {"key": "gift", "value": {"a": 1}, "display_value": None},
    ]
    assert note_of(meta) == "Color: Blue & white"
    found = made(order("1.00", line(1, "1.00", meta_data=meta)), more={"metadata": {"woo_order": "97"}})
    assert found.order["line_items"][0]["note"] == "Color: Blue & white"
    assert found.order["metadata"] == {"woo_order": "97"}


def test_what_is_no_number_counts_as_nothing() -> None:
    assert [decimal_of(value) for value in ("x", None, "NaN", " 1.5 ")] == [0, 0, 0, Decimal("1.5")]


def test_lines_are_found_again_by_their_uid() -> None:
    uids = [row["uid"] for row in made(order("1.00", line(48, "1.00"))).order["line_items"]]
    assert [line_of_uid(uid) for uid in uids] == ["48"]
    assert [line_of_uid(text) for text in ("rounding", "x-4", "product-", None)] == ["", "", "", ""]


def test_a_compound_rate_taxes_the_taxes_before_it() -> None:
    plain = Rate("1", "A", Decimal(10), False, 0)
    compound = Rate("2", "B", Decimal(5), True, 0)
    assert [percent for _, percent in effective_percents([compound, plain])] == [Decimal(10), Decimal("5.5")]


@law
@given(st.lists(st.integers(0, 1000), max_size=8), st.floats(0, 1))
def test_apportioned_parts_add_up_and_none_exceeds_its_weight(weights: list[int], share: float) -> None:
    total = int(sum(weights) * share)
    parts = apportion(total, weights)
    assert sum(parts) == total and all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))
