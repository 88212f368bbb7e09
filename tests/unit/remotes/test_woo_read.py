"""Listings that lose nothing, fallbacks, and searches in WooCommerce."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from bridge.errors import AccessRefused, RemoteDown
from bridge.remotes.port import Call, Reply
from tests.unit.remotes.script import START, data, page, woo


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "type": "simple", "status": "publish", "name": f"P{number}", **more}


def refused(status: int = 404, code: str = "rest_no_route") -> Reply:
    return data({"code": code, "message": "no", "data": {"status": status}}, status)


def asked(call: Call) -> dict[str, str]:
    return dict(call.query)


def test_every_listing_is_paged_by_id_ascending() -> None:
    client, script = woo(page([row(1)], pages=2, total=2), page([row(2)], pages=2, total=2))
    ids = [found.remote_id for rows in client.products() for found in rows]
    assert ids == ["1", "2"]
    for number, call in enumerate(script.calls, 1):
        wanted = {"orderby": "id", "order": "asc", "per_page": "100", "page": str(number)}
        assert asked(call).items() >= wanted.items()


def test_times_are_sent_in_whole_utc_seconds() -> None:
    client, script = woo(page([]))
    list(client.orders(modified_after=datetime(2026, 11, 22, 1, 2, 3, 999, tzinfo=timezone(timedelta(hours=-5)))))
    assert asked(script.calls[0])["modified_after"] == "2026-11-22T06:02:03Z"
    assert "dates_are_gmt" not in asked(script.calls[0])


def test_a_row_deleted_while_paging_does_not_hide_the_row_that_slides_back() -> None:
    everything = [row(number) for number in range(1, 202)]
    shifted = everything[1:]  # row 1 was deleted after the first page was read: row 101 slid onto page 1
    client, _ = woo(
        page(everything[:100], pages=3, total=201),
        page(shifted[100:200], pages=2, total=200),
        page(shifted[:100], pages=2, total=200),
        page(shifted[100:200], pages=2, total=200),
    )
    ids = [found.remote_id for rows in client.products() for found in rows]
    assert ids == [str(number) for number in range(1, 202)]


def test_a_shop_that_does_not_count_pages_is_read_to_the_short_page() -> None:
    client, script = woo(data([row(number) for number in range(1, 101)]), data([row(101)]))
    assert sum(len(rows) for rows in client.products()) == 101
    assert len(script.calls) == 2


def test_an_empty_shop_gives_no_page() -> None:
    client, _ = woo(page([]))
    assert list(client.products()) == []


def test_variations_come_shop_wide_in_one_listing() -> None:
    client, script = woo(page([row(5, type="variation", parent_id=4)]))
    [[found]] = list(client.variations())
    assert (found.remote_id, found.parent_id) == ("5", "4")
    assert script.calls[0].path == "wc-analytics/variations"


@pytest.mark.parametrize("refusal", [refused(), refused(401, "woocommerce_rest_cannot_view")])
def test_without_the_wide_listing_each_variable_parent_is_asked_and_that_is_remembered(refusal: Reply) -> None:
    answers = [page([row(4, type="variable")]), page([row(5, type="variation")])]
    client, script = woo(refusal, *answers, *answers)
    for _ in range(2):
        [[found]] = list(client.variations(modified_after=START))
        assert (found.remote_id, found.parent_id) == ("5", "4")
    paths = [call.path for call in script.calls]
    per_parent = ["wc/v3/products", "wc/v3/products/4/variations"]
    assert paths == ["wc-analytics/variations", *per_parent, *per_parent]
    assert asked(script.calls[1])["type"] == "variable"


def test_a_key_refused_everywhere_is_an_access_error() -> None:
    refusal = refused(401, "woocommerce_rest_cannot_view")
    client, _ = woo(refusal, refusal)
    with pytest.raises(AccessRefused):
        list(client.variations())


def test_stock_rows_come_from_the_report_without_keys() -> None:
    rows = [
        {"id": 1, "parent_id": 0, "sku": "A", "manage_stock": True, "stock_quantity": 7, "stock_status": "instock"},
        {"id": 2, "parent_id": 0, "sku": "", "manage_stock": False, "stock_quantity": 0, "stock_status": "instock"},
        {"id": 3, "parent_id": 2, "sku": "B", "manage_stock": "parent", "stock_quantity": 4},
    ]
    client, _ = woo(page(rows))
    [[simple, parent, variation]] = list(client.stock_rows())
    assert (simple.quantity, simple.tracking, simple.key) == (Decimal(7), "tracked", None)
    assert (parent.quantity, parent.tracking) == (None, "untracked")
    assert (variation.quantity, variation.tracking, variation.parent_id) == (None, "parent", "2")


def test_stock_rows_without_the_report_come_from_both_listings_with_keys() -> None:
    meta = [{"key": "_bridge_key", "value": "k"}]
    client, _ = woo(
        refused(),
        page([row(1, manage_stock=True, stock_quantity=7, meta_data=meta)]),
        page([row(5, type="variation", parent_id=4, manage_stock=True, stock_quantity=-2, meta_data=[])]),
    )
    [[simple], [variation]] = list(client.stock_rows())
    assert (simple.quantity, simple.key) == (Decimal(7), "k")
    assert (variation.quantity, variation.key, variation.parent_id) == (Decimal(-2), "", "4")


def test_fresh_numbers_are_asked_in_one_call_per_parent_and_given_in_the_order_asked() -> None:
    stock = {"manage_stock": True, "stock_quantity": 1, "meta_data": []}
    client, script = woo(
        page([row(5, type="variation", **stock), row(6, type="variation", **stock)]),
        page([row(1, **stock), row(2, **stock)]),
    )
    found = client.stock_of([("6", "4"), ("1", ""), ("5", "4"), ("2", ""), ("9", "")])
    assert [(stock_.variation_id, stock_.parent_id) for stock_ in found] == [
        ("6", "4"),
        ("1", ""),
        ("5", "4"),
        ("2", ""),
    ]
    assert {call.path: asked(call)["include"] for call in script.calls} == {
        "wc/v3/products/4/variations": "6,5",
        "wc/v3/products": "1,2,9",
    }


def test_a_single_number_is_read_at_its_own_address_and_not_from_the_trash() -> None:
    client, script = woo(data(row(1, status="trash")), data(row(5, type="variation", manage_stock=False)))
    assert client.stock_of([("1", "")]) == []
    [found] = client.stock_of([("5", "4")])
    assert found.tracking == "untracked"
    assert [call.path for call in script.calls] == ["wc/v3/products/1", "wc/v3/products/4/variations/5"]


def test_an_unknown_product_is_none_and_a_trashed_one_is_gone() -> None:
    client, _ = woo(refused(404, "woocommerce_rest_product_invalid_id"), data(row(1, status="trash")))
    assert client.product("9") is None
    trashed = client.product("1")
    assert trashed is not None and trashed.gone


def test_a_page_for_people_instead_of_a_product_is_the_shop_being_down() -> None:
    client, script = woo(*[Reply(200, {"content-type": "text/html"}, b"<html>")] * 4)
    with pytest.raises(RemoteDown):
        client.product("1")
    assert len(script.calls) == 4


def test_a_sku_is_searched_exactly_trash_included_and_commas_alone() -> None:
    client, script = woo(
        page([row(1, sku="mug"), row(2, sku="MUG-2")]),
        page([row(3, sku="Cup", status="trash")]),
        page([row(4, sku="A,B"), row(5, sku="A,BC")]),
        page([]),
    )
    found = {holder.remote_id: holder.gone for holder in client.find_by_sku(["MUG", "cup", "A,B"])}
    assert found == {"1": False, "3": True, "4": False}
    queries = [{name: text for name, text in asked(call).items() if "s" in name[:3]} for call in script.calls]
    assert [query.get("sku") for query in queries] == ["MUG,cup", "MUG,cup", None, None]
    assert [query.get("status") for query in queries] == [None, "trash", None, "trash"]


def test_a_lost_create_is_found_by_its_key_among_the_newest() -> None:
    mine = row(8, meta_data=[{"key": "_bridge_key", "value": "k8"}], date_created_gmt="2026-11-22T12:00:01")
    client, script = woo(page([row(9, date_created_gmt="2026-11-22T12:00:02"), mine]))
    found = client.find_by_key("k8", since=START)
    assert found is not None and found.remote_id == "8"
    assert asked(script.calls[0]).items() >= {"orderby": "id", "order": "desc"}.items()


def test_the_search_for_a_key_ends_at_products_older_than_the_write() -> None:
    client, script = woo(page([row(9, date_created_gmt=None), row(2, date_created_gmt="2026-11-01T00:00:00")]))
    assert client.find_by_key("k", since=START) is None
    assert len(script.calls) == 1


def test_category_paths_are_read_once_and_again_only_for_a_new_name() -> None:
    tree = [{"id": 1, "name": "Food &amp; Drink", "parent": 0}, {"id": 2, "name": "Coffee", "parent": 1}]
    product = row(7, categories=[{"id": 2, "name": "Coffee", "slug": "coffee"}])
    client, script = woo(page(tree), page([*tree, {"id": 3, "name": "Tea", "parent": 1}]))
    for _ in range(3):
        assert client.translate(product).categories == (("Food & Drink", "Coffee"),)
    assert len(script.calls) == 1
    assert client.translate(row(8, categories=[{"id": 3, "name": "Tea"}])).categories == (("Food & Drink", "Tea"),)
    assert len(script.calls) == 2


def test_missing_categories_are_made_below_their_parents_and_found_without_case() -> None:
    tree = [{"id": 1, "name": "Food", "parent": 0}]
    exists = data({"code": "term_exists", "message": "", "data": {"status": 400, "resource_id": 12}}, 400)
    client, script = woo(page(tree), page(tree), data({"id": 11, "name": "Coffee", "parent": 1}, 201), exists)
    assert client.category_ids([("FOOD", "Coffee", "Beans"), ("food",)], create=True) == [12, 1]
    assert [call.body for call in script.calls[2:]] == [
        {"name": "Coffee", "parent": 1},
        {"name": "Beans", "parent": 11},
    ]


def test_missing_categories_are_left_out_when_none_may_be_made() -> None:
    tree = [{"id": 1, "name": "Food", "parent": 0}]
    client, _ = woo(page(tree), page(tree))
    assert client.category_ids([("Food",), ("Toys",)], create=False) == [1]


def test_orders_tell_what_the_stock_still_lacks_and_where_they_are_picked_up() -> None:
    raw = {
        "id": 97, "number": "97", "status": "processing", "created_via": "store-api",
        "date_created_gmt": "2026-11-22T00:33:51", "date_modified_gmt": "2026-11-22T00:33:52",
        "line_items": [
            {"id": 48, "product_id": 22, "variation_id": 0, "quantity": 2, "name": "A &amp; B", "sku": "S",
             "meta_data": [{"key": "_reduced_stock", "value": "2"}]},
            {"id": 49, "product_id": 31, "variation_id": 36, "quantity": 1, "meta_data": []},
        ],
        "shipping_lines": [{"method_id": "pickup_location",
                            "meta_data": [{"key": "pickup_location", "value": "Tom &amp; Co"}]}],
    }  # fmt: skip
    client, _ = woo(data(raw))
    order = client.order("97")
    assert order is not None and order.pickup_place == "Tom & Co"
    assert order.modified == datetime(2026, 11, 22, 0, 33, 52, tzinfo=UTC)
    assert [(line.variation_id, line.quantity, line.reduced) for line in order.lines] == [
        ("22", Decimal(2), Decimal(2)),
        ("36", Decimal(1), Decimal(0)),
    ]
