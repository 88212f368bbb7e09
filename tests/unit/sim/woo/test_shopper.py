"""Shoppers and staff: checkouts that respect stock, edits in the admin, and who the journal names."""

from __future__ import annotations

import pytest

from bridge.sim.woo.checkout import SoldOutError
from tests.unit.sim.woo.calls import call, get, put
from tests.unit.sim.woo.order_calls import held, moves, order_of, shop_with_mugs, stock


@pytest.mark.parametrize(
    ("payment", "paid", "status", "is_paid"),
    [
        ("cod", None, "processing", False),
        ("bacs", None, "on-hold", False),
        ("stripe", None, "processing", True),
        ("stripe", False, "pending", False),
        ("bacs", True, "processing", True),
    ],
)
def test_a_checkout_ends_in_the_gateways_status(payment: str, paid: bool | None, status: str, is_paid: bool) -> None:
    shop, mug = shop_with_mugs()
    made = shop.acts["checkout"](lines=[{"id": mug, "quantity": 2}], payment=payment, paid=paid)
    order = get(shop, f"/wc/v3/orders/{made['order_id']}")
    assert (order["status"], order["date_paid"] is not None) == (status, is_paid)
    assert order["created_via"] == "store-api"
    assert stock(shop, mug) == (100 if status == "pending" else 98)


def test_a_checkout_is_refused_when_sold_out_and_changes_nothing() -> None:
    shop, mug = shop_with_mugs(3)
    shop.acts["checkout"](lines=[{"id": mug, "quantity": 2}])
    with pytest.raises(SoldOutError) as refusal:
        shop.acts["checkout"](lines=[{"id": mug, "quantity": 2}])
    assert refusal.value.left == 1
    assert (stock(shop, mug), len(get(shop, "/wc/v3/orders"))) == (1, 1)


def test_with_backorders_the_shop_sells_below_zero() -> None:
    shop, mug = shop_with_mugs(1, backorders="notify")
    shop.acts["checkout"](lines=[{"id": mug, "quantity": 2}])
    assert stock(shop, mug) == -1


def test_a_pickup_order_knows_only_the_name_of_its_place() -> None:
    shop, mug = shop_with_mugs()
    place = {"name": "Uptown", "address": {"address_1": "9 Broadway", "city": "NYC"}, "enabled": True}
    shop.acts["set_pickup_locations"](locations=[place])
    made = shop.acts["checkout"](lines=[{"id": mug, "quantity": 1}], pickup="Uptown")
    [line] = get(shop, f"/wc/v3/orders/{made['order_id']}")["shipping_lines"]
    assert (line["method_id"], line["instance_id"]) == ("pickup_location", "0")
    assert {m["key"]: m["value"] for m in line["meta_data"]}["pickup_location"] == "Uptown"
    with pytest.raises(LookupError):
        shop.acts["checkout"](lines=[{"id": mug, "quantity": 1}], pickup="Downtown")


def test_the_journal_tells_shoppers_from_staff_and_from_keys() -> None:
    shop, mug = shop_with_mugs()
    first = shop.acts["checkout"](lines=[{"id": mug, "quantity": 2}])["order_id"]
    line = get(shop, f"/wc/v3/orders/{first}")["line_items"][0]["id"]
    shop.acts["staff_edit_order_line"](order_id=first, line_id=line, quantity=5)
    shop.acts["staff_refund"](order_id=first, lines=[{"id": line, "quantity": 1}])
    shop.acts["cancel_order"](order_id=first)
    second = order_of(shop, mug, 1)["id"]
    shop.acts["staff_order_status"](order_id=second, status="processing")
    assert moves(shop) == [
        ("order_reduce", "shopper", -2, f"order:{first}"),
        ("line_edit", "staff", -3, f"order:{first}"),
        ("refund_restock", "staff", 1, f"order:{first}"),
        ("order_restore", "shopper", 4, f"order:{first}"),
        ("order_reduce", "staff", -1, f"order:{second}"),
    ]


def test_the_admin_rescales_a_lines_total_where_rest_does_not() -> None:
    shop, mug = shop_with_mugs()
    made = shop.acts["checkout"](lines=[{"id": mug, "quantity": 2}])["order_id"]
    line = get(shop, f"/wc/v3/orders/{made}")["line_items"][0]["id"]
    shop.acts["staff_edit_order_line"](order_id=made, line_id=line, quantity=5)
    order = get(shop, f"/wc/v3/orders/{made}")
    assert (order["total"], held(order), stock(shop, mug)) == ("50.00", "5", 95)
    shop.acts["staff_edit_order_line"](order_id=made, line_id=line, quantity=0)
    assert (get(shop, f"/wc/v3/orders/{made}")["line_items"], stock(shop, mug)) == ([], 100)


def test_staff_deleting_an_order_gives_nothing_back() -> None:
    shop, mug = shop_with_mugs()
    made = shop.acts["checkout"](lines=[{"id": mug, "quantity": 2}])["order_id"]
    shop.acts["staff_delete_order"](order_id=made)
    assert get(shop, f"/wc/v3/orders/{made}")["status"] == "trash"
    shop.acts["staff_delete_order"](order_id=made, force=True)
    assert (call(shop, "GET", f"/wc/v3/orders/{made}").status, stock(shop, mug)) == (404, 98)


def test_a_sale_inside_the_window_of_a_delta_write_loses_its_decrement() -> None:
    shop, mug = shop_with_mugs()
    shop.between.append(lambda: shop.acts["checkout"](lines=[{"id": mug, "quantity": 3}]))
    put(shop, f"/wc/v3/products/{mug}", {"inventory_delta": -1})
    assert stock(shop, mug) == 99
    order = get(shop, "/wc/v3/orders")[0]
    assert held(order) == "3"


def test_an_order_of_a_variation_without_its_own_stock_takes_the_parents() -> None:
    shop, _ = shop_with_mugs()
    parent = {
        "name": "Cap",
        "type": "variable",
        "attributes": [{"name": "Size", "variation": True, "options": ["S"]}],
        "manage_stock": True,
        "stock_quantity": 20,
        "variations": [{"regular_price": "20", "attributes": [{"name": "Size", "option": "S"}]}],
    }
    [cap] = shop.acts["seed"]([parent])
    [small] = get(shop, f"/wc/v3/products/{cap}")["variations"]
    made = shop.acts["checkout"](lines=[{"id": small, "quantity": 2}])
    assert stock(shop, cap) == 18
    [line] = get(shop, f"/wc/v3/orders/{made['order_id']}")["line_items"]
    assert (line["product_id"], line["variation_id"], line["parent_name"]) == (cap, small, "Cap")
    with pytest.raises(SoldOutError):
        shop.acts["checkout"](lines=[{"id": small, "quantity": 10}, {"id": small, "quantity": 9}])
