"""Keyed writes to Square: stock, whole items, categories, options, images."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import orjson
import pytest

from bridge.errors import RemoteDown
from bridge.remotes.port import Call, Done, Later, NoReply, Outcome, Refused, Reply, SquareStockChange, Unknown
from tests.unit.remotes.script import data, square

AT = "2026-11-22T12:00:00Z"
LOST = NoReply("no answer in time", sent=True)


def adjust(cause: str, quantity: str, **more: Any) -> SquareStockChange:
    said = {"kind": "adjust", "variation_id": "V", "store_id": "L", "reference": "ref", "occurred_at": AT, **more}
    return SquareStockChange(cause=cause, quantity=Decimal(quantity), **said)


def item(item_id: str, variations: int = 1, **more: Any) -> dict[str, Any]:
    rows = [
        {"type": "ITEM_VARIATION", "id": f"{item_id}-{number}", "item_variation_data": {}}
        for number in range(variations)
    ]
    return {"type": "ITEM", "id": item_id, "item_data": {"name": item_id, "variations": rows}, **more}


def problem(code: str, status: int = 400) -> Reply:
    return data({"errors": [{"category": "INVALID_REQUEST_ERROR", "code": code, "detail": ""}]}, status)


def kinds(outcomes: list[Outcome]) -> list[str]:
    return [type(outcome).__name__ for outcome in outcomes]


# -- stock --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "quantity", "leaving", "entering"),
    [
        ("sale", "-2", "IN_STOCK", "SOLD"),
        ("waste", "-2", "IN_STOCK", "WASTE"),
        ("restock", "2", "UNLINKED_RETURN", "IN_STOCK"),
        ("receive", "2", "NONE", "IN_STOCK"),
    ],
)
def test_a_cause_moves_between_its_states(cause: str, quantity: str, leaving: str, entering: str) -> None:
    client, script = square(data({"counts": []}))
    client.change_inventory([adjust(cause, quantity)], "key")
    body = script.calls[0].body
    assert body["idempotency_key"] == "key"
    said = body["changes"][0]["adjustment"]
    assert (said["from_state"], said["to_state"], said["quantity"]) == (leaving, entering, "2")
    assert (said["from_location_id"], said["to_location_id"]) == ("L", "L") and "location_id" not in said
    assert (said["reference_id"], said["occurred_at"], said["catalog_object_id"]) == ("ref", AT, "V")


def test_an_older_version_names_one_location() -> None:
    client, script = square(data({"counts": []}), version="2025-08-20")
    client.change_inventory([adjust("sale", "-1")], "key")
    said = script.calls[0].body["changes"][0]["adjustment"]
    assert said["location_id"] == "L" and "from_location_id" not in said


def test_an_unchanged_count_is_recorded_all_the_same_for_its_reference_must_be_found() -> None:
    client, script = square(data({"counts": []}))
    client.change_inventory([SquareStockChange("count", "V", "L", Decimal("5.50"), "", "ref", AT)], "key")
    body = script.calls[0].body
    assert body["ignore_unchanged_counts"] is False
    assert body["changes"][0]["physical_count"].items() >= {"quantity": "5.5", "state": "IN_STOCK"}.items()


def test_the_counts_afterwards_come_back() -> None:
    row = {"catalog_object_id": "V", "location_id": "L", "state": "IN_STOCK", "quantity": "3", "calculated_at": AT}
    client, _ = square(data({"counts": [row, {**row, "state": "WASTE"}]}))
    outcome, counts = client.change_inventory([adjust("sale", "-1")], "key")
    assert isinstance(outcome, Done)
    assert [(count.store_id, count.quantity) for count in counts] == [("L", Decimal(3))]


@pytest.mark.parametrize(
    "bad",
    [
        [adjust("sale", "2")],
        [adjust("receive", "-2")],
        [adjust("receive", "0")],
        [adjust("gift", "1")],
        [adjust("sale", "-1", store_id="")],
        [adjust("sale", "-1", reference="r" * 256)],
        [SquareStockChange("count", "V", "L", Decimal(-1), "", "ref", AT)],
        [adjust("receive", "NaN")],
        [adjust("sale", "-1")] * 101,
    ],
    ids=lambda bad: f"{bad[0].cause} {bad[0].quantity} x{len(bad)}",
)
def test_a_change_that_makes_no_sense_is_never_sent(bad: list[SquareStockChange]) -> None:
    client, script = square()
    outcome, _ = client.change_inventory(bad, "key")
    assert isinstance(outcome, Refused) and outcome.code == "invalid_value"
    assert script.calls == []


def test_a_key_used_before_with_another_body_is_looked_up_not_given_up() -> None:
    client, _ = square(problem("IDEMPOTENCY_KEY_REUSED"))
    assert isinstance(client.change_inventory([adjust("sale", "-1")], "key")[0], Unknown)


def test_a_lost_change_is_unknown() -> None:
    client, _ = square(LOST)
    assert client.change_inventory([adjust("sale", "-1")], "key") == (Unknown("no answer in time"), [])


# -- items --------------------------------------------------------------------------------


def test_one_item_answers_with_its_raw_self_and_its_new_ids() -> None:
    mapping = [{"client_object_id": "#1", "object_id": "I"}]
    client, script = square(data({"catalog_object": item("I"), "id_mappings": mapping}))
    outcome = client.upsert_item(item("#1"), "key")
    assert isinstance(outcome, Done) and outcome.answer == (item("I"), mapping)
    assert script.calls[0].path == "v2/catalog/object" and script.calls[0].body["idempotency_key"] == "key"


def answer_batch(call: Call) -> Reply:
    """Square's answer to a batch: refused as a whole when "bad" is in it, without saying which."""
    objects = call.body["batches"][0]["objects"]
    if any(thing["id"] == "bad" for thing in objects):
        return problem("VERSION_MISMATCH")
    return data({"objects": objects})


