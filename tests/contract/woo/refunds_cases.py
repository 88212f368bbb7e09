"""Replays the recorded refunds: by amount, by lines, with and without restock, too much, with tax."""

from __future__ import annotations

from bridge.sim.woo.shop import FakeWoo
from tests.contract.woo.order_shop import agreement, call, order_case, resend, stocked_shop, with_tax
from tests.contract.woo.registry import Recording, checks, request_of

_ONE_SHIRT = {"api_refund": False, "line_items": [{"id": 24, "quantity": 1, "refund_total": 25}]}


def paid_77(shop: FakeWoo) -> None:
    """Order 77: 3 tote bags (line 23), 2 shirts (line 24), paid by transfer."""
    resend(shop, "order_create_set_paid_bacs", post=77, order_item=23)


order_case("refund_amount_only", post=81, order_item=28)(paid_77)
order_case("refund_line_items_default_restock", post=82, order_item=28)(paid_77)
order_case("refund_line_items_no_restock", post=83, order_item=29)(paid_77)
order_case("refund_quantity_over_ordered", post=85, order_item=31)(paid_77)
order_case("refund_amount_too_big")(paid_77)


def nearly_refunded_77(shop: FakeWoo) -> None:
    """Order 77 after its first five refunds, at the recorded seconds."""
    paid_77(shop)
    shop.clock.advance(2)
    resend(shop, "refund_amount_only", post=81, order_item=28)
    shop.clock.advance(1)
    resend(shop, "refund_line_items_default_restock", post=82, order_item=28)
    resend(shop, "refund_line_items_no_restock", post=83, order_item=29)
    shop.clock.advance(1)
    shop.ids.seen("post", 83)
    assert call(shop, "POST", "/wc/v3/orders/77/refunds", _ONE_SHIRT).status == 201
    resend(shop, "refund_quantity_over_ordered", post=85, order_item=31)
    shop.clock.advance(1)


def refunded_77(shop: FakeWoo) -> None:
    """Order 77 fully refunded."""
    nearly_refunded_77(shop)
    resend(shop, "refund_remaining_to_full", post=87)


order_case("refund_remaining_to_full", post=87)(nearly_refunded_77)
order_case("order_get_with_refunds", "order_refunds_list")(refunded_77)


@checks("refunds_all_orders_route")
def _all_refunds(recording: Recording) -> list[str]:
    shop = stocked_shop()
    refunded_77(shop)
    answer = shop.handle(request_of(recording))
    found = agreement(recording, answer)
    if answer.headers["Link"] != recording.response["headers"]["Link"]:
        found.append(f"Link {answer.headers['Link']}")
    return found


@order_case("refund_full_by_lines", post=89, order_item=34)
def _paid_88(shop: FakeWoo) -> None:
    resend(shop, "order_create_set_paid_bacs", post=88, order_item=32)


@order_case("refund_with_tax", post=273, order_item=230)
def _taxed_272(shop: FakeWoo) -> None:
    with_tax(shop)
    resend(shop, "order_create_tax_override", post=272, order_item=228)


@order_case("refund_delete")
def _refunded_2441(shop: FakeWoo) -> None:
    resend(shop, "order_create_set_paid_bacs", post=2441, order_item=300)
    call(shop, "POST", "/wc/v3/orders/2441/refunds", {"amount": "1.00", "api_refund": False})
