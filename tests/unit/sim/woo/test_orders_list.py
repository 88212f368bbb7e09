"""What the list of orders finds, and where it misleads."""

from __future__ import annotations

import pytest

from tests.unit.sim.woo.calls import call, get, post
from tests.unit.sim.woo.order_calls import order_of, set_status, shop_with_mugs


def ids(answer: list[dict[str, object]]) -> list[object]:
    return [row["id"] for row in answer]


def test_the_default_list_has_carts_but_no_trash() -> None:
    shop, mug = shop_with_mugs()
    kept, gone = order_of(shop, mug), order_of(shop, mug)
    call(shop, "DELETE", f"/wc/v3/orders/{gone['id']}")
    draft = shop.acts["open_checkout"](lines=[{"id": mug, "quantity": 1}])
    assert set(ids(get(shop, "/wc/v3/orders"))) == {kept["id"], draft}
    assert ids(get(shop, "/wc/v3/orders?status=trash")) == [gone["id"]]
    assert get(shop, f"/wc/v3/orders/{draft}")["status"] == "checkout-draft"


def test_modified_after_is_exclusive_to_the_second() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug)
    at = order["date_modified_gmt"]
    assert ids(get(shop, f"/wc/v3/orders?modified_after={at}&dates_are_gmt=true")) == []
    earlier = "2026-11-22T11:59:59"
    assert ids(get(shop, f"/wc/v3/orders?modified_after={earlier}&dates_are_gmt=true")) == [order["id"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-22T11:00:00Z", True),
        ("2026-11-22T11:00:00.123Z", False),
        ("2026-11-22T11:00:00.123%2B00:00", False),
        ("2026-11-22T11:00:00.123&dates_are_gmt=true", True),
        ("2026-11-22T06:30:00", True),
        ("2026-11-22T07:30:00", False),
    ],
)
def test_fractions_of_a_second_with_an_offset_find_nothing_and_bare_times_are_local(text: str, found: bool) -> None:
    shop, mug = shop_with_mugs()
    order_of(shop, mug)
    assert bool(get(shop, f"/wc/v3/orders?modified_after={text}")) is found


def test_a_date_without_a_time_is_refused() -> None:
    shop, _ = shop_with_mugs()
    assert call(shop, "GET", "/wc/v3/orders?modified_after=2026-11-22").status == 400


def test_filters_by_status_list_origin_product_and_customer() -> None:
    shop, mug = shop_with_mugs()
    mine = order_of(shop, mug, created_via="square-bridge", status="processing")
    other = post(shop, "/wc/v3/orders", {"status": "completed"})
    order_of(shop, mug)
    assert ids(get(shop, "/wc/v3/orders?status=processing,completed&orderby=id&order=asc")) == [
        mine["id"],
        other["id"],
    ]
    assert ids(get(shop, "/wc/v3/orders?created_via=square-bridge")) == [mine["id"]]
    assert other["id"] not in ids(get(shop, f"/wc/v3/orders?product={mug}"))
    assert len(get(shop, "/wc/v3/orders?customer=0")) == 3
    assert len(get(shop, "/wc/v3/orders?meta_key=_k&meta_value=1")) == 3


def test_search_finds_the_transaction_and_the_address_but_not_meta() -> None:
    shop, mug = shop_with_mugs()
    meta = [{"key": "_k", "value": "needle"}]
    order = order_of(shop, mug, transaction_id="TX-7", billing={"email": "z@example.test"}, meta_data=meta)
    assert ids(get(shop, "/wc/v3/orders?search=tx-7")) == [order["id"]]
    assert ids(get(shop, "/wc/v3/orders?search=z@example")) == [order["id"]]
    assert ids(get(shop, "/wc/v3/orders?search=needle")) == []


def test_a_note_does_not_touch_the_order_but_a_refund_does() -> None:
    shop, mug = shop_with_mugs()
    order = set_status(shop, order_of(shop, mug), "processing")
    shop.clock.advance(60)
    post(shop, f"/wc/v3/orders/{order['id']}/notes", {"note": "hello"})
    assert get(shop, f"/wc/v3/orders/{order['id']}")["date_modified"] == order["date_modified"]
    post(shop, f"/wc/v3/orders/{order['id']}/refunds", {"amount": "1", "api_refund": False})
    assert get(shop, f"/wc/v3/orders/{order['id']}")["date_modified"] != order["date_modified"]
