"""``bridge places``, ``sync places``, ``availability`` and what the doctor says of pickup places."""

from __future__ import annotations

from tests.cli.conftest import Accounts


def test_places_tells_which_store_each_is_and_what_to_type_without_a_password(accounts: Accounts) -> None:
    accounts.settle_products(["mug"])
    ended = accounts.bridge("places")
    assert ended.code == 3, ended  # the zone's "Local pickup" means no store yet
    assert "Local pickup" in ended.out and "no store" in ended.out
    assert "Add pickup location" in ended.out and "Name: " in ended.out
    told = accounts.bridge("places", "--json").json
    assert told["places"][0]["by"] == "no store" and "Add pickup location" in told["paste"]


def test_a_zones_pickup_is_mapped_by_configuration(accounts: Accounts) -> None:
    accounts.settle_products(["mug"])
    accounts.configure(f'places: {{map: {{"instance:2": "{accounts.stores[0]}"}}}}\n')
    told = accounts.bridge("places", "--json")
    assert told.code == 0 and told.json["places"][0]["by"] == "config"
    assert not [one for one in _place_findings(accounts) if one["level"] != "ok"]


def test_the_doctor_lists_pickup_places_that_are_no_store(accounts: Accounts) -> None:
    accounts.settle_products(["mug"])
    [warned] = [one for one in _place_findings(accounts) if one["level"] == "warn"]
    assert "Local pickup" in warned["what"] and "places.map" in warned["advice"]


def _place_findings(accounts: Accounts) -> list[dict[str, str]]:
    told = accounts.bridge("doctor", "--json").json
    return [one for one in told["findings"] if one["area"] == "places"]


def test_sync_places_without_a_password_writes_nothing_and_says_what_to_paste(accounts: Accounts) -> None:
    accounts.settle_products(["mug"])
    before = len(accounts.writes())
    ended = accounts.bridge("sync", "places")
    assert ended.code == 0 and "By hand" in ended.out and "application password" in ended.out, ended
    assert "agree" not in ended.out
    assert len(accounts.writes()) == before
    assert accounts.bridge("sync", "places", "--dry-run").code == 3
    assert accounts.bridge("sync", "places", "--sku", "mug").code == 2


def test_sync_places_or_customers_does_not_count_as_the_first_run(accounts: Accounts) -> None:
    accounts.product("mug")
    assert accounts.bridge("sync", "places").code == 0
    asked = accounts.bridge("sync", "--json")
    assert asked.code == 2 and "--yes" in asked.json["advice"]


def test_availability_tells_which_store_has_it_now_later_or_not(accounts: Accounts) -> None:
    accounts.configure("places: {transfer_hours: 24}\n")
    accounts.settle_products(["mug"])
    first = accounts.bridge("availability", "mug=3", "--json").json
    answers = {one["store"]: one["answer"] for one in first["stores"]}
    assert sorted(answers.values())[-1] == "now" and set(answers.values()) <= {"now", "later"}
    giver = next(store for store, answer in answers.items() if answer == "now")
    for one in first["stores"]:
        if one["answer"] == "later":
            assert one["from"] == [{"sku": "mug", "store": giver, "quantity": 3}] and one["ready"]
    none = accounts.bridge("availability", "mug=11", "--json").json
    assert {one["answer"] for one in none["stores"]} == {"no"}
    assert accounts.bridge("availability", "mug").out.startswith("Store")
    assert accounts.bridge("availability", "nonesuch").code == 2
