"""When an order takes stock, gives it back, and what of it its lines and the journal remember."""

from __future__ import annotations

import pytest

from tests.unit.sim.woo.calls import call, get, put
from tests.unit.sim.woo.order_calls import held, moves, order_of, refund, set_status, shop_with_mugs, stock


@pytest.mark.parametrize("status", ["on-hold", "processing", "completed"])
def test_an_order_takes_its_stock_once_however_it_wanders_among_holding_statuses(status: str) -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3)
    assert stock(shop, mug) == 100
    for step in (status, "on-hold", "completed", "processing"):
        order = set_status(shop, order, step)
    assert (stock(shop, mug), held(order)) == (97, "3")
    assert moves(shop) == [("order_reduce", "api:bridge", -3, f"order:{order['id']}")]


@pytest.mark.parametrize("release", ["cancelled", "pending"])
def test_cancelling_gives_stock_back_and_returning_takes_it_again(release: str) -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3, status="processing")
    order = set_status(shop, order, release)
    assert (stock(shop, mug), held(order)) == (100, None)
    order = set_status(shop, order, "processing")
    assert (stock(shop, mug), held(order)) == (97, "3")


def test_a_failed_order_keeps_its_stock_until_it_is_cancelled() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3, status="processing")
    set_status(shop, order, "failed")
    assert stock(shop, mug) == 97
    set_status(shop, order, "cancelled")
    assert stock(shop, mug) == 100


def test_status_refunded_restocks_nothing_and_makes_a_refund_without_lines() -> None:
    shop, mug = shop_with_mugs()
    order = set_status(shop, order_of(shop, mug, 3, status="processing"), "refunded")
    assert stock(shop, mug) == 97
    [made] = get(shop, f"/wc/v3/orders/{order['id']}/refunds")
    assert (made["amount"], made["line_items"]) == ("30.00", [])


@pytest.mark.parametrize("force", ["", "?force=true"])
def test_deleting_an_order_restocks_nothing(force: str) -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3, status="processing")
    assert call(shop, "DELETE", f"/wc/v3/orders/{order['id']}{force}").status == 200
    assert stock(shop, mug) == 97


def test_an_order_back_from_the_trash_takes_no_stock_twice() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3, status="processing")
    call(shop, "DELETE", f"/wc/v3/orders/{order['id']}")
    set_status(shop, order, "processing")
    assert stock(shop, mug) == 97


def test_rest_orders_are_not_stock_checked() -> None:
    shop, mug = shop_with_mugs(21)
    order_of(shop, mug, 1000, status="processing")
    assert stock(shop, mug) == -979
    assert get(shop, f"/wc/v3/products/{mug}")["stock_status"] == "outofstock"


def test_stock_follows_edited_added_and_removed_lines_but_the_total_of_a_line_does_not() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3, status="processing")
    line = order["line_items"][0]["id"]
    path = f"/wc/v3/orders/{order['id']}"
    edited = put(shop, path, {"line_items": [{"id": line, "quantity": 5}]})
    assert (stock(shop, mug), held(edited), edited["total"]) == (95, "5", "30.00")
    put(shop, path, {"line_items": [{"product_id": mug, "quantity": 2}]})
    assert stock(shop, mug) == 93
    put(shop, path, {"line_items": [{"id": line, "product_id": None}]})
    assert stock(shop, mug) == 98
    assert [move[0] for move in moves(shop)] == ["order_reduce", "line_edit", "line_edit", "line_edit"]


def test_an_edit_of_a_pending_order_moves_no_stock() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3)
    edit = {"line_items": [{"id": order["line_items"][0]["id"], "quantity": 5}]}
    put(shop, f"/wc/v3/orders/{order['id']}", edit)
    assert stock(shop, mug) == 100


def test_a_refused_edit_leaves_the_order_as_it_was() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3, status="processing")
    bad = {"line_items": [{"id": order["line_items"][0]["id"], "quantity": 5}, {"id": 999, "quantity": 1}]}
    answer = call(shop, "PUT", f"/wc/v3/orders/{order['id']}", bad)
    assert (answer.status, answer.json()["code"]) == (400, "woocommerce_rest_invalid_item_id")
    assert get(shop, f"/wc/v3/orders/{order['id']}")["line_items"][0]["quantity"] == 3
    assert stock(shop, mug) == 97


def test_refunded_units_go_back_and_a_later_cancel_gives_back_only_the_rest() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3, status="processing")
    line = order["line_items"][0]["id"]
    assert refund(shop, order, line_items=[{"id": line, "quantity": 1, "refund_total": 10}]).status == 201
    assert (stock(shop, mug), held(get(shop, f"/wc/v3/orders/{order['id']}"))) == (98, "2")
    set_status(shop, order, "cancelled")
    assert stock(shop, mug) == 100
    assert [move[0] for move in moves(shop)] == ["order_reduce", "refund_restock", "order_restore"]


@pytest.mark.parametrize("how", [{"api_restock": False}, {"api_restock": True, "line_items": [], "amount": "10"}])
def test_a_refund_without_restock_or_by_amount_leaves_stock_alone(how: dict[str, object]) -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3, status="processing")
    lines = [{"id": order["line_items"][0]["id"], "quantity": 1, "refund_total": 10}]
    assert refund(shop, order, **{"line_items": lines, **how}).status == 201
    assert (stock(shop, mug), held(get(shop, f"/wc/v3/orders/{order['id']}"))) == (97, "3")


def test_restock_items_is_ignored_and_more_than_was_ordered_may_come_back() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 2, status="processing")
    lines = [{"id": order["line_items"][0]["id"], "quantity": 5, "refund_total": 1}]
    assert refund(shop, order, line_items=lines, restock_items=False).status == 201
    assert (stock(shop, mug), held(get(shop, f"/wc/v3/orders/{order['id']}"))) == (103, "-3")


def test_an_edit_after_a_restocked_refund_counts_what_came_back() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3, status="processing")
    line = order["line_items"][0]["id"]
    refund(shop, order, line_items=[{"id": line, "quantity": 1, "refund_total": 10}])
    edited = put(shop, f"/wc/v3/orders/{order['id']}", {"line_items": [{"id": line, "quantity": 4}]})
    assert (stock(shop, mug), held(edited)) == (97, "3")


def test_a_batch_with_an_unknown_status_silently_makes_the_order_pending() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 3, status="processing")
    body = {"update": [{"id": order["id"], "status": "bogus"}, {"id": 99999, "status": "completed"}]}
    answer = call(shop, "POST", "/wc/v3/orders/batch", body).json()
    assert answer["update"][0]["status"] == "pending"
    assert answer["update"][1]["error"]["data"] == {"status": 400}
    assert stock(shop, mug) == 100


def test_the_sum_of_the_journal_is_the_number_on_the_shelf() -> None:
    shop, mug = shop_with_mugs()
    for quantity, last in ((1, "completed"), (2, "cancelled"), (3, "failed"), (4, "refunded")):
        set_status(shop, order_of(shop, mug, quantity, status="processing"), last)
    assert stock(shop, mug) == 100 + sum(delta for _, _, delta, _ in moves(shop)) == 92