def test_one_clashing_item_does_not_fail_its_batch() -> None:
    client, script = square(*[answer_batch] * 20)
    names = ["a", "b", "c", "bad", "e", "f", "g"]
    outcomes = client.upsert_items([item(name) for name in names], "key")
    assert kinds(outcomes) == ["Done", "Done", "Done", "Refused", "Done", "Done", "Done"]
    assert isinstance(outcomes[3], Refused) and outcomes[3].conflict
    assert [outcome.answer[0]["id"] for outcome in outcomes if isinstance(outcome, Done)] == [*"abc", *"efg"]
    keys = [call.body["idempotency_key"] for call in script.calls]
    assert keys[0] == "key" and len(set(keys)) == len(keys) and all(len(key) <= 45 for key in keys)


def test_the_same_items_and_key_always_give_the_same_calls() -> None:
    sent = []
    for _ in range(2):
        client, script = square(*[answer_batch] * 20)
        client.upsert_items([item(name) for name in ("a", "bad", "c")], "key")
        sent.append([orjson.dumps(call.body) for call in script.calls])
    assert sent[0] == sent[1]


def test_calls_hold_a_hundred_objects_variations_counted() -> None:
    client, script = square(*[answer_batch] * 3)
    outcomes = client.upsert_items([item(str(number), variations=39) for number in range(5)], "key")
    assert kinds(outcomes) == ["Done"] * 5
    assert [len(call.body["batches"][0]["objects"]) for call in script.calls] == [2, 2, 1]
    assert all(len(call.body["batches"]) == 1 for call in script.calls)  # batches are atomic: one per call


def test_after_a_lost_call_the_rest_is_not_sent() -> None:
    client, script = square(answer_batch, LOST)
    outcomes = client.upsert_items([item(str(number), variations=99) for number in range(4)], "key")
    assert kinds(outcomes) == ["Done", "Unknown", "Later", "Later"]
    assert len(script.calls) == 2


def test_a_locked_catalog_leaves_creations_unknown_and_updates_for_later() -> None:
    locked = problem("RATE_LIMITED", 429)
    client, _ = square(locked, locked)
    assert kinds(client.upsert_items([item("#new")], "k1")) == ["Unknown"]
    assert kinds(client.upsert_items([item("old")], "k2")) == ["Later"]


def test_new_items_of_a_batch_are_found_in_the_answer_by_their_mappings() -> None:
    mappings = [
        {"client_object_id": "#b", "object_id": "B"},
        {"client_object_id": "#b-0", "object_id": "B0"},
        {"client_object_id": "#a", "object_id": "A"},
    ]
    client, _ = square(data({"objects": [item("B"), item("A")], "id_mappings": mappings}))
    first, second = client.upsert_items([item("#a"), item("#b")], "key")
    assert isinstance(first, Done) and first.answer == (item("A"), mappings[2:])
    assert isinstance(second, Done) and second.answer == (item("B"), mappings[:2])


