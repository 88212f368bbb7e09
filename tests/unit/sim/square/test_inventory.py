"""How simulated stock moves: by time of occurrence, with journal, sold-out marks and events."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.sim.square.inventory import count, move, quantity_text, set_sold_out
from tests.unit.sim.square.ground import NOON, Json, Till, kid_ids, new_item, new_variation


@pytest.fixture
def till() -> Till:
    return Till()


def test_a_variation_never_counted_has_no_row(till: Till) -> None:
    till.item()
    assert till.counts() == {}


def test_untracked_variations_are_not_decremented_by_sales(till: Till) -> None:
    item = new_item("Cap")
    item["item_data"]["variations"] = [new_variation("#v", "C", track_inventory=False)]
    (kid,) = kid_ids(till.upsert(item))
    assert move(till.square, kid, till.places[0], "IN_STOCK", "SOLD", 1) is None
    assert (till.counts(), len(till.square.journal)) == ({}, 0)


def test_an_override_decides_where_a_variation_is_tracked(till: Till) -> None:
    rows = [{"location_id": till.places[0], "track_inventory": False}]
    item = new_item("Cap")
    item["item_data"]["variations"] = [new_variation("#v", "C", location_overrides=rows)]
    (kid,) = kid_ids(till.upsert(item))
    assert move(till.square, kid, till.places[0], "IN_STOCK", "SOLD", 1) is None
    assert move(till.square, kid, till.places[1], "IN_STOCK", "SOLD", 1) is not None
    assert till.counts() == {(kid, till.places[1]): "-1"}


def test_every_effect_on_stock_is_in_the_journal_with_its_kind(till: Till) -> None:
    (kid,) = kid_ids(till.item())
    here, there = till.places[:2]
    till.change(kid, "count", "10")
    move(till.square, kid, here, "IN_STOCK", "SOLD", 1, actor="till")
    move(till.square, kid, here, "UNLINKED_RETURN", "IN_STOCK", 1, actor="till", refund_id="R1")
    move(till.square, kid, here, "NONE", "IN_STOCK", 5, actor="staff", reference_id="delivery")
    move(till.square, kid, here, "IN_STOCK", "WASTE", 2, actor="staff")
    move(till.square, kid, here, "IN_STOCK", "IN_STOCK", 3, actor="staff", to_location_id=there)
    rows = [(one.kind, one.actor, one.place, int(one.delta)) for one in till.square.journal]
    assert rows == [
        ("count", "api:bridge", here, 10),
        ("sale", "till", here, -1),
        ("refund", "till", here, 1),
        ("receive", "staff", here, 5),
        ("waste", "staff", here, -2),
        ("transfer", "staff", here, -3),
        ("transfer", "staff", there, 3),
    ]
    assert [one.detail["reference_id"] for one in till.square.journal][3] == "delivery"
    assert till.counts(states=["IN_STOCK"]) == {(kid, here): "10", (kid, there): "3"}


def test_a_sale_that_arrives_after_a_newer_count_is_journalled_without_effect(till: Till) -> None:
    (kid,) = kid_ids(till.item())
    till.change(kid, "count", "10")
    late = NOON - timedelta(hours=3)
    change = move(till.square, kid, till.places[0], "IN_STOCK", "SOLD", 4, occurred_at=late, actor="till")
    assert change is not None
    last = list(till.square.journal)[-1]
    assert (int(last.delta), last.detail["quantity"], last.reference) == (0, "-4", change.change_id)


def test_an_older_count_is_overruled_by_later_sales_and_counts(till: Till) -> None:
    square, place = till.square, till.places[0]
    (kid,) = kid_ids(till.item())
    move(square, kid, place, "IN_STOCK", "SOLD", 2, occurred_at=NOON - timedelta(minutes=10))
    count(square, kid, place, 10, occurred_at=NOON - timedelta(minutes=20))
    assert till.counts() == {(kid, place): "8"}
    count(square, kid, place, 50, occurred_at=NOON - timedelta(minutes=30))
    assert till.counts() == {(kid, place): "8"}


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.booleans(), st.integers(1, 9)),
        max_size=12,
    )
)
def test_counts_follow_the_order_of_occurrence_whatever_the_order_of_arrival(
    facts: list[tuple[int, bool, int]],
) -> None:
    till = Till()
    (kid,) = till.square.seed_catalog(1)
    place, expected = till.places[0], 0
    for minute, is_count, quantity in facts:
        at = NOON - timedelta(minutes=minute)
        if is_count:
            count(till.square, kid, place, quantity, occurred_at=at)
        else:
            move(till.square, kid, place, "IN_STOCK", "SOLD", quantity, occurred_at=at)
    for _, is_count, quantity in sorted(facts, key=lambda fact: -fact[0]):
        expected = quantity if is_count else expected - quantity
    assert till.square.state.inventory.on_hand(kid, place) == expected
    assert sum(int(event.delta) for event in till.square.journal) == expected


def test_reaching_zero_marks_sold_out_and_restocking_clears_it(till: Till) -> None:
    item = till.item()
    (kid,) = kid_ids(item)

    def rows() -> list[Json]:
        shown = till.ok("GET", f"/v2/catalog/object/{kid}")["object"]["item_variation_data"]
        found: list[Json] = shown.get("location_overrides", [])
        return found

    till.change(kid, "count", "1")
    assert rows() == []
    till.change(kid, "IN_STOCK>SOLD", "1")
    assert rows() == [{"location_id": till.places[0], "sold_out": True}]
    till.change(kid, "NONE>IN_STOCK", "2")
    assert rows() == []
    set_sold_out(till.square, kid, till.places[1], True, "2026-10-02T00:00:00Z")
    assert rows()[0]["sold_out_valid_until"] == "2026-10-02T00:00:00Z"


def test_stock_may_fall_below_zero_unless_switched_off(till: Till) -> None:
    (kid,) = kid_ids(till.item())
    assert till.change(kid, "IN_STOCK>SOLD", "3").status == 200
    assert till.counts() == {(kid, till.places[0]): "-3"}
    till.square.switch(allow_negative=False)
    assert till.change(kid, "IN_STOCK>SOLD", "1").status == 400
    till.change(kid, "count", "2")
    sold = move(till.square, kid, till.places[0], "IN_STOCK", "SOLD", 5)
    assert sold is not None
    assert sold.quantity == 2


@pytest.mark.parametrize("quantity", ["1.123456", "-1", "0", "abc", "1e3", "9" * 27, ""])
def test_quantities_are_positive_decimal_strings(till: Till, quantity: str) -> None:
    (kid,) = kid_ids(till.item())
    assert till.change(kid, "IN_STOCK>SOLD", quantity).status == 400


def test_a_quantity_must_be_text(till: Till) -> None:
    (kid,) = kid_ids(till.item())
    answer = till.change(kid, "IN_STOCK>SOLD", 5)  # type: ignore[arg-type]
    assert answer.json()["errors"][0]["code"] == "EXPECTED_STRING"


@pytest.mark.parametrize(("quantity", "text"), [("10", "10"), ("1E+1", "10"), ("2.50", "2.5"), ("-0.125", "-0.125")])
def test_quantities_are_written_plainly(quantity: str, text: str) -> None:
    assert quantity_text(Decimal(quantity)) == text


def test_a_batch_is_told_in_one_event_with_absolute_counts(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(till.square, "emit", lambda *args, **more: told.append(args))
    first, second = kid_ids(till.item("A", "B"))
    assert [one[0] for one in told] == ["catalog.version.updated"]
    told.clear()
    at = NOON.isoformat()
    changes = [
        {
            "type": "PHYSICAL_COUNT",
            "physical_count": {
                "catalog_object_id": kid,
                "state": "IN_STOCK",
                "location_id": till.places[0],
                "quantity": "7",
                "occurred_at": at,
            },
        }
        for kid in (first, second)
    ]
    body = {"idempotency_key": "k", "changes": changes}
    till.ok("POST", "/v2/inventory/changes/batch-create", body)
    ((event, kind, _, obj),) = told
    assert (event, kind) == ("inventory.count.updated", "inventory_counts")
    assert [row["quantity"] for row in obj["inventory_counts"]] == ["7", "7"]


def test_counts_come_newest_first_and_page_by_cursor(till: Till) -> None:
    kids = till.square.seed_catalog(5, 1, 3)
    till.square.clock.advance(60)
    till.change(kids[0], "IN_STOCK>SOLD", "1")
    body: Json = {"limit": 4}
    seen = []
    while True:
        page = till.ok("POST", "/v2/inventory/counts/batch-retrieve", body)
        seen += page["counts"]
        if "cursor" not in page:
            break
        body["cursor"] = page["cursor"]
    assert len(seen) == 15
    assert seen[0]["catalog_object_id"] == kids[0]
    assert till.refused("POST", "/v2/inventory/counts/batch-retrieve", {"limit": 0})[1] == "VALUE_TOO_LOW"
    only = till.ok("POST", "/v2/inventory/counts/batch-retrieve", {"location_ids": [till.places[2]]})
    assert len(only["counts"]) == 5


def test_a_stale_read_shows_counts_and_changes_before_the_latest_write(till: Till) -> None:
    (kid,) = till.square.seed_catalog(1, 1, 10)
    till.square.clock.advance(60)
    till.change(kid, "IN_STOCK>SOLD", "1")
    till.square.faults.add("stale_read", times=2)
    assert till.counts(catalog_object_ids=[kid])[kid, till.places[0]] == "10"
    body = {"catalog_object_ids": [kid]}
    assert len(till.ok("POST", "/v2/inventory/changes/batch-retrieve", body)["changes"]) == 3
    assert len(till.ok("POST", "/v2/inventory/changes/batch-retrieve", body)["changes"]) == 4
    assert till.counts(catalog_object_ids=[kid])[kid, till.places[0]] == "9"


def test_changes_come_in_order_of_occurrence_and_are_filtered_by_arrival(till: Till) -> None:
    (kid,) = till.square.seed_catalog(1)
    square, place = till.square, till.places[0]
    move(square, kid, place, "IN_STOCK", "SOLD", 1, reference_id="first")
    square.clock.advance(3600)
    move(square, kid, place, "IN_STOCK", "SOLD", 1, reference_id="late", occurred_at=NOON - timedelta(days=2))

    def names(**body: object) -> list[str]:
        rows = till.ok("POST", "/v2/inventory/changes/batch-retrieve", body).get("changes", [])
        return [row["adjustment"]["reference_id"] for row in rows]

    assert names() == ["late", "first"]
    assert names(updated_after=(NOON + timedelta(minutes=1)).isoformat()) == ["late"]
    assert names(updated_before=(NOON + timedelta(minutes=1)).isoformat()) == ["first"]
    assert names(states=["WASTE"]) == []
    assert till.refused("POST", "/v2/inventory/changes/batch-retrieve", {"types": ["NONSENSE"]})[0] == 400


def test_transfers_cannot_be_written_and_are_unknown_after_the_switch(till: Till) -> None:
    body = {"idempotency_key": "k", "changes": [{"type": "TRANSFER", "transfer": {}}]}
    target = "/v2/inventory/changes/batch-create"
    assert till.refused("POST", target, body) == (400, "INVALID_VALUE")
    till.version = "2026-07-15"
    assert till.refused("POST", target, body) == (400, "INVALID_ENUM_VALUE")
    asked = {"types": ["TRANSFER"]}
    assert till.refused("POST", "/v2/inventory/changes/batch-retrieve", asked) == (400, "INVALID_ENUM_VALUE")


def test_stock_of_an_unknown_variation_or_store_cannot_be_written(till: Till) -> None:
    item = till.item()
    assert till.change("NOBODY", "count", "1").status == 404
    assert till.change(item["id"], "count", "1").status == 400
    assert till.change(kid_ids(item)[0], "count", "1", "NOWHERE").status == 400


def test_reading_all_counts_stays_complete_and_small_after_a_long_history(till: Till) -> None:
    kids = till.square.seed_catalog(3, 1, 1000)
    for number in range(2000):
        till.square.clock.advance(1)
        move(till.square, kids[number % 3], till.places[0], "IN_STOCK", "SOLD", 1)
    assert len(till.square.state.inventory.touched) < 300
    body: Json = {"limit": 4}
    first = till.ok("POST", "/v2/inventory/counts/batch-retrieve", body)
    rest = till.ok("POST", "/v2/inventory/counts/batch-retrieve", {**body, "cursor": first["cursor"]})
    assert len({(row["catalog_object_id"], row["location_id"]) for row in first["counts"] + rest["counts"]}) == 8
    assert sum(int(count) for count in till.counts().values()) == 9000 - 2000
