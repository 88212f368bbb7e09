"""What states, payments and typed numbers of an order mean on the other side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.fulfillment import fulfillment_of, handover_of, phone_text, recipient_of
from bridge.domain.order import (
    LEGAL,
    Doubtful,
    Recognised,
    ShopMove,
    StatusWords,
    may_be_mirrored,
    may_fulfil,
    may_move,
    order_numbers_in,
    paid_how,
    ready_note,
    recognise_refund,
    shop_move,
    square_payment_of,
    step_note,
    till_state,
)
from tests.unit.domain.laws import law

WORDS = StatusWords(in_progress="preparing", ready="ready-for-pickup")
STATES = ("PROPOSED", "RESERVED", "PREPARED", "COMPLETED", "CANCELED", "FAILED")
STATUSES = (*LEGAL, "preparing", "ready-for-pickup", "checkout-draft", "odd")
READY = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)


def order(status: str = "processing", **more: Any) -> dict[str, Any]:
    return {"id": 97, "number": "1097", "status": status, "date_paid_gmt": "2026-06-15T08:00:00", **more}


# -- payment --------------------------------------------------------------------------
def test_processing_is_not_paid_and_squares_own_gateway_is_known() -> None:
    assert paid_how(order()) == "paid"
    cod = order(payment_method="cod", date_paid_gmt=None)
    assert paid_how(cod) == "on_delivery" and may_be_mirrored(cod)
    assert paid_how(order("on-hold", payment_method="bacs", date_paid_gmt=None)) == "unpaid"
    square = order(payment_method="square_credit_card", transaction_id="PAY1")
    assert (paid_how(square), square_payment_of(square), may_be_mirrored(square)) == ("square", "PAY1", False)
    assert square_payment_of(order(payment_method="stripe", transaction_id="ch_1")) == ""


@pytest.mark.parametrize("status", ["pending", "checkout-draft", "failed", "cancelled", "refunded", "trash"])
def test_an_order_that_is_not_placed_stays_out_of_the_till(status: str) -> None:
    assert not may_be_mirrored(order(status))
    assert not may_be_mirrored(order(created_via="bridge-till"), ours=["bridge-till"])


# -- till to shop -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "before", "now", "move"),
    [
        ("processing", "PROPOSED", "RESERVED", ShopMove("in_progress", "preparing")),
        ("preparing", "RESERVED", "PREPARED", ShopMove("ready", "ready-for-pickup", tell=True)),
        ("processing", "", "PREPARED", ShopMove("ready", "ready-for-pickup", tell=True)),
        ("ready-for-pickup", "PREPARED", "COMPLETED", ShopMove("handed_over", "completed")),
        ("on-hold", "PROPOSED", "COMPLETED", ShopMove("handed_over", "completed")),
        ("completed", "PREPARED", "COMPLETED", None),
        ("processing", "PREPARED", "PREPARED", None),
        ("processing", "PREPARED", "RESERVED", None),
        ("completed", "PROPOSED", "PREPARED", ShopMove("ready", tell=True)),
        ("cancelled", "PREPARED", "CANCELED", None),
    ],
)
def test_a_step_at_the_till_moves_the_order_forward(status: str, before: str, now: str, move: ShopMove | None) -> None:
    assert shop_move(order(status), before, now, WORDS) == move


def test_without_custom_statuses_a_ready_order_only_gets_its_note() -> None:
    assert shop_move(order(), "PROPOSED", "PREPARED") == ShopMove("ready", tell=True)
    assert shop_move(order(), "PROPOSED", "RESERVED") == ShopMove("in_progress")


def test_handing_over_a_cancelled_order_and_cancelling_a_paid_one_are_asked() -> None:
    late = shop_move(order("cancelled"), "PREPARED", "COMPLETED")
    assert late is not None and late.status == "" and "cancelled" in late.ask
    paid = shop_move(order(), "PROPOSED", "FAILED")
    assert paid is not None and (paid.status, paid.tell) == ("cancelled", True) and "paid" in paid.ask
    unpaid = shop_move(order(payment_method="cod", date_paid_gmt=None), "PROPOSED", "CANCELED")
    assert unpaid == ShopMove("cancelled", "cancelled", tell=True)


@law
@given(st.sampled_from(STATUSES), st.lists(st.sampled_from(STATES), max_size=6), st.booleans())
def test_whatever_the_till_does_the_order_moves_legally_and_ends_up_closed_at_most_once(
    status: str, states: list[str], custom: bool
) -> None:
    words = WORDS if custom else StatusWords()
    now, before, path = order(status), "", [status]
    for state in states:
        move = shop_move(now, before, state, words)
        before = state
        if move is not None and move.status:
            assert may_move(now["status"], move.status, words)
            now = {**now, "status": move.status}
            path.append(move.status)
    assert len(path) == len(set(path))  # never back to where it was
    assert sum(one in ("cancelled", "refunded", "trash") for one in path) <= 1
    if status in ("cancelled", "refunded", "trash", "failed", "checkout-draft"):
        assert path == [status]


def test_notes_name_the_store_and_its_own_closing_time() -> None:
    until = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
    said = ready_note("Downtown", until, "Europe/Berlin", "10 Main St")
    assert said == "Your order is ready for pickup at Downtown, 10 Main St, open until 17:00 on 15 June."
    assert ready_note("Downtown", None, "UTC") == "Your order is ready for pickup at Downtown."
    assert {step_note(step, "Downtown") for step in ("in_progress", "ready", "handed_over", "cancelled")} == {
        "Downtown has started preparing this order.",
        "Downtown has prepared this order.",
        "Handed over at Downtown.",
        "Cancelled at Downtown.",
    }


# -- shop to till -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "state", "wanted"),
    [
        ("completed", "PROPOSED", "COMPLETED"),
        ("cancelled", "PREPARED", "CANCELED"),
        ("refunded", "COMPLETED", ""),
        ("ready-for-pickup", "PROPOSED", "PREPARED"),
        ("preparing", "PREPARED", ""),
        ("preparing", "PROPOSED", "RESERVED"),
        ("processing", "PROPOSED", ""),
    ],
)
def test_the_shops_status_moves_the_fulfillment(status: str, state: str, wanted: str) -> None:
    assert till_state(order(status), state, WORDS) == wanted
    assert till_state(order("processing"), state) == ""


@law
@given(st.sampled_from(STATES), st.sampled_from(STATES))
def test_fulfillments_never_go_back_and_ends_are_final(state: str, wanted: str) -> None:
    if may_fulfil(state, wanted):
        assert state in ("PROPOSED", "RESERVED", "PREPARED") and not may_fulfil(wanted, state)


# -- whose refund -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1097", ["1097"]),
        ("#1097", ["1097"]),
        ("return web order 1097", ["1097"]),
        ("woo-1097 and Order no. 1098", ["1097", "1098"]),
        ("Bestellung: 12", ["12"]),
        ("size 42 was too small", []),
        ("", []),
        ("1234567890123", []),
    ],
)
def test_order_numbers_staff_type_are_read(text: str, numbers: list[str]) -> None:
    assert order_numbers_in(text) == numbers


def test_a_refund_is_recognised_by_link_before_anything_typed() -> None:
    returned = {"id": "R", "returns": [{"source_order_id": "SQ1"}]}
    links = {"by_square_order": {"SQ1": "97"}, "by_payment": {"PAY1": "98"}}
    refund = {"id": "x", "order_id": "R", "payment_id": "PAY1", "reason": "#5"}
    assert recognise_refund(refund, returned, **links) == Recognised("order", "97")
    assert recognise_refund(refund, None, **links) == Recognised("payment", "98")
    typed = {**refund, "payment_id": "P2"}
    assert recognise_refund(typed, None, **links) == Recognised("number", number="5")
    assert recognise_refund({**typed, "reason": "Return"}, {"returns": [{}]}, **links) is None


def test_numbers_in_notes_of_return_and_sale_count_and_two_of_them_are_asked() -> None:
    links: dict[str, Any] = {"by_square_order": {}, "by_payment": {}}
    returned = {"id": "R", "returns": [{"return_line_items": [{"note": "online #11"}]}], "ticket_name": "7"}
    assert recognise_refund({"id": "x"}, returned, **links) == Recognised("number", number="11")
    sale = {"id": "S", "tenders": [{"note": "web 12"}], "reference_id": ""}
    assert recognise_refund({"id": "x"}, returned, sale=sale, **links) == Doubtful(("11", "12"))


# -- fulfillment ------------------------------------------------------------------------
BILLING = {
    "first_name": "Carol",
    "last_name": "Doe",
    "email": "carol@example.test",
    "phone": "2125550199",
    "country": "US",
}
PICKUP = {"method_id": "pickup_location", "method_title": "Pickup", "meta_data": []}
FLAT = {"method_id": "flat_rate", "method_title": "Flat rate"}


def test_pickups_shipments_deliveries_and_downloads() -> None:
    assert handover_of(order(shipping_lines=[PICKUP])) == "PICKUP"
    assert handover_of(order(shipping_lines=[FLAT])) == "SHIPMENT"
    assert handover_of(order(shipping_lines=[FLAT]), delivered_by=["flat_rate"]) == "DELIVERY"
    assert handover_of(order(shipping_lines=[])) == ""
    assert fulfillment_of(order(), "", ready=READY) is None


def test_a_pickup_has_a_person_a_time_and_the_shoppers_words() -> None:
    raw = order(billing=BILLING, customer_note="please hurry" * 100)
    made = fulfillment_of(raw, "PICKUP", ready=READY, prepare=timedelta(minutes=45))
    assert made is not None and (made["type"], made["state"]) == ("PICKUP", "PROPOSED")
    details = made["pickup_details"]
    assert details["recipient"] == {
        "display_name": "Carol Doe",
        "email_address": "carol@example.test",
        "phone_number": "+12125550199",
    }
    assert (details["pickup_at"], details["prep_time_duration"]) == ("2026-06-15T10:00:00Z", "PT45M")
    assert len(details["note"]) == 500
    bare = fulfillment_of(order(billing={}), "PICKUP", ready=READY)
    assert bare is not None and bare["pickup_details"]["recipient"] == {"display_name": "Order 1097"}


def test_a_shipment_goes_to_the_shipping_address_in_the_recipients_name() -> None:
    shipping = {
        "first_name": "Dave",
        "last_name": "",
        "address_1": "7 Oak",
        "city": "NYC",
        "country": "US",
        "phone": "",
    }
    raw = order(billing=BILLING, shipping=shipping, shipping_lines=[FLAT], customer_note="ring")
    made = fulfillment_of(raw, "SHIPMENT", ready=READY)
    assert made is not None
    details = made["shipment_details"]
    assert details["recipient"]["display_name"] == "Dave"
    assert details["recipient"]["address"] == {
        "address_line_1": "7 Oak",
        "locality": "NYC",
        "country": "US",
        "first_name": "Dave",
    }
    assert (details["shipping_note"], details["shipping_type"]) == ("ring", "Flat rate")
    driven = fulfillment_of(raw, "DELIVERY", ready=READY)
    assert driven is not None and driven["delivery_details"]["deliver_at"] == "2026-06-15T10:00:00Z"
    assert driven["delivery_details"]["note"] == "ring"
    company = recipient_of(order(billing={"company": "Ltd", "email": "broken"}), with_address=True)
    assert company == {"display_name": "Ltd"}


def test_nothing_is_said_where_nothing_is_known() -> None:
    bare = order(billing={}, shipping={}, shipping_lines=[])
    made = fulfillment_of(bare, "SHIPMENT", ready=READY)
    assert made is not None
    assert made["shipment_details"] == {
        "recipient": {"display_name": "Order 1097"},
        "expected_shipped_at": "2026-06-15T10:00:00Z",
    }
    driven = fulfillment_of(bare, "DELIVERY", ready=READY)
    assert driven is not None and "note" not in driven["delivery_details"]


def test_phone_numbers_square_would_refuse_are_left_out() -> None:
    assert phone_text("555 0199", "US") == "5550199"
    assert phone_text("call me", "US") == "" and phone_text("1" * 20, "") == ""
