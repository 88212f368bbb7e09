"""Square's locations as the shop's pickup locations: made, changed, switched off, and never at a person's cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bridge.engine.part_run import sync_places
from bridge.engine.planning import make_plan
from bridge.engine.settings import PlaceSettings
from bridge.engine.sync import Scope
from bridge.engine.sync_places import look
from bridge.ledger import outbox
from bridge.sim.square.locations import change_location
from tests.crash.life import Scenario
from tests.crash.tries import every_death, every_death_beside_a_lost_answer
from tests.world import TEST_SETTINGS, World

HOURS = {
    "periods": [
        {"day_of_week": day, "start_local_time": "09:00", "end_local_time": "17:00"}
        for day in ("MON", "TUE", "WED", "THU", "FRI")
    ]
}
ADDRESS = {
    "address_line_1": "10 Main St",
    "locality": "Oslo",
    "administrative_district_level_1": "OS",
    "postal_code": "0150",
    "country": "NO",
}
KIOSK: dict[str, Any] = {"name": "Kiosk", "address": {"city": "Moss"}, "details": "Ring twice", "enabled": True, "x": 1}
SYNCED = replace(TEST_SETTINGS, pickup=PlaceSettings(sync=True))


def world_of(*places: dict[str, Any], ledger: str = ":memory:") -> World:
    world = World(settings=SYNCED, ledger=ledger)
    at_square(world, address=ADDRESS, phone_number="+47 22 00 00 00", business_hours=HOURS)
    world.woo.acts["set_pickup_locations"]([dict(place) for place in places])
    return world


def at_square(world: World, store: int = 0, **fields: Any) -> None:
    """Somebody changes a location in Square."""
    change_location(world.square, world.stores[store], fields)


def shown(world: World) -> dict[str, dict[str, Any]]:
    """The shop's pickup locations by name."""
    rows = world.woo.state.options["pickup_locations"]
    found = {row["name"]: row for row in rows}
    assert len(found) == len(rows), "a name stands twice"
    return found


def in_shop(world: World, name: str, **fields: Any) -> None:
    """A person edits a pickup location in the shop."""
    rows = [dict(row) for row in world.woo.state.options["pickup_locations"]]
    next(row for row in rows if row["name"] == name).update(fields)
    world.woo.acts["set_pickup_locations"](rows)


def place_writes(world: World) -> int:
    return sum(1 for entry in world.woo.log if entry["method"] != "GET" and entry["path"].endswith("wp/v2/settings"))


# -- made and changed -------------------------------------------------------------------
def test_every_store_becomes_a_pickup_location_with_address_phone_and_hours() -> None:
    world = world_of(KIOSK)
    report = sync_places(world.bridge)
    assert report.counts["pickup places written"] == 3 and report.waiting == 0
    places = shown(world)
    assert list(places) == ["Kiosk", "Bergen", "Oslo", "Trondheim"]
    assert places["Kiosk"] == KIOSK
    oslo = places["Oslo"]
    assert oslo["enabled"] is True
    assert oslo["address"] == {
        "address_1": "10 Main St", "city": "Oslo", "state": "OS", "postcode": "0150", "country": "NO",
    }  # fmt: skip
    assert oslo["details"] == "+47 22 00 00 00 · Mon-Fri 09:00-17:00"


def test_a_second_sync_of_places_writes_nothing() -> None:
    world = world_of(KIOSK)
    sync_places(world.bridge)
    before = place_writes(world)
    assert sync_places(world.bridge).writes == 0
    assert place_writes(world) == before == 1


def test_what_changes_at_square_changes_in_the_shop() -> None:
    world = world_of()
    sync_places(world.bridge)
    at_square(world, phone_number="+47 22 11 11 11", address={**ADDRESS, "address_line_1": "12 Main St"})
    report = sync_places(world.bridge)
    assert report.counts["pickup places written"] == 1
    oslo = shown(world)["Oslo"]
    assert oslo["details"].startswith("+47 22 11 11 11") and oslo["address"]["address_1"] == "12 Main St"


