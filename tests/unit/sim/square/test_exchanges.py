"""Exchanges at the simulated till: goods back and goods out in one order, money only for the difference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge.sim.square.account import FakeSquare
from tests.unit.sim.square.test_pos import on_hand, places, sold, square, variations

__all__ = ["square"]  # the fixture

Json = dict[str, Any]


def swap(square: FakeSquare, price: int | None, **more: Any) -> tuple[Json, Json, Json]:
    """One shirt of a sale of two for an item at ``price`` (or its own); (sale, what the act said, the order)."""
    sale = sold(square)
    price = price if price is not None else square.state.orders[sale["order_id"]]["total_money"]["amount"] // 2
    shirt, other, *_ = variations(square)
    back = [{"order_id": sale["order_id"], "variation_id": shirt, "quantity": "1"}]
    out = [{"variation_id": other, "quantity": "1", "price": price}]
    made = square.acts["exchange"](places(square)[1], back, out, **more)
    return sale, made, square.state.orders[made["order_id"]]


def amounts(order: Json) -> tuple[int, int, int, int]:
    """(sold, taken back, the difference, what is still due)."""
    return (
        order["total_money"]["amount"],
        order["return_amounts"]["total_money"]["amount"],
        order["net_amounts"]["total_money"]["amount"],
        order["net_amount_due_money"]["amount"],
    )


def test_dearer_goods_are_paid_for_by_the_difference(square: FakeSquare) -> None:
    sale, made, order = swap(square, 2500)
    one = square.state.payments[sale["payment_id"]]["total_money"]["amount"] // 2
    assert amounts(order) == (2500, one, 2500 - one, 0)
    assert [tender["amount_money"]["amount"] for tender in order["tenders"]] == [2500 - one]
    assert made["refund_id"] is None and not square.state.refunds
    assert order["state"] == "COMPLETED" and "version" not in order
    assert order["returns"][0]["source_order_id"] == sale["order_id"]


def test_an_even_exchange_moves_no_money(square: FakeSquare) -> None:
    payments = len(square.state.payments)
    _, made, order = swap(square, None)
    assert amounts(order)[2:] == (0, 0)
    assert made["payment_id"] is None and made["refund_id"] is None
    assert len(square.state.payments) == payments + 1, "the sale's own"
    assert order["state"] == "COMPLETED" and not order.get("tenders")


def test_cheaper_goods_give_the_difference_back(square: FakeSquare) -> None:
    sale, made, order = swap(square, 300)
    one = square.state.payments[sale["payment_id"]]["total_money"]["amount"] // 2
    assert amounts(order) == (300, one, 300 - one, 0)
    refund = square.state.refunds[made["refund_id"]]
    assert refund["amount_money"]["amount"] == one - 300
    assert (refund["order_id"], refund["payment_id"]) == (order["id"], sale["payment_id"])
    assert square.state.payments[sale["payment_id"]]["refunded_money"]["amount"] == one - 300


def test_where_square_calls_the_whole_value_a_refund_the_new_goods_are_paid_whole(square: FakeSquare) -> None:
    square.acts["switch_selling"](exchange_refund="whole")
    sale, made, order = swap(square, 2500)
    one = square.state.payments[sale["payment_id"]]["total_money"]["amount"] // 2
    assert square.state.refunds[made["refund_id"]]["amount_money"]["amount"] == one
    assert square.state.payments[made["payment_id"]]["total_money"]["amount"] == 2500
    assert amounts(order) == (2500, one, 2500 - one, 0)


@pytest.mark.parametrize("restock", [True, False])
def test_both_kinds_of_goods_move_once_where_the_exchange_was(square: FakeSquare, restock: bool) -> None:
    mark = len(square.journal)
    swap(square, 2500, restock=restock)
    shirt, other, *_ = variations(square)
    assert on_hand(square, shirt, 1) == 10 + restock and on_hand(square, other, 1) == 9
    told = [(event.kind, event.delta) for event in square.journal.since(mark)]
    assert told == [("sale", Decimal(-2)), ("sale", Decimal(-1)), *([("refund", Decimal(1))] if restock else [])]


def test_goods_of_two_sales_are_two_returns_and_those_without_a_receipt_a_third(square: FakeSquare) -> None:
    first, second = sold(square), sold(square)
    shirt, other, third = variations(square)
    back = [{"order_id": one["order_id"], "variation_id": shirt, "quantity": "1"} for one in (first, second)]
    back.append({"variation_id": third, "quantity": "1", "price": 50})
    made = square.acts["exchange"](places(square)[0], back, [{"variation_id": other, "quantity": "1"}])
    order = square.state.orders[made["order_id"]]
    assert [one.get("source_order_id") for one in order["returns"]] == [first["order_id"], second["order_id"], None]
    parts = [one["return_amounts"]["total_money"]["amount"] for one in order["returns"]]
    assert sum(parts) == order["return_amounts"]["total_money"]["amount"] and parts[2] == 50
