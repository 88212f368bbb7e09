"""Who moves a stock number, what is lost in a race, and what the journal saw of it."""

from __future__ import annotations

import pytest

from bridge.sim.woo.shop import FakeWoo
from bridge.sim.woo.stock import change_stock, stock_holder
from tests.unit.sim.woo.calls import basic, call, frozen_shop, get, post, put


def mug(shop: FakeWoo, quantity: int = 100) -> int:
    body = {"name": "Mug", "sku": "MUG", "regular_price": "9", "manage_stock": True, "stock_quantity": quantity}
    return int(shop.acts["seed"]([body])[0])


def shirt(shop: FakeWoo, *, parent_manages: bool = False) -> tuple[int, list[int]]:
    [number] = shop.acts["seed"](
        [
            {
                "name": "Shirt",
                "type": "variable",
                "attributes": [{"name": "Size", "variation": True, "options": ["S", "L"]}],
                "manage_stock": parent_manages,
                "stock_quantity": 40 if parent_manages else None,
                "variations": [
                    {
                        "sku": f"SHIRT-{size}",
                        "regular_price": "20",
                        "manage_stock": not parent_manages,
                        "stock_quantity": None if parent_manages else 10,
                        "attributes": [{"name": "Size", "option": size}],
                    }
                    for size in ("S", "L")
                ],
            }
        ]
    )
    return number, get(shop, f"/wc/v3/products/{number}")["variations"]


def sell(shop: FakeWoo, number: int, quantity: int = 1) -> None:
    item = shop.state.items[number]
    change_stock(shop, item, -quantity, actor="shopper", kind="order_reduce", reference="order:1")


def test_a_delta_loses_the_sale_that_happens_while_it_is_saved() -> None:
    shop = frozen_shop()
    number = mug(shop)
    shop.between.append(lambda: sell(shop, number))
    assert put(shop, f"/wc/v3/products/{number}", {"inventory_delta": -1})["stock_quantity"] == 99
    moves = [(e.kind, e.actor, int(e.delta), e.detail) for e in shop.journal]
    assert moves == [
        ("order_reduce", "shopper", -1, {}),
        ("api_delta", "api:bridge", 0, {"intended": -1}),
    ]


def test_an_atomic_delta_loses_nothing() -> None:
    shop = frozen_shop()
    shop.delta_is_atomic = True
    number = mug(shop)
    shop.between.append(lambda: sell(shop, number))
    assert put(shop, f"/wc/v3/products/{number}", {"inventory_delta": -1})["stock_quantity"] == 98


def test_an_absolute_write_erases_sales_made_meanwhile() -> None:
    shop = frozen_shop()
    number = mug(shop, 95)
    shop.between.append(lambda: sell(shop, number, 4))
    assert put(shop, f"/wc/v3/products/{number}", {"stock_quantity": 100})["stock_quantity"] == 100
    assert [int(e.delta) for e in shop.journal] == [-4, 9]


def test_an_absolute_write_of_the_number_that_was_read_writes_nothing() -> None:
    shop = frozen_shop()
    number = mug(shop)
    shop.between.append(lambda: sell(shop, number))
    put(shop, f"/wc/v3/products/{number}", {"stock_quantity": 100})
    assert shop.state.items[number].stock == 99


def test_a_write_without_a_stock_field_never_touches_stock() -> None:
    shop = frozen_shop()
    number = mug(shop)
    for _ in range(15):
        sell(shop, number)
        put(shop, f"/wc/v3/products/{number}", {"regular_price": "8", "name": "Mug"})
    assert shop.state.items[number].stock == 85


def test_journal_deltas_add_up_to_the_number_shown() -> None:
    shop = frozen_shop()
    number = mug(shop, 50)
    path = f"/wc/v3/products/{number}"
    put(shop, path, {"inventory_delta": -7})
    sell(shop, number, 3)
    put(shop, path, {"stock_quantity": 12})
    shop.acts["staff_set_stock"](number, 30)
    shop.between.append(lambda: sell(shop, number, 2))
    put(shop, path, {"inventory_delta": 5})
    total = 50 + sum(int(e.delta) for e in shop.journal if e.stock_id == str(number))
    assert total == shop.state.items[number].stock == get(shop, path)["stock_quantity"]
    assert [e.kind for e in shop.journal if e.actor == "staff"] == ["staff_edit"]


