"""Stock deltas with keys, and the checks the shop does not make."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.remotes.port import Done, Later, NoReply, Outcome, Refused, Unknown, WooStockChange
from tests.unit.remotes.script import data, woo

LOST = NoReply("no answer in time", sent=True)


def counted(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "manage_stock": True, "stock_quantity": 1, **more}


def change(number: int, parent: int = 0, delta: int = -1, key: str = "", **more: Any) -> WooStockChange:
    return WooStockChange(str(number), str(parent or ""), delta, key or f"k{number}", **more)


def kinds(outcomes: list[Outcome]) -> list[str]:
    return [type(outcome).__name__ for outcome in outcomes]


def test_one_simple_product_is_one_put_with_delta_and_key_together() -> None:
    client, script = woo(data(counted(1)))
    assert kinds(client.change_stock([change(1, delta=-2)])) == ["Done"]
    [call] = script.calls
    assert (call.method, call.path) == ("PUT", "wc/v3/products/1")
    assert call.body == {"inventory_delta": -2, "meta_data": [{"key": "_bridge_key", "value": "k1"}]}


def test_an_absolute_number_is_written_only_to_begin_counting() -> None:
    client, script = woo(data(counted(1)))
    client.change_stock([change(1, delta=9, start_tracking=True)])
    assert script.calls[0].body == {
        "manage_stock": True,
        "stock_quantity": 9,
        "meta_data": [{"key": "_bridge_key", "value": "k1"}],
    }


def test_changes_travel_in_one_batch_per_parent_and_answers_keep_the_order_asked() -> None:
    client, script = woo(
        data({"update": [counted(32), counted(33)]}),
        data({"update": [counted(1), counted(2)]}),
        data(counted(41)),
    )
    outcomes = client.change_stock([change(32, 31), change(1), change(33, 31), change(2), change(41, 40)])
    assert [outcome.answer["id"] for outcome in outcomes if isinstance(outcome, Done)] == [32, 1, 33, 2, 41]
    assert [call.path for call in script.calls] == [
        "wc/v3/products/31/variations/batch",
        "wc/v3/products/batch",
        "wc/v3/products/40/variations/41",
    ]
    assert [item["id"] for item in script.calls[0].body["update"]] == [32, 33]


def test_batches_keep_to_their_size() -> None:
    answers = [data({"update": [counted(n) for n in some]}) for some in ((1, 2), (3, 4))]
    client, script = woo(*answers, data(counted(5)), batch_size=2)
    assert kinds(client.change_stock([change(number) for number in range(1, 6)])) == ["Done"] * 5
    assert len(script.calls) == 3


def test_one_bad_item_of_a_batch_does_not_touch_the_others() -> None:
    gone = {"id": 2, "error": {"code": "woocommerce_rest_product_invalid_id", "message": "", "data": {"status": 400}}}
    client, _ = woo(data({"update": [counted(1), gone]}))
    first, second = client.change_stock([change(1), change(2)])
    assert isinstance(first, Done)
    assert isinstance(second, Refused) and second.gone


def test_an_unanswered_batch_leaves_each_of_its_items_unknown_and_other_parents_alone() -> None:
    client, _ = woo(LOST, data(counted(32)))
    assert kinds(client.change_stock([change(1), change(2), change(32, 31)])) == ["Unknown", "Unknown", "Done"]


@pytest.mark.parametrize("answer", [{"update": [counted(1)]}, {}, [], {"update": [counted(1), counted(7)]}], ids=repr)
def test_an_answer_that_does_not_tell_of_an_item_leaves_it_unknown(answer: Any) -> None:
    client, _ = woo(data(answer))
    assert kinds(client.change_stock([change(1), change(2)]))[1] == "Unknown"


@pytest.mark.parametrize("manages", [False, "parent"])
def test_a_delta_the_shop_ignored_is_a_refusal_not_a_success(manages: Any) -> None:
    client, _ = woo(data(counted(1, manage_stock=manages)))
    [outcome] = client.change_stock([change(1)])
    assert isinstance(outcome, Refused) and outcome.code == "not_tracked"


@pytest.mark.parametrize(
    "bad",
    [
        change(1, delta=2.5),  # type: ignore[arg-type]
        change(1, delta=True),
        change(1, delta="abc"),  # type: ignore[arg-type]
        WooStockChange("12x", "", 1, "k"),
        WooStockChange("1", "", 1, ""),
    ],
    ids=repr,
)
def test_a_value_the_shop_would_misread_is_never_sent(bad: WooStockChange) -> None:
    client, script = woo(data(counted(2)))
    first, second = client.change_stock([bad, change(2)])
    assert isinstance(first, Refused) and first.code == "invalid_value"
    assert isinstance(second, Done)
    assert len(script.calls) == 1


def test_two_changes_of_one_product_in_one_call_are_refused_for_one_key_would_be_lost() -> None:
    client, _ = woo(data(counted(1)))
    first, second = client.change_stock([change(1, key="a"), change(1, key="b")])
    assert isinstance(first, Done) and isinstance(second, Refused)


def test_a_busy_shop_is_asked_later_and_a_closed_door_is_certain() -> None:
    client, _ = woo(data({}, 429, retry_after="9"), NoReply("no connection", sent=False))
    for seconds in (9.0, 1.0):
        [outcome] = client.change_stock([change(1)])
        assert isinstance(outcome, Later) and outcome.seconds == seconds


def test_our_key_travels_with_product_fields_beside_other_meta() -> None:
    client, script = woo(data({"id": 1}))
    fields = {"name": "Mug", "meta_data": [{"key": "_bridge_key", "value": "old"}, {"key": "x", "value": 1}]}
    assert isinstance(client.create_product(fields, "new"), Done)
    assert script.calls[0].body["meta_data"] == [{"key": "x", "value": 1}, {"key": "_bridge_key", "value": "new"}]


@pytest.mark.parametrize(
    "fields",
    [
        {"regular_price": "zzz"},
        {"regular_price": 12.5},
        {"sale_price": "-1"},
        {"stock_quantity": "3"},
        {"manage_stock": "garbage"},
        {"global_unique_id": "ABC-not digits"},
        {"status": "bogus"},
        {"name": " "},
    ],
    ids=repr,
)
def test_fields_the_shop_would_silently_spoil_are_never_sent(fields: dict[str, Any]) -> None:
    client, script = woo()
    outcomes = [
        client.update_product("1", fields),
        client.update_variation("1", "2", fields),
        client.create_product(fields, "k"),
        *client.create_variations("1", [fields]),
    ]
    assert all(isinstance(outcome, Refused) and outcome.code == "invalid_value" for outcome in outcomes)
    assert script.calls == []


def test_a_lost_create_is_unknown() -> None:
    client, _ = woo(LOST)
    assert isinstance(client.create_product({"name": "Mug"}, "k"), Unknown)


def test_after_an_unanswered_batch_of_new_variations_the_rest_waits() -> None:
    client, script = woo(data({"create": [{"id": 1}]}), LOST, batch_size=1)
    outcomes = client.create_variations("9", [{"sku": "a"}, {"sku": "b"}, {"sku": "c"}])
    assert kinds(outcomes) == ["Done", "Unknown", "Later"]
    assert len(script.calls) == 2
