"""Pickup places and the stores they mean."""

from __future__ import annotations

import json
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.hours import Hours, Span
from bridge.domain.place import (
    Pickup,
    PlaceFound,
    PlaceMap,
    StorePlace,
    hours_text,
    paste_text,
    pickup_of,
    plan_places,
    store_of,
    store_place,
    unmapped,
)
from tests.unit.domain.laws import law

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings" / "woocommerce"
HOURS = Hours("UTC", {**dict.fromkeys(range(5), (Span(time(9), time(17)),)), 5: (Span(time(10), time(14)),)})
LOCATION: dict[str, Any] = {
    "id": "L1",
    "name": "Downtown Store",
    "status": "ACTIVE",
    "phone_number": "+1 212-555-0100",
    "address": {
        "address_line_1": "10 Main St",
        "address_line_2": "Floor 2",
        "locality": "New York",
        "administrative_district_level_1": "NY",
        "postal_code": "10001",
        "country": "US",
    },
}


def recorded(name: str) -> Any:
    path = RECORDINGS / f"{name}.json"
    if not path.exists():
        pytest.skip("the recordings (../shared/recordings) are not here")
    return json.loads(path.read_text())["response"]["body"]


def test_a_square_location_becomes_a_pickup_location() -> None:
    place = store_place(LOCATION, HOURS)
    assert place.address == {
        "address_1": "10 Main St, Floor 2",
        "city": "New York",
        "state": "NY",
        "postcode": "10001",
        "country": "US",
    }
    assert place.details == "+1 212-555-0100 · Mon-Fri 09:00-17:00, Sat 10:00-14:00"
    assert place.enabled and not store_place({**LOCATION, "status": "INACTIVE"}, HOURS).enabled
    assert hours_text(Hours("UTC")) == ""


def test_the_recorded_list_is_kept_and_the_stores_are_written_into_it() -> None:
    shown = recorded("wp_settings_with_pickup_locations")["pickup_locations"]
    uptown = StorePlace("L2", "Uptown Shop", shown[1]["address"], "Gate", True, former_names=("Uptown Store",))
    plan = plan_places(shown, [store_place(LOCATION, HOURS), uptown, StorePlace("L3", "New", {}, "", True)])
    assert [row["name"] for row in plan.places] == ["Downtown Store", "Uptown Shop", "New"]
    assert [(c.kind, c.store_id) for c in plan.changes] == [("update", "L1"), ("update", "L2"), ("create", "L3")]
    assert plan_places(list(plan.places), [store_place(LOCATION, HOURS), uptown]).changes == ()


def test_a_closed_store_is_disabled_never_removed_and_never_added() -> None:
    shown = [{"name": "Downtown store ", "address": {"zip": "x"}, "details": "", "enabled": True, "own": 1}]
    plan = plan_places(shown, [store_place({**LOCATION, "status": "INACTIVE"}, HOURS)])
    assert [(c.kind, c.name) for c in plan.changes] == [("disable", "Downtown Store")]
    assert plan.places[0]["enabled"] is False and plan.places[0]["own"] == 1 and plan.places[0]["address"]["zip"] == "x"
    assert plan_places([], [store_place({**LOCATION, "status": "INACTIVE"}, HOURS)]).changes == ()


def test_without_access_a_person_is_told_what_to_type() -> None:
    plan = plan_places([], [store_place(LOCATION, HOURS)])
    assert "Name: Downtown Store (enabled)\n  Address: 10 Main St, Floor 2, New York, NY, 10001, US" in paste_text(plan)
    assert paste_text(plan_places(list(plan.places), [store_place(LOCATION, HOURS)])) == ""


@law
@given(
    st.lists(st.fixed_dictionaries({"name": st.sampled_from("ABCdef"), "enabled": st.booleans()}), max_size=5),
    st.lists(st.tuples(st.sampled_from("ABCDEF"), st.booleans()), max_size=4, unique_by=lambda s: s[0].lower()),
)
def test_planning_places_loses_nothing_and_is_done_after_one_write(
    shown: list[dict[str, Any]], wanted: list[tuple[str, bool]]
) -> None:
    stores = [StorePlace(f"L-{name}", name, {}, "", enabled) for name, enabled in wanted]
    plan = plan_places(shown, stores)
    kept = [row["name"].casefold() for row in plan.places][: len(shown)]
    assert kept == [row["name"].casefold() for row in shown]
    assert plan_places(list(plan.places), stores).changes == ()


def test_the_recorded_pickup_order_names_its_place() -> None:
    pickup = pickup_of(recorded("order_get_from_checkout_pickup_cod"))
    assert pickup == Pickup("pickup_location", "Uptown Store", "", "")
    assert pickup is not None and store_of(pickup, PlaceMap(names={"UPTOWN  store": "L2"})) == PlaceFound("L2", "name")
    assert store_of(pickup, PlaceMap()) is None
    assert pickup_of(recorded("order_get_from_checkout_flat_rate_cod")) is None


def shipping(method: str, instance: str = "", title: str = "Pickup", **meta: Any) -> dict[str, Any]:
    entries = [{"key": key, "value": value} for key, value in meta.items()]
    row = {"method_id": method, "instance_id": instance, "method_title": title, "meta_data": entries}
    return {"shipping_lines": [{"method_id": "flat_rate"}, row]}


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (shipping("local_pickup", "2"), PlaceFound("L2", "instance")),
        (shipping("local_pickup", "9", title="Harbour &amp; Co"), PlaceFound("L3", "name")),
        (shipping("local_pickup_plus", _pickup_location_id="17", _pickup_location_name="X"), PlaceFound("L4", "meta")),
        (shipping("local_pickup_plus", _pickup_location_name="harbour & co"), PlaceFound("L3", "name")),
        (shipping("local_pickup", "5"), PlaceFound("L5", "config")),
        (shipping("local_pickup_plus", _pickup_location_id="5"), PlaceFound("L6", "config")),
        (shipping("pickup_location", "0", pickup_location="Old name"), PlaceFound("L7", "config")),
        (shipping("local_pickup", "8"), None),
    ],
)
def test_a_place_is_found_by_config_meta_name_or_instance(order: dict[str, Any], found: PlaceFound | None) -> None:
    places = PlaceMap(
        names={"Harbour & Co": "L3"},
        instances={"2": "L2", "5": "L2"},
        meta_ids={"17": "L4"},
        config={"instance:5": "L5", "id:5": "L6", "OLD name": "L7"},
    )
    pickup = pickup_of(order)
    assert pickup is not None and store_of(pickup, places) == found


def test_places_without_a_store_are_reported_once_each() -> None:
    shown = [{"name": "Kiosk", "enabled": True}, {"name": "Off", "enabled": False}, {"name": "Known", "enabled": True}]
    methods = [
        {"method_id": "local_pickup", "instance_id": 2, "title": "Local pickup"},
        {"method_id": "flat_rate", "instance_id": 1},
    ]
    orders = [shipping("pickup_location", "0", pickup_location="kiosk"), shipping("local_pickup", ""), {}]
    found = unmapped(shown, methods, orders, PlaceMap(names={"known": "L1"}))
    assert [pickup.text for pickup in found] == ["Kiosk", "Local pickup", "Pickup"]
    assert Pickup("local_pickup_plus", "", "", "7").text == "id 7"
    assert Pickup("local_pickup", "", "", "").text == "local_pickup (instance ?)"
