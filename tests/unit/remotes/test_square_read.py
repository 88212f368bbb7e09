"""Cursor loops, delta reads and inventory history of Square."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge.errors import RemoteDown
from bridge.remotes.port import Reply
from tests.unit.remotes.script import data, square


def item(item_id: str, *variation_ids: str, **more: Any) -> dict[str, Any]:
    rows = [variation(variation_id, item_id) for variation_id in variation_ids]
    return {"type": "ITEM", "id": item_id, "version": 1, "item_data": {"name": item_id, "variations": rows}, **more}


def variation(variation_id: str, item_id: str, sku: str = "") -> dict[str, Any]:
    return {"type": "ITEM_VARIATION", "id": variation_id, "item_variation_data": {"item_id": item_id, "sku": sku}}


def problem(code: str, status: int = 400) -> Reply:
    return data({"errors": [{"category": "INVALID_REQUEST_ERROR", "code": code, "detail": ""}]}, status)


def ids(pages: Any) -> list[str]:
    return [found.remote_id for rows in pages for found in rows]


def test_an_empty_page_with_a_cursor_is_not_the_end() -> None:
    client, script = square(
        data({"objects": [item("A")], "cursor": "1"}), data({"cursor": "2"}), data({"objects": [item("B")]})
    )
    assert ids(client.items()) == ["A", "B"]
    assert [dict(call.query) for call in script.calls] == [
        {"types": "ITEM"},
        {"types": "ITEM", "cursor": "1"},
        {"types": "ITEM", "cursor": "2"},
    ]


def test_an_expired_cursor_starts_the_listing_over_once() -> None:
    client, script = square(
        data({"objects": [item("A")], "cursor": "1"}),
        problem("INVALID_CURSOR"),
        data({"objects": [item("A")], "cursor": "2"}),
        data({"objects": [item("B")]}),
    )
    assert ids(client.items()) == ["A", "A", "B"]
    assert len(script.calls) == 4


def test_a_cursor_that_expires_again_is_given_up() -> None:
    round_ = [data({"objects": [item("A")], "cursor": "1"}), problem("INVALID_CURSOR")]
    client, _ = square(*round_, *round_)
    with pytest.raises(RemoteDown, match="cursor"):
        list(client.items())


def test_the_same_body_goes_out_with_every_cursor() -> None:
    client, script = square(data({"counts": [], "cursor": "1"}), data({"counts": []}))
    assert list(client.counts(updated_after="2026-11-22T00:00:00Z")) == []
    first, second = (call.body for call in script.calls)
    assert second == {**first, "cursor": "1"}
    assert first["states"] == ["IN_STOCK"] and first["updated_after"] == "2026-11-22T00:00:00Z"


def test_a_changed_variation_is_a_change_of_its_item_and_a_deleted_item_is_gone() -> None:
    client, script = square(
        data(
            {
                "objects": [item("A", "A1"), variation("A1", "A"), variation("B1", "B"),
                            {"type": "ITEM", "id": "C", "is_deleted": True}],
                "latest_time": "T1", "cursor": "1",
            }
        ),
        data({"objects": [variation("B2", "B")], "latest_time": "T2"}),
        data({"objects": [item("B", "B1", "B2")]}),
    )  # fmt: skip
    found, mark = client.items_changed("T0")
    assert {row.remote_id: row.gone for row in found} == {"A": False, "C": True, "B": False}
    assert mark == "T1"  # the first page's: what changed while paging is found again next time
    assert script.calls[0].body["begin_time"] == "T0" and script.calls[0].body["include_deleted_objects"] is True
    assert script.calls[2].body == {"object_ids": ["B"]}


def test_without_a_mark_only_the_mark_is_asked_for() -> None:
    client, script = square(data({"objects": [item("A")], "latest_time": "T1", "cursor": "more"}))
    assert client.items_changed("") == ([], "T1")
    assert len(script.calls) == 1 and "begin_time" not in script.calls[0].body


def test_nothing_new_keeps_a_mark() -> None:
    client, _ = square(data({}))
    assert client.items_changed("T0") == ([], "T0")


@pytest.mark.parametrize("answer", [problem("NOT_FOUND", 404), data({"object": item("A", is_deleted=True)})])
def test_a_deleted_or_unknown_item_is_none(answer: Reply) -> None:
    client, _ = square(answer)
    assert client.item("A") is None


def test_skus_are_searched_as_a_set_and_only_exact_holders_are_kept() -> None:
    client, script = square(
        data({"objects": [variation("A1", "A", "mug"), variation("B1", "B", "MUG-2")]}), data({"objects": [item("A")]})
    )
    assert [found.remote_id for found in client.find_by_sku(["MUG", " MUG"])] == ["A"]
    query = script.calls[0].body["query"]["set_query"]
    assert query == {"attribute_name": "sku", "attribute_values": ["MUG"]}


def test_variations_are_asked_a_hundred_at_a_time() -> None:
    client, script = square(data({}), data({}))
    list(client.counts(variation_ids=[f"V{number}" for number in range(150)]))
    assert [len(call.body["catalog_object_ids"]) for call in script.calls] == [100, 50]


def test_counts_are_in_stock_only_and_fractions_and_negatives_are_exact() -> None:
    rows = [
        {"catalog_object_id": "V", "location_id": "L", "state": state, "quantity": quantity, "calculated_at": "T"}
        for state, quantity in (("IN_STOCK", "-2"), ("IN_STOCK", "1.12345"), ("WASTE", "3"))
    ]
    client, _ = square(data({"counts": rows}))
    [found] = list(client.counts())
    assert [count.quantity for count in found] == [Decimal("-2"), Decimal("1.12345")]


# -- history ------------------------------------------------------------------------------


def adjustment(leaving: str, entering: str, quantity: str = "2", **more: Any) -> dict[str, Any]:
    said = {
        "id": "X", "from_state": leaving, "to_state": entering, "catalog_object_id": "V", "quantity": quantity,
        "occurred_at": "T", "created_at": "U", "reference_id": "ours", "source": {"product": "EXTERNAL_API"}, **more,
    }  # fmt: skip
    return {"type": "ADJUSTMENT", "adjustment": said}


NEW = {"from_location_id": "L", "to_location_id": "L"}
OLD = {"location_id": "L"}


@pytest.mark.parametrize("where", [NEW, OLD], ids=["new version", "old version"])
@pytest.mark.parametrize(
    ("leaving", "entering", "kind", "effect"),
    [
        ("IN_STOCK", "SOLD", "sale", -2),
        ("IN_STOCK", "WASTE", "waste", -2),
        ("NONE", "IN_STOCK", "receive", 2),
        ("UNLINKED_RETURN", "IN_STOCK", "return", 2),
        ("SOLD", "IN_STOCK", "return", 2),
        ("IN_STOCK", "NONE", "adjustment", -2),
        ("SUPPORTED_BY_NEWER_VERSION", "IN_STOCK", "adjustment", 2),
    ],
)
def test_an_adjustment_is_read_as_its_effect_on_the_shelf(
    where: dict[str, str], leaving: str, entering: str, kind: str, effect: int
) -> None:
    client, _ = square(data({"changes": [adjustment(leaving, entering, **where)]}))
    [[change]] = list(client.changes())
    assert (change.kind, change.store_id, change.quantity) == (kind, "L", Decimal(effect))
    assert (change.change_id, change.reference, change.source) == ("X", "ours", "EXTERNAL_API")
    assert (change.occurred_at, change.created_at, change.variation_id) == ("T", "U", "V")


def test_a_refund_s_restock_is_a_return() -> None:
    client, _ = square(data({"changes": [adjustment("NONE", "IN_STOCK", refund_id="R", **NEW)]}))
    [[change]] = list(client.changes())
    assert change.kind == "return"


TRANSFER_OLD = {
    "type": "TRANSFER",
    "transfer": {
        "id": "X", "state": "IN_STOCK", "from_location_id": "L", "to_location_id": "M", "catalog_object_id": "V",
        "quantity": "2", "occurred_at": "T",
    },
}  # fmt: skip
TRANSFER_NEW = adjustment("IN_STOCK", "IN_STOCK", from_location_id="L", to_location_id="M")


@pytest.mark.parametrize("row", [TRANSFER_OLD, TRANSFER_NEW], ids=["old version", "new version"])
def test_a_transfer_is_two_effects_with_ids_of_their_own(row: dict[str, Any]) -> None:
    client, _ = square(data({"changes": [row]}))
    [changes] = list(client.changes())
    told = [(change.change_id, change.kind, change.store_id, change.quantity) for change in changes]
    assert told == [("X", "transfer", "L", Decimal(-2)), ("X:to", "transfer", "M", Decimal(2))]


def test_a_count_is_told_once_and_what_never_touches_the_shelf_not_at_all() -> None:
    count = {"id": "C", "state": "IN_STOCK", "location_id": "L", "catalog_object_id": "V", "quantity": "7"}
    rows = [
        {"type": "PHYSICAL_COUNT", "physical_count": count},
        adjustment("NONE", "IN_STOCK", physical_count_id="C", **NEW),
        adjustment("UNTRACKED", "SOLD", **NEW),
        {"type": "PHYSICAL_COUNT", "physical_count": {**count, "state": "WASTE"}},
        {"type": "SOMETHING_NEW", "something": {}},
    ]
    client, _ = square(data({"changes": rows}))
    [[change]] = list(client.changes())
    assert (change.kind, change.quantity) == ("count", Decimal(7))


@pytest.mark.parametrize(("version", "asks"), [("2025-08-20", True), ("2026-09-16", False)])
def test_transfers_are_asked_for_only_where_they_exist(version: str, asks: bool) -> None:
    client, script = square(data({}), version=version)
    list(client.changes())
    assert ("TRANSFER" in script.calls[0].body["types"]) is asks


def test_stores_that_are_closed_are_listed_too() -> None:
    rows = [
        {"id": "L1", "name": "A", "status": "ACTIVE", "timezone": "America/New_York", "currency": "USD"},
        {"id": "L2", "name": "B", "status": "INACTIVE"},
    ]
    client, _ = square(data({"locations": rows}, date="Sun, 22 Nov 2026 12:00:00 GMT"))
    assert client.server_time() == ""
    assert [(store.store_id, store.active, store.currency) for store in client.stores()] == [
        ("L1", True, "USD"),
        ("L2", False, ""),
    ]
    assert client.server_time() == "2026-11-22T12:00:00Z"