def test_a_refused_token_is_not_bisected() -> None:
    refusal = data({"errors": [{"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"}]}, 401)
    client, script = square(refusal)
    outcomes = client.upsert_items([item("a"), item("b")], "key")
    assert all(isinstance(outcome, Refused) and outcome.access for outcome in outcomes)
    assert len(script.calls) == 1


def test_only_one_catalog_write_runs_at_a_time() -> None:
    running, most, inside = 0, 0, threading.Event()
    counting = threading.Lock()

    def answer(call: Call) -> Reply:
        nonlocal running, most
        with counting:
            running += 1
            most = max(most, running)
        inside.wait(0.02)
        with counting:
            running -= 1
        return data({"catalog_object": item("I")})

    client, _ = square(*[answer] * 6)
    threads = [threading.Thread(target=client.upsert_item, args=(item("I"), f"k{n}")) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


# -- categories, options, images --------------------------------------------------------------


def category(category_id: str, name: str, parent: str = "") -> dict[str, Any]:
    above = {"parent_category": {"id": parent}} if parent else {}
    return {"type": "CATEGORY", "id": category_id, "category_data": {"name": name, **above}}


def test_missing_categories_are_made_below_their_parents_with_keys_of_their_own() -> None:
    made = [data({"catalog_object": category("C2", "Coffee", "C1")})]
    listing = data({"objects": [category("C1", "Food")]})
    client, script = square(listing, listing, *made)
    assert client.category_ids([("food", "Coffee"), ("FOOD",)], "key", create=True) == ["C2", "C1"]
    body = script.calls[2].body
    assert body["object"]["category_data"]["parent_category"] == {"id": "C1"}
    assert body["object"]["category_data"]["is_top_level"] is False
    assert client.category_ids([("Food", "Coffee")], "other", create=False) == ["C2"]


def test_a_category_that_may_or_may_not_exist_stops_the_action() -> None:
    client, _ = square(data({}), data({}), LOST)
    with pytest.raises(RemoteDown):
        client.category_ids([("Food",)], "key", create=True)


def test_options_that_exist_are_used_again_and_only_missing_values_are_added() -> None:
    value = {"type": "ITEM_OPTION_VAL", "id": "S1", "item_option_value_data": {"item_option_id": "O", "name": "S"}}
    option = {"type": "ITEM_OPTION", "id": "O", "version": 3, "item_option_data": {"name": "Size", "values": [value]}}
    larger = {"type": "ITEM_OPTION_VAL", "id": "L1", "item_option_value_data": {"item_option_id": "O", "name": "L"}}
    grown = {**option, "item_option_data": {"name": "Size", "values": [value, larger]}}
    client, script = square(data({"objects": [option]}), data({"catalog_object": grown}))
    found = client.item_options({"size": ["S", "L"]}, "key", create=True)
    assert found["size"].option_id == "O" and found["size"].values == {"s": "S1", "l": "L1"}
    sent = script.calls[1].body["object"]
    assert sent["version"] == 3 and len(sent["item_option_data"]["values"]) == 2


def test_an_image_is_uploaded_with_its_key_and_answers_with_its_id() -> None:
    client, script = square(data({"image": {"id": "IMG"}}))
    outcome = client.add_image("I", "mug.png", b"bytes", "image/png", "key")
    assert outcome == Done("IMG")
    request = orjson.loads(script.calls[0].files["request"][1])
    assert request["idempotency_key"] == "key" and request["object_id"] == "I"
    assert script.calls[0].files["image_file"] == ("mug.png", b"bytes", "image/png")


def test_an_answer_without_what_was_made_is_unknown() -> None:
    client, _ = square(data({"image": None, "x": 1}), data({"x": 1}), data({"x": 1}))
    assert isinstance(client.add_image("I", "a", b"", "image/png", "k"), Unknown)
    assert isinstance(client.upsert_item(item("#1"), "k"), Unknown)
    assert kinds(client.upsert_items([item("#1")], "k")) == ["Unknown"]


def test_a_pause_asked_for_is_told() -> None:
    client, _ = square(data({"errors": [{"code": "RATE_LIMITED"}]}, 429, retry_after="30"))
    assert client.upsert_item(item("I"), "key") == Later("Square is busy", 30.0)
