"""Writes to Square: keyed inventory changes, whole items one writer at a time, images."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson

from bridge.remotes.calls import Caller
from bridge.remotes.classify import classify_square
from bridge.remotes.port import (
    JSON,
    Call,
    Done,
    Later,
    Outcome,
    Refused,
    SquareCount,
    SquareStockChange,
    Unknown,
)
from bridge.remotes.square.catalog_names import derived_key
from bridge.remotes.square.incoming import counts_of_raw
from bridge.remotes.square.outgoing import change_faults, inventory_change

MOST_CHANGES = 100
OBJECTS_PER_CALL = 100
"""Square's own advice is 25 to 100 objects a call: larger ones hold the catalog lock for seconds."""


class SquareWriter:
    """The writing half of ``SquareClient``; ``writing`` is held during catalog writes (others would get 429)."""

    def __init__(self, caller: Caller, *, version: str, writing: threading.RLock) -> None:
        self._caller, self._version, self._writing = caller, version, writing

    # -- inventory ------------------------------------------------------------------------
    def change_inventory(self, changes: Sequence[SquareStockChange], key: str) -> tuple[Outcome, list[SquareCount]]:
        """All changes or none, in one keyed call.

        Unchanged counts are recorded too: the history is where a lost answer is looked up, by its reference.
        """
        if not changes:
            return Done({}), []
        faults = [fault for fault in map(change_faults, changes) if fault]
        if len(changes) > MOST_CHANGES:
            faults.append(f"more than {MOST_CHANGES} changes in one call")
        if faults:
            return Refused("invalid_value", "Not sent: " + "; ".join(faults) + "."), []
        body = {
            "idempotency_key": key,
            "ignore_unchanged_counts": False,
            "changes": [inventory_change(change, self._version) for change in changes],
        }
        outcome = self._caller.write(Call("POST", "v2/inventory/changes/batch-create", body=body))
        if isinstance(outcome, Refused) and outcome.code == "IDEMPOTENCY_KEY_REUSED":
            return Unknown("this key was used before: look for its references in the history"), []
        if not isinstance(outcome, Done):
            return outcome, []
        return outcome, counts_of_raw(outcome.answer.get("counts") or ())

    # -- items ----------------------------------------------------------------------------
    def upsert_item(self, item: JSON, key: str) -> Outcome:
        """One whole item; ``Done.answer`` is ``(raw item, id_mappings)``."""
        body = {"idempotency_key": key, "object": item}
        with self._writing:
            outcome = self._caller.write(Call("POST", "v2/catalog/object", body=body))
        if not isinstance(outcome, Done):
            return outcome
        raw = outcome.answer.get("catalog_object")
        if not isinstance(raw, dict):
            return Unknown("Square's answer does not hold the item")
        return replace(outcome, answer=(raw, outcome.answer.get("id_mappings") or []))

    def upsert_items(self, items: Sequence[JSON], key: str) -> list[Outcome]:
        """Several items, in calls of a hundred objects; a refused call is halved until the culprit stands alone.

        After an unanswered or postponed call the rest is not sent. A single call carries ``key`` itself, parts of
        it carry keys derived from it: the same items and key always give the same calls.
        """
        outcomes: list[Outcome] = [Later("an earlier part was not answered")] * len(items)
        parts = list(_parts(items))
        with self._writing:
            for start, end in parts:
                part_key = key if len(parts) == 1 else derived_key(key, str(start), str(end))
                answered = self._upsert_part(items[start:end], part_key)
                outcomes[start:end] = answered
                if any(isinstance(outcome, (Unknown, Later)) for outcome in answered):
                    break
        return outcomes

    def _upsert_part(self, items: Sequence[JSON], key: str) -> list[Outcome]:
        outcome = self._batch(items, key)
        if isinstance(outcome, Done):
            return [_item_outcome(item, outcome.answer) for item in items]
        if len(items) == 1 or not isinstance(outcome, Refused) or outcome.access:
            return [outcome] * len(items)
        # Square does not say which item is at fault
        half = len(items) // 2
        first = self._upsert_part(items[:half], derived_key(key, "first"))
        if any(isinstance(answered, (Unknown, Later)) for answered in first):
            return [*first, *[Later("an earlier part was not answered")] * (len(items) - half)]
        return [*first, *self._upsert_part(items[half:], derived_key(key, "second"))]

    def _batch(self, items: Sequence[JSON], key: str) -> Outcome:
        body = {"idempotency_key": key, "batches": [{"objects": list(items)}]}
        creates = any(str(item.get("id", "")).startswith("#") for item in items)
        reply = self._caller.exchange(Call("POST", "v2/catalog/batch-upsert", body=body))
        outcome = classify_square(reply, True, partial=creates)
        self._caller.observe(reply, outcome)
        return outcome

    # -- images ---------------------------------------------------------------------------
    def add_image(self, object_id: str, name: str, content: bytes, mime: str, key: str) -> Outcome:
        """Upload an image and attach it behind those the object has; ``Done.answer`` is the image id."""
        request = {
            "idempotency_key": key,
            "object_id": object_id,
            "image": {"type": "IMAGE", "id": "#image", "image_data": {"name": name, "caption": name}},
        }
        files = {
            "request": ("request.json", orjson.dumps(request), "application/json"),
            "image_file": (name, content, mime),
        }
        with self._writing:
            outcome = self._caller.write(Call("POST", "v2/catalog/images", files=files))
        if not isinstance(outcome, Done):
            return outcome
        image = outcome.answer.get("image")
        if not isinstance(image, dict) or not image.get("id"):
            return Unknown("Square's answer does not hold the image")
        return Done(str(image["id"]))


def _parts(items: Sequence[JSON]) -> Iterator[tuple[int, int]]:
    """Ranges of items that together hold at most ``OBJECTS_PER_CALL`` objects, at least one item each."""
    start, objects = 0, 0
    for place, item in enumerate(items):
        size = 1 + len((item.get("item_data") or {}).get("variations") or ())
        if place > start and objects + size > OBJECTS_PER_CALL:
            yield start, place
            start, objects = place, 0
        objects += size
    if start < len(items):
        yield start, len(items)


def _item_outcome(item: JSON, answer: JSON) -> Outcome:
    """The outcome of one item of a batch that was done: its new raw object and the ids of what is in it."""
    inside = {str(item.get("id"))}
    inside |= {str(row.get("id")) for row in (item.get("item_data") or {}).get("variations") or ()}
    mappings: list[Any] = [row for row in answer.get("id_mappings") or () if row.get("client_object_id") in inside]
    new_ids = {row["client_object_id"]: row.get("object_id") for row in mappings}
    object_id = new_ids.get(item.get("id"), item.get("id"))
    for row in answer.get("objects") or ():
        if row.get("id") == object_id:
            return Done((row, mappings))
    return Unknown("Square's answer does not hold the item")