def test_a_key_sent_with_a_delta_is_in_the_journal_and_in_the_meta() -> None:
    shop = frozen_shop()
    number = mug(shop)
    body = {"inventory_delta": -2, "meta_data": [{"key": "_bridge_key", "value": "k1"}]}
    answer = put(shop, f"/wc/v3/products/{number}", body)
    assert [(m["key"], m["value"]) for m in answer["meta_data"]] == [("_bridge_key", "k1")]
    [event] = shop.journal
    assert event.detail == {"meta": {"_bridge_key": "k1"}}


def test_throwing_stock_management_away_is_journaled_and_coming_back_starts_from_nothing() -> None:
    shop = frozen_shop()
    number = mug(shop, 7)
    path = f"/wc/v3/products/{number}"
    put(shop, path, {"manage_stock": False})
    back = put(shop, path, {"manage_stock": True})
    assert (back["stock_quantity"], back["stock_status"]) == (None, "outofstock")
    assert [(e.kind, int(e.delta)) for e in shop.journal] == [("stock_unmanaged", -7)]


BACKORDERS = [("no", "outofstock"), ("notify", "onbackorder"), ("yes", "onbackorder")]


@pytest.mark.parametrize(("backorders", "status"), BACKORDERS)
def test_below_one_the_status_follows_the_backorders_setting(backorders: str, status: str) -> None:
    shop = frozen_shop()
    number = mug(shop, 1)
    shop.acts["staff_edit_product"](number, {"backorders": backorders})
    sell(shop, number, 2)
    assert shop.state.items[number].stock_status == status


def test_a_variable_product_runs_out_with_its_last_variation_and_comes_back() -> None:
    shop = frozen_shop()
    number, (first, second) = shirt(shop)
    put(shop, f"/wc/v3/products/{number}/variations/{first}", {"stock_quantity": 0})
    assert get(shop, f"/wc/v3/products/{number}")["stock_status"] == "instock"
    sell(shop, second, 10)
    assert get(shop, f"/wc/v3/products/{number}")["stock_status"] == "outofstock"
    put(shop, f"/wc/v3/products/{number}/variations/{first}", {"inventory_delta": 1})
    assert get(shop, f"/wc/v3/products/{number}")["stock_status"] == "instock"


def test_a_sale_of_a_parent_managed_variation_lowers_the_parent() -> None:
    shop = frozen_shop()
    number, (first, second) = shirt(shop, parent_manages=True)
    assert stock_holder(shop, shop.state.items[first]) is shop.state.items[number]
    sell(shop, first, 3)
    shown = get(shop, f"/wc/v3/products/{number}/variations")
    assert [(row["manage_stock"], row["stock_quantity"]) for row in shown] == [("parent", 37)] * 2
    assert [e.stock_id for e in shop.journal] == [str(number)]
    assert second != first


def test_a_sale_of_an_unmanaged_product_moves_nothing() -> None:
    shop = frozen_shop()
    [number] = shop.acts["seed"]([{"name": "Gift card", "regular_price": "5"}])
    sell(shop, number)
    assert shop.state.items[number].stock is None
    assert len(shop.journal) == 0


def test_batch_items_are_written_unvalidated() -> None:
    shop = frozen_shop()
    number = mug(shop)
    body = {"update": [{"id": number, "stock_quantity": "abc"}, {"id": number, "manage_stock": "garbage"}]}
    first, second = post(shop, "/wc/v3/products/batch", body)["update"]
    assert (first["stock_quantity"], first["stock_status"]) == (0, "outofstock")
    assert (second["manage_stock"], second["stock_quantity"]) == (False, None)


def test_a_created_product_brings_its_stock_as_a_movement() -> None:
    shop = frozen_shop()
    body = {"name": "Cup", "sku": "CUP", "manage_stock": True, "stock_quantity": "4"}
    number = post(shop, "/wc/v3/products", body)["id"]
    assert [(e.kind, e.stock_id, int(e.delta)) for e in shop.journal] == [("api_set", str(number), 4)]


def test_a_read_key_cannot_write_stock() -> None:
    shop = frozen_shop()
    number = mug(shop)
    shop.acts["add_key"](key="ck_r", secret="cs_r", permissions="read")
    answer = call(shop, "PUT", f"/wc/v3/products/{number}", {"stock_quantity": 1}, basic("ck_r", "cs_r"))
    assert (answer.status, answer.json()["code"]) == (401, "woocommerce_rest_authentication_error")
    assert shop.state.items[number].stock == 100
