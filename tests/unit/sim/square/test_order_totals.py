"""The arithmetic of an order: half to even, apportioning, inclusive and additive taxes."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.sim.square.order_totals import apportion, half_even, price_order


def line(amount: int, quantity: str = "1", **more: Any) -> dict[str, Any]:
    return {"quantity": quantity, "base_price_money": {"amount": amount, "currency": "USD"}, **more}


def priced(lines: list[dict[str, Any]], *, inclusive_in_gross: bool = False, **more: Any) -> dict[str, Any]:
    numbers = count()
    order = {"line_items": lines, **more}
    price_order(order, "USD", lambda: f"u{next(numbers)}", inclusive_in_gross=inclusive_in_gross)
    return order


def tax(percentage: str, kind: str = "ADDITIVE", scope: str = "ORDER", uid: str = "tax") -> dict[str, Any]:
    return {"uid": uid, "name": uid, "percentage": percentage, "type": kind, "scope": scope}


def amount(order: dict[str, Any], field: str) -> int:
    return int(order[field]["amount"])


@pytest.mark.parametrize(
    ("top", "bottom", "rounded"),
    [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (585, 10, 58), (595, 10, 60), (1, 3, 0), (2, 3, 1)],
)
def test_a_half_goes_to_the_even_neighbour(top: int, bottom: int, rounded: int) -> None:
    assert half_even(top, bottom) == rounded


def test_nine_and_three_quarters_percent_of_six_dollars_is_fifty_eight_cents() -> None:
    order = priced([line(600)], taxes=[tax("9.75")])
    assert amount(order, "total_tax_money") == 58
    assert amount(order, "total_money") == 658


def test_an_inclusive_tax_is_taken_out_of_the_price_and_not_added() -> None:
    order = priced([line(1200)], taxes=[tax("20", "INCLUSIVE")])
    assert amount(order, "total_money") == 1200
    assert amount(order, "total_tax_money") == 200
    assert order["line_items"][0]["gross_sales_money"]["amount"] == 1000


def test_gross_sales_keep_the_inclusive_tax_in_europe() -> None:
    order = priced([line(1200)], taxes=[tax("20", "INCLUSIVE")], inclusive_in_gross=True)
    assert order["line_items"][0]["gross_sales_money"]["amount"] == 1200


def test_an_order_tax_is_computed_once_and_apportioned_over_the_lines() -> None:
    order = priced([line(333), line(333), line(334)], taxes=[tax("7.5")])
    assert amount(order, "total_tax_money") == 75
    shares = [item["applied_taxes"][0]["applied_money"]["amount"] for item in order["line_items"]]
    assert shares == [25, 25, 25]


def test_a_line_tax_only_reaches_the_lines_that_name_it() -> None:
    lines = [line(1000, applied_taxes=[{"uid": "a", "tax_uid": "tax"}]), line(1000)]
    order = priced(lines, taxes=[tax("10", scope="LINE_ITEM")])
    assert amount(order, "total_tax_money") == 100
    assert "applied_taxes" not in order["line_items"][1]


def test_an_order_discount_is_spread_in_proportion_to_the_lines_and_lowers_the_tax() -> None:
    discount = {"uid": "d", "amount_money": {"amount": 100, "currency": "USD"}, "scope": "ORDER"}
    order = priced([line(300), line(700)], discounts=[discount], taxes=[tax("10")])
    assert [item["total_discount_money"]["amount"] for item in order["line_items"]] == [30, 70]
    assert amount(order, "total_tax_money") == 90
    assert amount(order, "total_money") == 990


def test_percentages_come_before_fixed_amounts() -> None:
    fixed = {"uid": "f", "amount_money": {"amount": 100, "currency": "USD"}, "scope": "ORDER"}
    half = {"uid": "h", "percentage": "50", "scope": "ORDER"}
    order = priced([line(1000)], discounts=[fixed, half])
    assert amount(order, "total_money") == 400


def test_a_discount_never_makes_a_line_negative() -> None:
    discount = {"uid": "d", "amount_money": {"amount": 5000, "currency": "USD"}, "scope": "ORDER"}
    order = priced([line(300)], discounts=[discount])
    assert amount(order, "total_money") == 0
    assert amount(order, "total_discount_money") == 300


def test_a_taxable_subtotal_charge_is_taxed_and_a_total_charge_is_not() -> None:
    charges = [
        {"uid": "s", "amount_money": {"amount": 500}, "calculation_phase": "SUBTOTAL_PHASE", "taxable": True},
        {"uid": "t", "percentage": "10", "calculation_phase": "TOTAL_PHASE"},
    ]
    order = priced([line(1000)], taxes=[tax("10")], service_charges=charges)
    assert amount(order, "total_tax_money") == 150
    assert amount(order, "total_service_charge_money") == 500 + 165
    assert amount(order, "total_money") == 1650 + 165


def test_an_apportioned_charge_lands_on_the_lines() -> None:
    charge = {"uid": "c", "amount_money": {"amount": 10}, "calculation_phase": "APPORTIONED_AMOUNT_PHASE"}
    order = priced([line(100), line(200)], service_charges=[charge])
    assert [item["total_service_charge_money"]["amount"] for item in order["line_items"]] == [3, 7]
    assert amount(order, "total_money") == 310


def test_a_quantity_may_have_five_decimals() -> None:
    order = priced([line(1001, "0.50000")])
    assert amount(order, "total_money") == 500


def test_modifiers_count_in_the_gross() -> None:
    order = priced([line(100, "2", modifiers=[{"uid": "m", "base_price_money": {"amount": 25}}])])
    assert amount(order, "total_money") == 250


def test_a_blocked_tax_passes_the_line_by() -> None:
    blocked = {"blocked_taxes": [{"uid": "b", "tax_uid": "tax"}]}
    order = priced([line(1000, pricing_blocklists=blocked), line(1000)], taxes=[tax("10")])
    assert amount(order, "total_tax_money") == 100


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), min_size=1, max_size=30))
def test_the_parts_always_add_up_to_the_whole(total: int, weights: list[int]) -> None:
    parts = apportion(total, weights)
    assert sum(parts) == (total if sum(weights) else 0)
    assert all(part >= 0 for part in parts)


@given(
    st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 9)), min_size=1, max_size=8),
    st.sampled_from(["7.25", "9.75", "20", "0"]),
    st.sampled_from(["INCLUSIVE", "ADDITIVE"]),
    st.integers(0, 5000),
)
def test_the_order_is_the_sum_of_its_lines(rows: list[tuple[int, int]], percentage: str, kind: str, off: int) -> None:
    discount = {"uid": "d", "amount_money": {"amount": off}, "scope": "ORDER"}
    order = priced(
        [line(price, str(many)) for price, many in rows],
        taxes=[tax(percentage, kind), tax("1.5", uid="second")],
        discounts=[discount],
    )
    for field in ("total_money", "total_tax_money", "total_discount_money"):
        assert amount(order, field) == sum(item[field]["amount"] for item in order["line_items"])
    net = sum(item["total_money"]["amount"] for item in order["line_items"])
    gross = sum(price * many for price, many in rows)
    assert net <= gross + amount(order, "total_tax_money")
