"""Refunds travel once, whole, and without moving money."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.refund import (
    CannotCarry,
    Carry,
    RefundFact,
    RefundLine,
    marked_reason,
    origin_in,
    shop_refund,
    shop_refund_body,
    till_refund,
    to_carry,
)
from tests.unit.domain.laws import law

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings" / "woocommerce"


def fact(side: Any, number: str, amount: int, **more: Any) -> RefundFact:
    return RefundFact(side, number, amount, **more)


def test_the_recorded_refund_is_read_with_its_lines_and_tax() -> None:
    path = RECORDINGS / "refund_with_tax.json"
    if not path.exists():
        pytest.skip("the recordings (../shared/recordings) are not here")
    found = shop_refund(json.loads(path.read_text())["response"]["body"], 2)
    assert found == RefundFact("woo", "273", 1050, (RefundLine("228", Decimal(1), 1050),))


def test_a_till_refund_is_read_line_by_line_from_its_return_order() -> None:
    lines = [
        {"source_line_item_uid": "product-48", "quantity": "1", "total_money": {"amount": 500}},
        {"catalog_object_id": "V1", "quantity": "2", "total_money": {"amount": 300}},
        {"name": "Custom", "quantity": "1", "total_money": {"amount": 100}},
    ]
    refund = {"id": "r1", "amount_money": {"amount": 900}, "status": "COMPLETED", "reason": "broken"}
    found = till_refund(refund, {"returns": [{"return_line_items": lines}]}, {"V1": "49"}, restocked=True)
    assert found.lines == (RefundLine("48", Decimal(1), 500), RefundLine("49", Decimal(2), 300))
    assert (found.name, found.amount, found.restocked, found.counts) == ("square:r1", 900, True, True)
    assert not till_refund({**refund, "status": "FAILED"}, None, {}).counts


def test_a_reason_carries_its_origin_and_keeps_within_squares_length() -> None:
    said = marked_reason(fact("woo", "273", 1, reason="x" * 400))
    assert len(said) == 192 and origin_in(said) == "woo:273"
    assert marked_reason(fact("woo", "273", 1)) == "Refunded online [woo:273]"
    assert origin_in("nothing [here]") == ""


def test_a_refund_travels_once_and_its_image_never_comes_back() -> None:
    shop = fact("woo", "273", 500)
    due = to_carry([shop], (), paid_at_square=2000, total_in_shop=2000)
    assert due == [Carry(shop, "square", 500)]
    image = fact("square", "abc", 500, origin="woo:273")
    assert to_carry([shop, image], (), paid_at_square=2000, total_in_shop=2000) == []
    assert to_carry([shop], ["woo:273"], paid_at_square=2000, total_in_shop=2000) == []
    assert to_carry([fact("square", "abc", 500)], ["square:abc"], paid_at_square=2000, total_in_shop=2000) == []


def test_part_in_one_channel_and_the_rest_in_the_other() -> None:
    shop, till = fact("woo", "1", 800), fact("square", "2", 1200)
    due = to_carry([shop, till], (), paid_at_square=2000, total_in_shop=2000)
    assert due == [Carry(shop, "square", 800), Carry(till, "woo", 1200)]


def test_more_than_is_left_is_asked_and_failed_refunds_are_nothing() -> None:
    first, second = fact("woo", "1", 1500), fact("square", "2", 1000)
    assert to_carry([first, second], (), paid_at_square=2000, total_in_shop=2000) == [
        CannotCarry(first, 1000),
        CannotCarry(second, 500),
    ]
    failed = fact("square", "3", 100, counts=False)
    assert to_carry([failed, fact("woo", "4", 0)], (), paid_at_square=2000, total_in_shop=2000) == []


def test_an_order_that_is_not_at_the_till_has_nothing_to_refund_there() -> None:
    assert to_carry([fact("woo", "1", 500)], (), paid_at_square=0, total_in_shop=2000) == []


amounts = st.lists(st.tuples(st.sampled_from(["woo", "square"]), st.integers(1, 700)), max_size=6)


@law
@given(amounts, st.integers(0, 6))
def test_carrying_until_nothing_is_due_gives_back_the_same_on_both_sides_and_never_too_much(
    drawn: list[tuple[Any, int]], crash_after: int
) -> None:
    """A restart that lost the ledger in between changes nothing: images tell where they come from."""
    total, carried = 2000, set[str]()
    facts: list[RefundFact] = []
    for number, (side, amount) in enumerate(drawn):
        if sum(f.amount for f in facts if f.side == side) + amount <= total:
            facts.append(fact(side, str(number), amount))
        for _ in range(2):
            due = [
                d for d in to_carry(facts, carried, paid_at_square=total, total_in_shop=total) if isinstance(d, Carry)
            ]
            for carry in due:
                facts.append(fact(carry.to, f"i{len(facts)}", carry.amount, origin=carry.fact.name))
                carried |= {carry.fact.name, facts[-1].name}
        if number == crash_after:
            carried.clear()
        assert not [
            d for d in to_carry(facts, carried, paid_at_square=total, total_in_shop=total) if isinstance(d, Carry)
        ]
    for side in ("woo", "square"):
        assert sum(f.amount for f in facts if f.side == side) <= total
    images = [f.origin for f in facts if f.origin]
    assert len(images) == len(set(images))


def order_row(number: int, total: str, *taxes: tuple[int, str]) -> dict[str, Any]:
    return {"id": number, "total": total, "taxes": [{"id": rate, "total": amount} for rate, amount in taxes]}


def test_a_till_refund_becomes_a_shop_refund_that_moves_no_money() -> None:
    order = {"line_items": [order_row(48, "10.00", (1, "0.8"), (2, "0.2")), order_row(49, "0.00")]}
    given_back = fact("square", "r1", 700, lines=(RefundLine("48", Decimal(1), 550), RefundLine("99", Decimal(1), 50)))
    body = shop_refund_body(given_back, order, 2, key="k1", restock=True)
    assert (body["amount"], body["api_refund"], body["api_restock"]) == ("7.00", False, True)
    [row] = body["line_items"]
    assert row == {
        "id": 48,
        "quantity": 1,
        "refund_total": "5.00",
        "refund_tax": [{"id": 1, "refund_total": "0.40"}, {"id": 2, "refund_total": "0.10"}],
    }
    assert origin_in(body["reason"]) == "square:r1"
    assert {entry["key"]: entry["value"] for entry in body["meta_data"]} == {
        "_bridge_origin": "square:r1",
        "_bridge_key": "k1",
    }
    bare = shop_refund_body(fact("square", "r2", 700), order, 2, key="k", restock=True)
    assert bare["line_items"] == [] and bare["api_restock"] is False


@law
@given(
    st.integers(0, 5000),
    st.lists(st.integers(0, 900), max_size=3),
    st.integers(0, 6000),
)
def test_a_refunded_line_is_split_into_price_and_taxes_to_the_cent(net: int, taxes: list[int], amount: int) -> None:
    row = order_row(1, f"{net / 100:.2f}", *((n + 1, f"{tax / 100:.2f}") for n, tax in enumerate(taxes)))
    given_back = fact("square", "r", amount, lines=(RefundLine("1", Decimal(1), amount),))
    [line] = shop_refund_body(given_back, {"line_items": [row]}, 2, key="k", restock=False)["line_items"]
    parts = [line["refund_total"], *(tax["refund_total"] for tax in line.get("refund_tax", ()))]
    assert sum(round(Decimal(part) * 100) for part in parts) == amount
    assert all(Decimal(part) >= 0 for part in parts)