def test_a_closed_store_is_switched_off_and_on_again_but_never_deleted() -> None:
    world = world_of()
    sync_places(world.bridge)
    at_square(world, status="INACTIVE")
    sync_places(world.bridge)
    assert shown(world)["Oslo"]["enabled"] is False and len(shown(world)) == 3
    at_square(world, status="ACTIVE")
    sync_places(world.bridge)
    assert shown(world)["Oslo"]["enabled"] is True


def test_a_closed_store_is_not_made_a_pickup_location() -> None:
    world = world_of()
    at_square(world, status="INACTIVE")
    sync_places(world.bridge)
    assert set(shown(world)) == {"Bergen", "Trondheim"}


# -- people in the shop -----------------------------------------------------------------
def test_what_a_person_wrote_into_a_place_stays_whatever_changes_at_square() -> None:
    world = world_of()
    sync_places(world.bridge)
    in_shop(world, "Oslo", details="Back door, ask for Kari")
    at_square(world, phone_number="+47 22 11 11 11", address={**ADDRESS, "postal_code": "0151"})
    report = sync_places(world.bridge)
    oslo = shown(world)["Oslo"]
    assert oslo["details"] == "Back door, ask for Kari"
    assert oslo["address"]["postcode"] == "0151"
    assert report.counts["pickup places left as people wrote them"] == 1
    assert look(world.bridge).kept == ("Oslo: details as a person left it",)


def test_a_place_a_person_made_before_is_taken_over_and_only_its_gaps_are_filled() -> None:
    mine = {"name": "oslo ", "address": {"address_1": "", "city": "Gamlebyen"}, "details": "", "enabled": True}
    world = world_of(mine)
    sync_places(world.bridge)
    oslo = shown(world)["Oslo"]
    assert oslo["address"]["city"] == "Gamlebyen" and oslo["address"]["address_1"] == "10 Main St"
    assert oslo["details"].startswith("+47")
    at_square(world, address={**ADDRESS, "locality": "Oslo sentrum", "address_line_1": "1 New St"})
    sync_places(world.bridge)
    oslo = shown(world)["Oslo"]
    assert oslo["address"]["city"] == "Gamlebyen" and oslo["address"]["address_1"] == "1 New St"


def test_a_place_a_person_switched_off_stays_off() -> None:
    world = world_of()
    sync_places(world.bridge)
    in_shop(world, "Oslo", enabled=False)
    at_square(world, phone_number="+47 22 11 11 11")
    sync_places(world.bridge)
    assert shown(world)["Oslo"]["enabled"] is False


def test_a_place_a_person_removed_is_not_made_again() -> None:
    world = world_of()
    sync_places(world.bridge)
    world.woo.acts["set_pickup_locations"]([row for name, row in shown(world).items() if name != "Oslo"])
    assert sync_places(world.bridge).writes == 0
    assert set(shown(world)) == {"Bergen", "Trondheim"}
    assert "removed or renamed" in look(world.bridge).kept[0]


def test_a_place_added_by_a_person_between_planning_and_writing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of()
    world.sync(full=True)  # in step
    at_square(world, phone_number="+47 22 11 11 11")
    added, places = [*shown(world).values(), KIOSK], world.bridge.woo.places
    read = places.pickup_list

    def then_somebody_adds() -> Any:
        found = read()
        monkeypatch.setattr(places, "pickup_list", read)
        world.woo.acts["set_pickup_locations"](added)
        return found

    monkeypatch.setattr(places, "pickup_list", then_somebody_adds)
    sync_places(world.bridge)
    assert shown(world)["Kiosk"] == KIOSK
    assert shown(world)["Oslo"]["details"].startswith("+47 22 11 11 11")


# -- renaming ---------------------------------------------------------------------------
def test_a_renamed_store_keeps_its_place_and_older_orders_still_find_it() -> None:
    world = world_of()
    mug = world.simple("mug", 10)
    world.sync(full=True)
    world.quiet()
    at_square(world, store=2, name="Torget")
    order = world.buy(mug, 2, pickup="Trondheim")  # placed before the shop knows the new name
    world.quiet()
    assert set(shown(world)) == {"Oslo", "Bergen", "Torget"}
    assert world.on_hand(world.twin(mug), world.stores[2]) == -2, order
    world.buy(mug, 1, pickup="Torget")
    world.quiet()
    assert world.on_hand(world.twin(mug), world.stores[2]) == -3


