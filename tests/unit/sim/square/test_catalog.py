"""How the simulated catalog writes, refuses, forgets and tells what changed."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.sim.square.catalog_shape import clean_html, plain_text
from tests.unit.sim.square.ground import Json, Till, kid_ids, new_item, new_variation


@pytest.fixture
def till() -> Till:
    return Till()


def rewritten(item: Json, **data: Any) -> Json:
    """The item as a well-behaved client sends it back, with changes."""
    return {**item, "item_data": {**item["item_data"], **data}}


def send(till: Till, *batches: list[Json], key: str = "batch") -> Any:
    body = {"idempotency_key": key, "batches": [{"objects": objects} for objects in batches]}
    return till.raw("POST", "/v2/catalog/batch-upsert", body)


def test_versions_are_the_milliseconds_of_the_write_and_always_rise(till: Till) -> None:
    first, second = till.item("A", name="a"), till.item("B", name="b")
    assert second["version"] > first["version"]
    assert abs(first["version"] - till.square.clock.now().timestamp() * 1000) < 10
    assert first["updated_at"].startswith("2026-10-01T12:00:00.")


def test_an_upsert_replaces_the_whole_object(till: Till) -> None:
    item = till.item("A", "B", abbreviation="SH", description="old")
    kept = item["item_data"]["variations"][0]
    again = till.upsert({**item, "item_data": {"name": "New", "variations": [kept]}})
    assert "abbreviation" not in again["item_data"]
    assert "description" not in again["item_data"]
    assert kid_ids(again) == [kept["id"]]
    gone = till.square.state.catalog.objects[kid_ids(item)[1]]
    assert gone["is_deleted"] is True


def test_only_what_changed_takes_the_new_version(till: Till) -> None:
    item = till.item("A", "B")
    first, second = item["item_data"]["variations"]
    second = {**second, "item_variation_data": {**second["item_variation_data"], "sku": "B2"}}
    again = till.upsert(rewritten(item, variations=[first, second]))
    assert again["item_data"]["variations"][0]["version"] == item["version"]
    assert again["item_data"]["variations"][1]["version"] == again["version"] > item["version"]


def test_unknown_fields_written_back_are_kept(till: Till) -> None:
    item = till.item()
    again = till.upsert(rewritten(item, kitchen_name="From the future"))
    assert again["item_data"]["kitchen_name"] == "From the future"


def test_a_client_id_is_known_only_in_its_own_batch(till: Till) -> None:
    category = {"type": "CATEGORY", "id": "#c", "category_data": {"name": "Caps"}}
    item = new_item("Cap", "C", categories=[{"id": "#c"}])
    apart = send(till, [category], [item]).json()
    assert [one["type"] for one in apart["objects"]] == ["CATEGORY"]
    assert apart["errors"][0]["code"] == "INVALID_VALUE"
    together = send(till, [category, item], key="together").json()
    assert together["objects"][1]["item_data"]["categories"][0]["id"] == together["objects"][0]["id"]


def test_a_variation_can_be_written_on_its_own(till: Till) -> None:
    item = till.item("A")
    till.upsert(new_variation("#b", "B", item_id=item["id"]))
    shown = till.ok("GET", f"/v2/catalog/object/{item['id']}")["object"]
    assert [kid["item_variation_data"]["sku"] for kid in shown["item_data"]["variations"]] == ["A", "B"]
    assert [kid["item_variation_data"]["ordinal"] for kid in shown["item_data"]["variations"]] == [0, 1]
    assert shown["version"] == item["version"]


def test_skus_need_not_be_unique(till: Till) -> None:
    till.item("SAME", name="a")
    till.item("SAME", name="b")
    query = {"set_query": {"attribute_name": "sku", "attribute_values": ["same"]}}
    found = till.ok("POST", "/v2/catalog/search", {"object_types": ["ITEM_VARIATION"], "query": query})
    assert len(found["objects"]) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "x" * 513}, "VALUE_TOO_LONG"),
        ({"name": ""}, "MISSING_REQUIRED_PARAMETER"),
        ({"abbreviation": "x" * 25}, "VALUE_TOO_LONG"),
        ({"variations": []}, "INVALID_VALUE"),
        ({"product_type": "EVENT"}, "INVALID_VALUE"),
        ({"categories": [{"id": "NOWHERE"}]}, "INVALID_VALUE"),
        ({"item_options": [{"item_option_id": f"O{n}"} for n in range(7)]}, "ARRAY_LENGTH_TOO_LONG"),
    ],
)
def test_what_an_item_may_not_be(till: Till, change: Json, code: str) -> None:
    item = till.item()
    body = {"idempotency_key": "k", "object": rewritten(item, **change)}
    assert till.refused("POST", "/v2/catalog/object", body) == (400, code)
    assert till.ok("GET", f"/v2/catalog/object/{item['id']}")["object"]["version"] == item["version"]


@pytest.mark.parametrize(
    "data",
    [
        {"price_money": {"amount": 1, "currency": "EUR"}},
        {"price_money": {"amount": -1, "currency": "USD"}},
        {"price_money": None, "pricing_type": "FIXED_PRICING"},
        {"location_overrides": [{"location_id": "NOWHERE"}]},
        {"name": "x" * 256},
    ],
)
def test_what_a_variation_may_not_be(till: Till, data: Json) -> None:
    item = new_item("Cap")
    item["item_data"]["variations"] = [new_variation("#v", "C", **data)]
    assert till.refused("POST", "/v2/catalog/object", {"idempotency_key": "k", "object": item})[0] == 400


def test_an_item_holds_at_most_250_variations(till: Till) -> None:
    too_many = new_item("Many", *(f"M{n}" for n in range(251)))
    refused = till.refused("POST", "/v2/catalog/object", {"idempotency_key": "k", "object": too_many})
    assert refused == (400, "ARRAY_LENGTH_TOO_LONG")


def test_a_seller_has_only_so_many_item_options(till: Till) -> None:
    till.square.switch(item_option_limit=1)
    option = {"type": "ITEM_OPTION", "id": "#o", "item_option_data": {"name": "Size", "values": []}}
    till.upsert(option)
    another = {"type": "ITEM_OPTION", "id": "#p", "item_option_data": {"name": "Colour", "values": []}}
    body = {"idempotency_key": "k", "object": another}
    assert till.refused("POST", "/v2/catalog/object", body) == (400, "INVALID_VALUE")


def test_batch_sizes_are_limited_and_a_breach_refuses_everything(till: Till) -> None:
    items = [new_item(f"i{n}", f"s{n}") for n in range(501)]
    assert send(till, items).status == 400
    assert till.ok("GET", "/v2/catalog/list") == {}


def test_updating_a_deleted_object_is_a_400_not_a_404(till: Till) -> None:
    item = till.item()
    till.ok("DELETE", f"/v2/catalog/object/{item['id']}")
    answer = till.raw("POST", "/v2/catalog/object", {"idempotency_key": "k", "object": item})
    assert answer.status == 400
    assert "nonexistent object" in answer.json()["errors"][0]["detail"]


def test_the_last_variation_of_an_item_cannot_be_deleted_alone(till: Till) -> None:
    item = till.item("A")
    assert till.refused("DELETE", f"/v2/catalog/object/{kid_ids(item)[0]}")[0] == 400
    assert till.ok("POST", "/v2/catalog/batch-delete", {"object_ids": kid_ids(item)}) == {}


def test_deleting_a_category_takes_it_out_of_its_items(till: Till) -> None:
    category = till.upsert({"type": "CATEGORY", "id": "#c", "category_data": {"name": "Caps"}})
    item = till.item(categories=[{"id": category["id"]}])
    till.ok("DELETE", f"/v2/catalog/object/{category['id']}")
    shown = till.ok("GET", f"/v2/catalog/object/{item['id']}")["object"]
    assert "categories" not in shown["item_data"]
    till.upsert(shown)


def test_html_and_plain_descriptions_stay_in_step() -> None:
    rich = clean_html('<p onclick="x()">A <script>b</script><a href="/c" class="d">e</a></p>')
    assert rich == '<p>A b<a href="/c">e</a></p>'
    assert plain_text("<p>One &amp; two</p><ul><li>three</li></ul>") == "One & two\nthree"


def test_sold_out_cannot_be_written(till: Till) -> None:
    item = new_item("Cap")
    row = {"location_id": till.places[0], "sold_out": True}
    item["item_data"]["variations"] = [new_variation("#v", "C", location_overrides=[row])]
    made = till.upsert(item)
    assert "location_overrides" not in made["item_data"]["variations"][0]["item_variation_data"]


def test_one_catalog_write_at_a_time(till: Till) -> None:
    till.square.switch(catalog_lock_seconds=2)
    till.item("A", name="a")
    answer = send(till, [new_item("b", "B")])
    assert answer.status == 429
    assert answer.json()["errors"][0]["detail"] == "Catalog locked by prior request."
    till.square.clock.advance(2)
    assert send(till, [new_item("b", "B")]).status == 200
    till.square.acts["hold_catalog_lock"](seconds=30)
    assert send(till, [new_item("c", "C")], key="c").status == 429


def test_a_half_applied_batch_is_completed_by_the_same_key_and_doubled_by_another(till: Till) -> None:
    batches = [[new_item("a", "A")], [new_item("b", "B")]]
    till.square.faults.add("catalog_partly_applied", options={"batches": 1})
    assert send(till, *batches).status == 429
    assert len(till.ok("GET", "/v2/catalog/list")["objects"]) == 1
    done = send(till, *batches).json()
    assert [one["item_data"]["name"] for one in done["objects"]] == ["a", "b"]
    assert len(done["id_mappings"]) == 4
    assert len(till.ok("GET", "/v2/catalog/list")["objects"]) == 2
    send(till, *batches, key="another")
    assert len(till.ok("GET", "/v2/catalog/list")["objects"]) == 4


def test_a_version_clash_can_be_played_out(till: Till) -> None:
    item = till.item()
    till.square.faults.add("version_mismatch")
    body = {"idempotency_key": "k", "object": item}
    assert till.refused("POST", "/v2/catalog/object", body) == (400, "VERSION_MISMATCH")


def test_a_stale_read_shows_the_catalog_before_the_latest_write(till: Till) -> None:
    item = till.item("A")
    renamed = till.upsert(rewritten(item, name="Renamed"))
    till.item("B", name="fresh")
    till.square.faults.add("stale_read", path="/v2/catalog/list")
    names = [one["item_data"]["name"] for one in till.ok("GET", "/v2/catalog/list")["objects"]]
    assert names == ["Renamed"]
    till.upsert(rewritten(renamed, name="Again"))
    till.square.faults.add("stale_read", path="/v2/catalog/search")
    body = {"object_types": ["ITEM"], "begin_time": "2026-01-01T00:00:00Z"}
    stale = till.ok("POST", "/v2/catalog/search", body)["objects"]
    assert {one["item_data"]["name"] for one in stale} == {"Renamed", "fresh"}
    now = till.ok("POST", "/v2/catalog/search", body)["objects"]
    assert {one["item_data"]["name"] for one in now} == {"Again", "fresh"}


def test_strangers_from_the_future_can_appear_in_reads(till: Till) -> None:
    till.item()
    till.square.faults.add("unknown_object_type")
    assert till.ok("GET", "/v2/catalog/list")["objects"][0]["type"] == "LOYALTY_THING"
    till.square.faults.add("unknown_enum")
    assert till.ok("GET", "/v2/catalog/list")["objects"][0]["item_data"]["product_type"] == "HOLOGRAM"


@pytest.mark.parametrize("limit", [-1, 0, 1001, "many"])
def test_a_search_limit_out_of_range_is_ignored(till: Till, limit: Any) -> None:
    till.square.seed_catalog(101)
    found = till.ok("POST", "/v2/catalog/search", {"object_types": ["ITEM"], "limit": limit})
    assert (len(found["objects"]), "cursor" in found) == (100, True)


def test_delta_search_is_exclusive_and_walks_pages_without_loss(till: Till) -> None:
    till.square.seed_catalog(7)
    start = {"object_types": ["ITEM"], "begin_time": "2026-01-01T00:00:00Z", "limit": 3}
    page = till.ok("POST", "/v2/catalog/search", start)
    first = till.ok("GET", f"/v2/catalog/object/{page['objects'][0]['id']}")["object"]
    till.upsert(rewritten(first, name="Moved to the end"))
    names = [one["item_data"]["name"] for one in page["objects"]]
    while "cursor" in page:
        page = till.ok("POST", "/v2/catalog/search", {**start, "cursor": page["cursor"]})
        names += [one["item_data"]["name"] for one in page["objects"]]
    assert len(names) == 8
    assert names[-1] == "Moved to the end"
    after = {"object_types": ["ITEM"], "begin_time": page["latest_time"]}
    assert "objects" not in till.ok("POST", "/v2/catalog/search", after)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"exact_query": {"attribute_name": "name", "attribute_value": "shirt"}}, {"Shirt", "Red shirt"}),
        ({"prefix_query": {"attribute_name": "name", "attribute_prefix": "sh"}}, {"Shirt", "Red shirt"}),
        ({"text_query": {"keywords": ["red", "shi"]}}, {"Red shirt"}),
        ({"sorted_attribute_query": {"attribute_name": "name"}}, {"Cap", "Red shirt", "Shirt"}),
    ],
)
def test_queries_find_by_attribute(till: Till, query: Json, found: set[str]) -> None:
    for name in ("Shirt", "Cap", "Red shirt"):
        till.item(name=name)
    rows = till.ok("POST", "/v2/catalog/search", {"object_types": ["ITEM"], "query": query})["objects"]
    assert {one["item_data"]["name"] for one in rows} == found
    if "sorted_attribute_query" in query:
        assert [one["item_data"]["name"] for one in rows] == ["Cap", "Red shirt", "Shirt"]


def test_queries_that_must_stand_alone_are_refused_in_company(till: Till) -> None:
    query = {
        "set_query": {"attribute_name": "sku", "attribute_values": ["a"]},
        "exact_query": {"attribute_name": "name", "attribute_value": "b"},
    }
    refused = till.refused("POST", "/v2/catalog/search", {"object_types": ["ITEM"], "query": query})
    assert refused == (400, "CONFLICTING_PARAMETERS")


def test_item_search_filters_by_stock_level_and_archive(till: Till) -> None:
    full, empty, old = till.item(name="Full"), till.item(name="Empty"), till.item(name="Old", is_archived=True)
    for item, quantity in ((full, "5"), (empty, "0"), (old, "5")):
        for place in till.places:
            till.change(kid_ids(item)[0], "count", quantity, place)
    body = {"stock_levels": ["OUT"]}
    found = till.ok("POST", "/v2/catalog/search-catalog-items", body)
    assert [one["id"] for one in found["items"]] == [empty["id"]]
    archived = {"archived_state": "ARCHIVED_STATE_ARCHIVED"}
    found = till.ok("POST", "/v2/catalog/search-catalog-items", archived)
    assert [one["id"] for one in found["items"]] == [old["id"]]
    assert till.refused("POST", "/v2/catalog/search-catalog-items", {"limit": 101})[1] == "VALUE_TOO_HIGH"
