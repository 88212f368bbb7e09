"""Sparse order changes: by uid, null, and paths to clear."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from bridge.sim.square.order_changes import UnknownFieldError, copied, with_changes

ORDER: dict[str, Any] = {
    "id": "O",
    "state": "OPEN",
    "reference_id": "woo-1",
    "metadata": {"a": "1", "b": "2"},
    "line_items": [
        {"uid": "l1", "name": "Mug", "note": "gift", "applied_taxes": [{"uid": "x", "tax_uid": "t"}]},
        {"uid": "l2", "name": "Cup"},
    ],
    "fulfillments": [{"uid": "f", "type": "PICKUP", "state": "PROPOSED"}],
}


def changed(change: dict[str, Any] | None = None, *clear: str) -> dict[str, Any]:
    numbers = count()
    return with_changes(ORDER, change or {}, list(clear), lambda: f"new{next(numbers)}")


def test_the_original_is_never_touched() -> None:
    before = copied(ORDER)
    changed({"line_items": [{"uid": "l1", "name": "Jug"}], "metadata": {"a": None}}, "line_items[l2]")
    assert before == ORDER


def test_lines_are_matched_by_uid_and_others_are_added() -> None:
    lines = changed({"line_items": [{"uid": "l2", "name": "Jug"}, {"name": "Pot"}]})["line_items"]
    assert [(line["uid"], line["name"]) for line in lines] == [("l1", "Mug"), ("l2", "Jug"), ("new0", "Pot")]


def test_null_clears_a_field_at_any_depth() -> None:
    made = changed({"reference_id": None, "metadata": {"a": None}, "line_items": [{"uid": "l1", "note": None}]})
    assert "reference_id" not in made
    assert made["metadata"] == {"b": "2"}
    assert "note" not in made["line_items"][0]


def test_paths_clear_fields_entries_and_nested_entries() -> None:
    made = changed(None, "line_items[l1].note", "line_items[l1].applied_taxes[x]", "line_items[l2]", "metadata.b")
    assert made["line_items"] == [{"uid": "l1", "name": "Mug", "applied_taxes": []}]
    assert made["metadata"] == {"a": "1"}


def test_read_only_fields_are_left_alone() -> None:
    made = changed({"id": "other", "total_money": {"amount": 1}, "version": 9})
    assert made["id"] == "O"
    assert "total_money" not in made


@pytest.mark.parametrize("path", ["tenders", "id", "fulfillments", "line_items[", "line_items[nope].note"])
def test_paths_that_name_nothing_clearable_are_refused(path: str) -> None:
    with pytest.raises(UnknownFieldError):
        changed(None, path)