# -- without a password, and as part of a pass --------------------------------------------
def test_without_an_application_password_it_says_what_to_type_where() -> None:
    world = world_of()
    world.with_password = False
    world.bridge = world.make_bridge()
    report = sync_places(world.bridge)
    assert report.writes == 0 and any("application password" in name for name in report.counts)
    told = look(world.bridge).paste
    assert "Local pickup" in told and "Name: Oslo (enabled)" in told and "10 Main St, Oslo" in told


def test_a_wrong_password_ends_the_places_alone_and_stock_goes_on() -> None:
    world = world_of()
    mug = world.simple("mug", 5)
    world.sync(full=True)
    world.quiet()
    world.woo.state.app_passwords[0].password = "changed in the shop"
    at_square(world, phone_number="+47 22 11 11 11")
    world.buy(mug, 2)
    world.clock.advance(60)
    report = world.sync(full=True)
    assert report.counts["skipped: pickup places, which were refused"] >= 1 and report.notes
    assert world.on_hand(world.twin(mug)) == 3


def test_by_default_a_pass_leaves_pickup_places_alone() -> None:
    world = world_of(KIOSK)
    world.use(pickup=PlaceSettings())
    world.sync(full=True)
    assert list(shown(world)) == ["Kiosk"]
    assert not [entry for entry in world.woo.log if entry["path"].endswith("wp/v2/settings")]


def test_a_full_pass_keeps_places_in_step_when_asked_to_and_a_dry_run_writes_nothing() -> None:
    world = world_of()
    make_plan(world.bridge, Scope())
    assert shown(world) == {} and place_writes(world) == 0
    world.sync(full=True)
    assert set(shown(world)) == {"Oslo", "Bergen", "Trondheim"}


def test_an_unanswered_write_of_places_is_read_back_and_not_repeated() -> None:
    world = world_of()
    world.woo.faults.add("timeout_applied", method="POST|PUT", times=1)
    report = sync_places(world.bridge)
    assert report.waiting == 0 and report.counts["settled: it had happened"] == 1
    assert place_writes(world) == 1 and len(shown(world)) == 3


def test_holidays_and_hours_of_the_configuration_reach_no_pickup_text() -> None:
    world = world_of()
    world.use(pickup=PlaceSettings(sync=True, holidays={"": {date(2026, 3, 2): ()}}))
    sync_places(world.bridge)
    assert shown(world)["Oslo"]["details"].endswith("Mon-Fri 09:00-17:00")


# -- crashes ----------------------------------------------------------------------------
def _build(ledger: str = ":memory:") -> World:
    world = world_of(KIOSK, ledger=ledger)
    world.simple("mug", 5)
    world.sync(full=True)
    world.quiet()
    return world


def _move(world: World) -> None:
    at_square(world, phone_number="+47 22 11 11 11")
    at_square(world, store=2, status="INACTIVE")


def _check(world: World) -> None:
    places = shown(world)
    assert list(places) == ["Kiosk", "Bergen", "Oslo", "Trondheim"], list(places)
    assert places["Kiosk"] == KIOSK
    assert places["Oslo"]["details"].startswith("+47 22 11 11 11"), places["Oslo"]
    assert places["Trondheim"]["enabled"] is False
    with world.db.reading() as conn:
        assert not outbox.in_states(conn, outbox.OPEN)


CHANGED = Scenario("pickup places changed", _build, (_move,), full=True, check=_check)


@pytest.mark.parametrize("tries", [every_death, every_death_beside_a_lost_answer])
def test_a_bridge_that_dies_at_any_point_leaves_the_places_right(tries: Any) -> None:
    tried = tries(CHANGED)
    assert tried.points > 40 and tried.lives >= 20
    assert not tried.wrong, tried.told()
