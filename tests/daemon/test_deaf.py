"""With every webhook lost, whatever a webhook would have told is found by looking, within the polling interval."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.ledger import inbox
from tests.daemon.stage import Street
from tests.scenarios.stage import price_at_square, receive, square_item, square_object
from tests.scenarios.witness import questions

Happens = Callable[[Street, int], object]
IsSo = Callable[[Street, int], bool]


def order_of(street: Street, product: int) -> int:
    order = street.buy(product, 2)
    street.deaf = False
    street.live(60)
    street.deaf = True
    assert street.on_hand(street.twin(product)) == 8
    return order


def store_of(street: Street, product: int) -> str:
    """The store that holds a product's goods."""
    return next(store for store in street.stores if street.on_hand(street.twin(product), store))


def refunded(street: Street, product: int) -> None:
    order = street.woo.state.orders[order_of(street, product)]
    (line,) = order.lines
    street.woo.acts["staff_refund"](order.id, [{"id": line.id, "quantity": 1}])


def both_show(number: int) -> IsSo:
    return lambda street, product: (
        street.woo_stock(product) == number and street.on_hand(street.twin(product)) == number
    )


NEWS: dict[str, tuple[Happens, IsSo]] = {
    "a sale at a till": (lambda street, p: street.sell(street.twin(p), 3), both_show(7)),
    "goods received at a store": (lambda street, p: receive(street, street.twin(p), 5), both_show(15)),
    "a count at a store": (
        lambda street, p: street.square.acts["count"](store_of(street, p), street.twin(p), 4), both_show(4)),
    "an online order": (lambda street, p: street.buy(p, 1), both_show(9)),
    "an order cancelled": (
        lambda street, p: street.woo.acts["cancel_order"](order_of(street, p)), both_show(10)),
    "an order refunded": (refunded, both_show(9)),
    "a number typed in the shop": (lambda street, p: street.woo.acts["staff_set_stock"](p, 12), both_show(12)),
    "a price in the shop": (
        lambda street, p: street.woo.acts["staff_edit_product"](p, {"regular_price": "11.00"}),
        lambda street, p: price_at_square(street, street.twin(p)) == 1100),
    "a price at Square": (
        lambda street, p: street.square.acts["edit_price"](street.twin(p), 1200),
        lambda street, p: str(street.woo.state.items[p].regular_price) == "12.00"),
    "a new product in the shop": (
        lambda street, p: street.simple("NEW-1", stock=4),
        lambda street, p: len(list(street.square.state.catalog.live_ids("ITEM"))) == 2),
    "a new item at Square": (
        lambda street, p: square_item(street, "Hat", "HAT-1"),
        lambda street, p: len(street.woo.state.items) == 2),
}  # fmt: skip


@pytest.mark.parametrize("news", NEWS)
def test_it_is_found_by_looking_within_the_polling_interval(news: str) -> None:
    happens, is_so = NEWS[news]
    street = Street()
    product = street.simple("W-1", stock=10)
    street.live(30)
    street.live(30)
    street.deaf = True
    happens(street, product)
    with street.db.reading() as conn:
        assert inbox.count_new(conn) == 0
    street.live(street.rhythm.slow + 10)
    assert is_so(street, product), news
    assert not questions(street)


def test_a_draft_waits_until_it_is_on_sale_or_for_the_next_whole_comparison() -> None:
    """Somebody is still at work on it: its price and its SKU may not be the last word."""
    street = Street()
    street.simple("W-1", stock=10)
    street.live(60)
    street.deaf = True
    hat = street.simple("HAT-1", stock=4, status="draft")
    street.live(street.rhythm.slow + 10)
    assert len(list(street.square.state.catalog.live_ids("ITEM"))) == 1
    street.woo.acts["staff_edit_product"](hat, {"status": "publish", "regular_price": "15.00"})
    street.live(street.rhythm.slow + 10)
    assert price_at_square(street, street.twin(hat)) == 1500


@pytest.mark.parametrize("side", ["woo", "square"])
def test_a_product_deleted_for_good_is_asked_about_at_the_next_whole_comparison(side: str) -> None:
    """Neither service lists what is gone among what changed; the daily full pass sees that it is missing."""
    street = Street()
    product = street.simple("W-1", stock=10)
    for number in range(8):
        street.simple(f"X-{number}", stock=1)
    street.live(60)
    twin = street.twin(product)
    street.deaf = True
    if side == "woo":
        street.woo.acts["staff_delete"](product)
    else:
        street.square.acts["delete_item"](square_object(street, twin)["item_variation_data"]["item_id"])
    street.live(24 * 3600)
    assert [one.kind for one in questions(street)] == ["gone"]
