"""The official SDK drives the inventory of the simulator in both API shapes, checked against Square's schemas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from square.core.api_error import ApiError

from bridge.sim.square.inventory import move
from tests.contract.square.account import NOON, VERSIONS, Account, open_account
from tests.contract.square.schema import call


@pytest.fixture(params=VERSIONS)
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    made = open_account(request.param)
    yield made
    made.checked.assert_clean()


def ago(**age: float) -> str:
    return (NOON - timedelta(**age)).isoformat()


def counted(variation_id: str, place: str, quantity: str, **when: float) -> dict[str, Any]:
    count = {"catalog_object_id": variation_id, "state": "IN_STOCK", "location_id": place, "quantity": quantity}
    return {"type": "PHYSICAL_COUNT", "physical_count": {**count, "occurred_at": ago(**(when or {"seconds": 5}))}}


def adjusted(
    account: Account, variation_id: str, place: str, quantity: str, states: str = "IN_STOCK SOLD", **more: Any
) -> dict[str, Any]:
    from_state, to_state = states.split()
    inner = {"catalog_object_id": variation_id, "from_state": from_state, "to_state": to_state}
    inner |= {"quantity": quantity, "occurred_at": more.pop("occurred_at", ago(seconds=2)), **more}
    if account.version >= "2026-07-15":
        inner |= {"from_location_id": place, "to_location_id": more.get("to_location_id", place)}
    else:
        inner |= {"location_id": place}
    return {"type": "ADJUSTMENT", "adjustment": inner}


def write(account: Account, *changes: dict[str, Any], **more: Any) -> Any:
    return account.client.inventory.batch_create_changes(
        idempotency_key=account.key(), changes=list(changes), request_options={"max_retries": 0}, **more
    )


def refused(account: Account, *changes: dict[str, Any]) -> Any:
    with pytest.raises(ApiError) as caught:
        write(account, *changes)
    return caught.value.errors[0]


def stocked(account: Account, quantity: str = "10") -> str:
    (kid,) = account.new_item().item_data.variations
    write(account, counted(kid.id, account.places[0], quantity))
    return str(kid.id)


def test_a_count_then_a_sale_give_the_current_count_and_both_changes(account: Account) -> None:
    place = account.places[0]
    kid = stocked(account)
    made = write(account, adjusted(account, kid, place, "2.5", reference_id="order-1"))
    assert [(one.state, one.quantity) for one in made.counts] == [("IN_STOCK", "7.5")]
    assert made.changes[0].adjustment.reference_id == "order-1"
    assert made.changes[0].adjustment.source.product == "EXTERNAL_API"
    assert [one.quantity for one in account.client.inventory.batch_get_counts(catalog_object_ids=[kid])] == ["7.5"]
    assert [one.quantity for one in account.client.inventory.get(catalog_object_id=kid)] == ["7.5"]
    changes = list(account.client.inventory.batch_get_changes(catalog_object_ids=[kid]))
    assert [one.type for one in changes] == ["PHYSICAL_COUNT", "ADJUSTMENT"]
    single = account.client.inventory.get_adjustment(adjustment_id=changes[1].adjustment.id)
    assert single.adjustment.quantity == "2.5"
    count = account.client.inventory.get_physical_count(physical_count_id=changes[0].physical_count.id)
    assert count.count.quantity == "10"


def test_each_version_shows_adjustments_in_its_own_shape_and_refuses_the_other(account: Account) -> None:
    place = account.places[0]
    kid = stocked(account)
    write(account, adjusted(account, kid, place, "1"))
    *_, last = account.client.inventory.batch_get_changes(catalog_object_ids=[kid], types=["ADJUSTMENT"])
    inner = last.adjustment.model_dump()
    new = account.version >= "2026-07-15"
    assert inner.get("from_location_id") == (place if new else None)
    assert inner.get("location_id") == (None if new else place)
    other = {"from_location_id": place, "to_location_id": place}
    wrong = adjusted(account, kid, place, "1")["adjustment"]
    wrong = {**wrong, "location_id": place} if new else {**wrong, **other}
    change = {"type": "ADJUSTMENT", "adjustment": wrong}
    body = {"idempotency_key": "wrong", "changes": [change]}
    status, answer = call(
        account.square, "POST", "/v2/inventory/changes/batch-create", body, square_version=account.version
    )
    assert (status, answer["errors"][0]["code"]) == (400, "UNKNOWN_BODY_PARAMETER")


def test_goods_moved_between_stores_are_a_transfer_before_and_an_adjustment_after_the_switch(
    account: Account,
) -> None:
    here, there = account.places[:2]
    kid = stocked(account)
    move(account.square, kid, here, "IN_STOCK", "IN_STOCK", 4, to_location_id=there, actor="staff")
    old = account.version < "2026-07-15"
    asked = {"types": ["TRANSFER"]} if old else {"types": ["ADJUSTMENT"]}
    (change,) = account.client.inventory.batch_get_changes(catalog_object_ids=[kid], **asked)
    inner = change.transfer if old else change.adjustment
    shown = inner if isinstance(inner, dict) else inner.model_dump()
    assert (change.type, shown["from_location_id"], shown["to_location_id"]) == (
        "TRANSFER" if old else "ADJUSTMENT",
        here,
        there,
    )
    rows = {one.location_id: one.quantity for one in account.client.inventory.batch_get_counts()}
    assert rows == {here: "6", there: "4"}


def test_a_late_adjustment_does_not_move_a_newer_count(account: Account) -> None:
    place = account.places[0]
    kid = stocked(account)
    write(account, adjusted(account, kid, place, "3", occurred_at=ago(hours=2)))
    assert [one.quantity for one in account.client.inventory.batch_get_counts()] == ["10"]
    write(account, counted(kid, place, "4", hours=3))
    assert [one.quantity for one in account.client.inventory.batch_get_counts()] == ["10"]
    deltas = [int(event.delta) for event in account.square.journal]
    assert deltas == [10, 0, 0]


def test_a_batch_of_changes_is_all_or_nothing(account: Account) -> None:
    place = account.places[0]
    kid = stocked(account)
    error = refused(account, adjusted(account, kid, place, "1"), adjusted(account, kid, place, "-1"))
    assert error.code == "VALUE_TOO_LOW"
    assert account.square.state.inventory.on_hand(kid, place) == 10


@pytest.mark.parametrize(("age", "code"), [({"hours": 25}, "INVALID_TIME"), ({"seconds": -60}, "INVALID_TIME")])
def test_times_in_the_future_or_older_than_a_day_are_refused(
    account: Account, age: dict[str, float], code: str
) -> None:
    kid = stocked(account)
    assert refused(account, counted(kid, account.places[0], "1", **age)).code == code


def test_more_than_a_hundred_changes_and_states_that_cannot_be_written_are_refused(account: Account) -> None:
    place = account.places[0]
    kid = stocked(account)
    assert refused(account, *[counted(kid, place, "1")] * 101).code == "ARRAY_LENGTH_TOO_LONG"
    assert refused(account, adjusted(account, kid, place, "1", "IN_STOCK RESERVED_FOR_SALE")).code == "INVALID_VALUE"


def test_an_equal_count_is_ignored_unless_asked_for(account: Account) -> None:
    place = account.places[0]
    kid = stocked(account)
    same = write(account, counted(kid, place, "10", seconds=1))
    assert same.changes is None
    assert same.counts[0].quantity == "10"
    told = write(account, counted(kid, place, "10", seconds=1), ignore_unchanged_counts=False)
    assert len(told.changes) == 1


def test_counts_since_a_server_time_leave_out_what_did_not_change(account: Account) -> None:
    place = account.places[0]
    kid = stocked(account)
    (count,) = account.client.inventory.batch_get_counts()
    assert list(account.client.inventory.batch_get_counts(updated_after=count.calculated_at)) == []
    account.square.clock.advance(5)
    write(account, adjusted(account, kid, place, "1"))
    (newer,) = account.client.inventory.batch_get_counts(updated_after=count.calculated_at)
    assert newer.quantity == "9"
    (change,) = account.client.inventory.batch_get_changes(updated_after=count.calculated_at)
    assert change.adjustment.quantity == "1"


def test_the_same_key_moves_stock_once(account: Account) -> None:
    place = account.places[0]
    kid = stocked(account)
    changes = [adjusted(account, kid, place, "1")]
    first = account.client.inventory.batch_create_changes(idempotency_key="once", changes=changes)
    again = account.client.inventory.batch_create_changes(idempotency_key="once", changes=changes)
    assert again.changes[0].adjustment.id == first.changes[0].adjustment.id
    assert account.square.state.inventory.on_hand(kid, place) == 9
