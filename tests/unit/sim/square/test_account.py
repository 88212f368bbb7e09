"""The front door of the simulated account: tokens, versions, keys, cursors, rate, faults."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.sim.square.auth import Token
from tests.unit.sim.square.ground import NOON, Json, Till, new_item


@pytest.fixture
def till() -> Till:
    return Till()


def test_three_active_stores_wait_at_the_start(till: Till) -> None:
    places = till.square.state.locations.values()
    assert [place["status"] for place in places] == ["ACTIVE"] * 3
    assert till.square.state.main_location_id == till.places[0]
    made = till.square.acts["add_location"](name="Airport", status="INACTIVE")
    assert till.square.state.locations[made]["name"] == "Airport"


def test_the_same_seed_gives_the_same_ids() -> None:
    assert Till(seed=7).item()["id"] == Till(seed=7).item()["id"]
    assert Till(seed=7).item()["id"] != Till(seed=8).item()["id"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"revoked": True}, 401, "ACCESS_TOKEN_REVOKED"),
        ({"expires_at": NOON}, 401, "ACCESS_TOKEN_EXPIRED"),
        ({"scopes": frozenset({"ITEMS_WRITE"})}, 403, "INSUFFICIENT_SCOPES"),
    ],
)
def test_a_token_can_be_revoked_expired_or_narrow(till: Till, change: Json, status: int, code: str) -> None:
    till.square.state.tokens["sandbox-square-token"] = Token("sandbox-square-token", **change)
    assert till.refused("GET", "/v2/catalog/info") == (status, code)


def test_a_missing_token_is_unauthorized(till: Till) -> None:
    assert till.raw("GET", "/v2/catalog/info", authorization="").status == 401


def test_a_malformed_version_is_refused_and_none_means_the_applications(till: Till) -> None:
    till.version = "2026-7-1"
    assert till.refused("GET", "/v2/catalog/info") == (400, "INVALID_SQUARE_VERSION_FORMAT")
    till.version = ""
    assert till.raw("GET", "/v2/catalog/info").status == 200


def test_unknown_paths_methods_and_bodies_are_refused(till: Till) -> None:
    assert till.refused("GET", "/v2/nothing") == (404, "NOT_FOUND")
    assert till.refused("GET", "/v2/catalog/search") == (405, "METHOD_NOT_ALLOWED")
    assert till.refused("POST", "/v2/catalog/search", ["no object"]) == (400, "EXPECTED_OBJECT")


def test_a_key_is_required_bounded_and_forgotten_after_its_time(till: Till) -> None:
    obj = new_item("Cap", "C")
    assert till.refused("POST", "/v2/catalog/object", {"object": obj})[1] == "MISSING_REQUIRED_PARAMETER"
    body = {"idempotency_key": "k" * 129, "object": obj}
    assert till.refused("POST", "/v2/catalog/object", body)[1] == "VALUE_TOO_LONG"
    first = till.upsert(obj, key="same")
    assert till.upsert(obj, key="same")["id"] == first["id"]
    till.square.keys.retention_seconds = 60
    till.square.clock.advance(61)
    assert till.upsert(obj, key="same")["id"] != first["id"]


def test_a_refused_request_leaves_its_key_free(till: Till) -> None:
    bad = new_item("Cap", "C")
    bad["item_data"]["name"] = ""
    till.refused("POST", "/v2/catalog/object", {"idempotency_key": "k", "object": bad})
    assert till.upsert(new_item("Cap", "C"), key="k")["item_data"]["name"] == "Cap"


def test_a_cursor_belongs_to_its_query_and_expires_after_five_minutes(till: Till) -> None:
    till.square.seed_catalog(150)
    body = {"object_types": ["ITEM"]}
    cursor = till.ok("POST", "/v2/catalog/search", body)["cursor"]
    other = {"object_types": ["ITEM", "CATEGORY"], "cursor": cursor}
    assert till.refused("POST", "/v2/catalog/search", other) == (400, "INVALID_CURSOR")
    last = till.ok("POST", "/v2/catalog/search", {**body, "cursor": cursor})
    assert (len(last["objects"]), "cursor" in last) == (50, False)
    till.square.clock.advance(301)
    assert till.refused("POST", "/v2/catalog/search", {**body, "cursor": cursor}) == (400, "INVALID_CURSOR")


def test_the_rate_limit_refuses_bursts_and_recovers(till: Till) -> None:
    till.square.acts["switch"](rate_limit_per_second=5)
    answers = [till.raw("GET", "/v2/catalog/info").status for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2
    till.square.clock.advance(1)
    assert till.raw("GET", "/v2/catalog/info").status == 200


def test_faults_answer_with_errors_expire_cursors_and_leave_pages_empty(till: Till) -> None:
    till.square.seed_catalog(3)
    faults = till.square.faults
    faults.add("ok_with_errors", path="/v2/catalog/list")
    assert "errors" in till.ok("GET", "/v2/catalog/list")
    faults.add("empty_page_with_cursor", path="/v2/catalog/list")
    empty = till.ok("GET", "/v2/catalog/list")
    assert list(empty) == ["cursor"]
    assert len(till.ok("GET", "/v2/catalog/list", query={"cursor": empty["cursor"]})["objects"]) == 3
    faults.add("expired_cursor", path="/v2/catalog/list")
    assert len(till.ok("GET", "/v2/catalog/list")["objects"]) == 3
    assert till.refused("GET", "/v2/catalog/list", query=empty) == (400, "INVALID_CURSOR")


def test_a_stale_read_never_touches_a_write(till: Till) -> None:
    till.item("A", name="a")
    till.square.faults.add("stale_read")
    till.item("B", name="b")
    names = [one["item_data"]["name"] for one in till.ok("GET", "/v2/catalog/list")["objects"]]
    assert names == ["a"]
    assert len(till.ok("GET", "/v2/catalog/list")["objects"]) == 2


def test_what_others_do_meanwhile_happens_inside_the_next_write(till: Till) -> None:
    item = till.item("A")
    (kid,) = item["item_data"]["variations"]

    def meanwhile() -> None:
        till.square.seed_catalog(1)

    till.square.between.append(meanwhile)
    till.change(kid["id"], "count", "4")
    assert till.square.between == []
    assert len(list(till.square.state.catalog.live_ids("ITEM"))) == 2


def test_the_dump_shows_catalog_and_counts(till: Till) -> None:
    (kid,) = till.square.seed_catalog(1, 1, 5)
    dump = till.square.dump()
    assert dump["catalog"][0]["item_data"]["variations"][0]["id"] == kid
    assert {row["quantity"] for row in dump["counts"]} == {"5"}
    assert till.raw("GET", "/_sim/state").status == 200


def test_server_stamps_never_repeat_even_on_a_clock_that_stands_still(till: Till) -> None:
    first, second = till.square.stamp(), till.square.stamp()
    assert second - first == timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("fault", "options", "status", "code"),
    [
        ("rate_limited", {}, 429, "RATE_LIMITED"),
        ("server_error", {}, 500, "INTERNAL_SERVER_ERROR"),
        ("server_error_applied", {"status": 503}, 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_faults_of_the_wire_speak_squares_language(
    till: Till, fault: str, options: Json, status: int, code: str
) -> None:
    till.square.faults.add(fault, options=options)
    assert till.refused("GET", "/v2/catalog/info") == (status, code)


def test_a_key_belongs_to_its_token(till: Till) -> None:
    till.square.state.tokens["second"] = Token("second")
    body = {"idempotency_key": "k", "object": new_item("Cap", "C")}
    first = till.raw("POST", "/v2/catalog/object", body)
    other = till.raw("POST", "/v2/catalog/object", body, authorization="Bearer second")
    assert first.json()["catalog_object"]["id"] != other.json()["catalog_object"]["id"]
