"""Answers about orders, payments, people and places that are refusals, doubts, or not what was asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.errors import AccessRefused, RemoteDown
from bridge.remotes.orders_port import TillOrder
from bridge.remotes.port import Done, NoReply, Refused, Unknown
from bridge.remotes.square.orders import SquareOrders, till_order
from bridge.remotes.square.payments import SquarePayments
from bridge.remotes.square.people import SquarePeople
from bridge.remotes.woo.orders import WooOrders
from bridge.remotes.woo.people import WooPeople
from bridge.remotes.woo.places import WooPlaces
from tests.unit.remotes.script import HTML, Answer, Script, data, page, square, woo

SINCE = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)
NOT_FOUND = data({"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND", "detail": "x"}]}, 404)
DENIED = data({"errors": [{"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"}]}, 401)
BAD = data({"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "BAD_REQUEST", "detail": "no"}]}, 400)
WOO_DENIED = data({"code": "woocommerce_rest_cannot_view", "message": "no", "data": {"status": 401}}, 401)


def orders(*answers: Answer) -> tuple[SquareOrders, Script]:
    client, script = square(*answers)
    return SquareOrders(client.caller, version=client.version), script


def payments(*answers: Answer) -> SquarePayments:
    client, _ = square(*answers)
    return SquarePayments(client.caller, version=client.version)


def people(*answers: Answer) -> SquarePeople:
    client, _ = square(*answers)
    return SquarePeople(client.caller, version=client.version)


def shop(*answers: Answer) -> WooOrders:
    return WooOrders(woo(*answers)[0].caller)


def row(number: str, updated: str = "2026-11-22T10:00:00Z", **more: Any) -> dict[str, Any]:
    return {"id": number, "location_id": "L1", "state": "OPEN", "updated_at": updated, **more}


DUE: TillOrder = till_order(row("O", net_amount_due_money={"amount": 500, "currency": "USD"}))


def test_a_search_overlaps_its_cursor_and_tells_every_state_once() -> None:
    client, script = orders(
        data({"orders": [row("A")], "cursor": "c"}),
        data({"orders": [row("A"), row("A", "2026-11-22T10:00:05Z")], "cursor": "d"}),
        data({"orders": [row("A")]}),
        data({}),
    )
    found = [one for rows in client.changed([f"L{n}" for n in range(11)], SINCE) for one in rows]
    assert [one.updated_at[-3:] for one in found] == ["00Z", "05Z"]
    asked = script.calls[0].body
    assert asked["query"]["filter"]["date_time_filter"]["updated_at"] == {"start_at": "2026-11-22T09:58:00.123Z"}
    assert [len(call.body["location_ids"]) for call in script.calls] == [10, 10, 10, 1]


def test_a_wrong_token_is_told_and_an_unknown_thing_is_none() -> None:
    assert orders(NOT_FOUND)[0].order("x") is None and payments(NOT_FOUND).payment("x") is None
    for broken in (
        lambda: orders(DENIED)[0].order("x"),
        lambda: payments(DENIED).refund("x"),
        lambda: people(DENIED).customer("x"),
        lambda: shop(WOO_DENIED).key_on("1"),
        lambda: WooPeople(woo(WOO_DENIED)[0].caller).customer("1"),
    ):
        with pytest.raises(AccessRefused):
            broken()


def test_answers_without_the_thing_itself_leave_a_write_in_doubt() -> None:
    empty = data({"unexpected": True})
    assert isinstance(orders(empty)[0].create({}, "k"), Unknown)
    assert isinstance(payments(empty).pay_external(DUE, "", "r", "k"), Unknown)
    assert isinstance(payments(empty).refund_payment("P", 1, "USD", "", "k"), Unknown)
    assert isinstance(people(empty).create({"given_name": "A"}, "k"), Unknown)
    assert isinstance(shop(data([])).set_status("1", "completed", "k"), Unknown)
    with pytest.raises(RemoteDown):
        orders(empty)[0].calculate({})


def test_refusals_and_lost_answers_are_passed_on() -> None:
    lost = NoReply("no answer in time", sent=True)
    assert isinstance(payments(BAD).pay_external(DUE, "Card", "r", "k"), Refused)
    assert isinstance(payments(lost).pay_external(DUE, "Card", "r", "k"), Unknown)
    assert isinstance(payments(lost).refund_payment("P", 1, "USD", "", "k"), Unknown)
    assert isinstance(people(BAD).create({}, "k"), Refused)
    assert isinstance(people(BAD).delete("C"), Refused)
    zero = till_order(row("O", net_amount_due_money={"amount": 0}))
    assert isinstance(payments(lost).pay_external(zero, "", "r", "k"), Unknown)


def test_a_refund_square_took_and_could_not_make_is_a_refusal() -> None:
    failed = data({"refund": {"id": "R", "status": "FAILED", "amount_money": {"amount": 1}}})
    outcome = payments(failed).refund_payment("P", 1, "USD", "", "k")
    assert isinstance(outcome, Refused) and outcome.code == "FAILED"


def test_a_customer_whose_erasing_was_not_answered_is_looked_for() -> None:
    lost = NoReply("no answer in time", sent=True)
    assert isinstance(people(lost, NOT_FOUND).delete("C"), Done)
    assert isinstance(people(lost, data({"customer": {"id": "C"}})).delete("C"), Unknown)
    assert isinstance(people(NOT_FOUND).delete("C"), Done)


def test_a_failure_that_is_not_about_the_refund_is_not_looked_into() -> None:
    other = data({"code": "internal_server_error", "message": "<p>critical</p>", "data": {"status": 500}}, 500)
    assert isinstance(shop(other).create_refund("1", {"amount": "1.00"}), Unknown)
    assert isinstance(shop(data({}, 500, **HTML)).create_refund("1", {"amount": "1.00"}), Unknown)


def test_an_order_of_another_origin_with_our_key_is_not_ours() -> None:
    meta = [{"key": "_bridge_key", "value": "k"}]
    rows = [{"id": 1, "created_via": "checkout", "meta_data": meta}, {"id": 2, "created_via": "till", "meta_data": []}]
    assert shop(page(rows)).find_order("till", "k", SINCE) is None


def test_a_place_list_that_comes_back_otherwise_is_in_doubt() -> None:
    client = woo(data({"pickup_locations": []}))[0].caller
    assert isinstance(WooPlaces(client, client).write_places([{"name": "A"}]), Unknown)
    client = woo(WOO_DENIED)[0].caller
    refused = WooPlaces(client, client).write_places([{"name": "A"}])
    assert isinstance(refused, Refused) and refused.access
