"""The catalog's memory: flat objects by id, what nests in what, and the log that delta reads walk."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Json = dict[str, Any]

NESTS: dict[str, tuple[str, str, str, str]] = {
    "ITEM": ("variations", "ITEM_VARIATION", "item_variation_data", "item_id"),
    "ITEM_OPTION": ("values", "ITEM_OPTION_VAL", "item_option_value_data", "item_option_id"),
    "MODIFIER_LIST": ("modifiers", "MODIFIER", "modifier_data", "modifier_list_id"),
}
"""Parent type -> (list field, child type, child data field, the child's pointer back)."""

CHILD_POINTER = {child: (data, pointer) for _, child, data, pointer in NESTS.values()}


def data_field(object_type: str) -> str:
    """The name of the ``<type>_data`` member of an object type."""
    return {"ITEM_OPTION_VAL": "item_option_value_data"}.get(object_type, f"{object_type.lower()}_data")


class CatalogStore:
    """Objects without their children; children are joined in when an object is shown.

    Nothing stored is ever changed in place: a write puts a new dict. So the state before the latest write is
    the old dicts, kept in ``undo`` for the stale reads that Square is known for.
    """

    def __init__(self) -> None:
        self.objects: dict[str, Json] = {}
        self.children: dict[str, list[str]] = {}
        self.by_type: dict[str, list[str]] = {}
        self.by_sku: dict[str, list[str]] = {}
        self.sold_out: dict[str, dict[str, str | None]] = {}
        """Variation -> location -> when the mark ends (``None`` = when seller or stock say so)."""
        self.log_versions: list[int] = []
        self.log_ids: list[str] = []
        self.version = 0
        self.undo: dict[str, tuple[Json | None, list[str] | None]] = {}

    # -- reading ------------------------------------------------------------------------
    def live(self, object_id: str) -> Json | None:
        """An object that is there and not deleted (flat: without its children)."""
        found = self.objects.get(object_id)
        return None if found is None or found.get("is_deleted") else found

    def variation(self, variation_id: str) -> Json | None:
        """The ``item_variation_data`` of a live variation."""
        found = self.live(variation_id)
        return None if found is None else found.get("item_variation_data")

    def parent_id(self, obj: Json) -> str:
        """The id of the object this one is nested in, "" for a top-level object."""
        pointer = CHILD_POINTER.get(obj["type"])
        return str(obj.get(pointer[0], {}).get(pointer[1], "")) if pointer else ""

    def item_of(self, variation_id: str) -> Json | None:
        """The live item a variation belongs to."""
        found = self.live(variation_id)
        return None if found is None else self.live(self.parent_id(found))

    def live_ids(self, object_type: str) -> Iterator[str]:
        """Ids of live objects of one type, oldest first."""
        objects = self.objects
        for object_id in self.by_type.get(object_type, ()):
            found = objects.get(object_id)
            if found is not None and "is_deleted" not in found:
                yield object_id

    def shown(self, object_id: str) -> Json:
        """An object as Square shows it, children and sold-out marks included. Not to be changed."""
        obj = self.objects[object_id]
        if obj["type"] == "ITEM_VARIATION":
            return self._with_sold_out(obj)
        nest = NESTS.get(obj["type"])
        if nest is None or obj.get("is_deleted"):
            return obj
        data = data_field(obj["type"])
        kids = [self.shown(kid) for kid in self.children.get(object_id, ()) if kid in self.objects]
        return {**obj, data: {**obj.get(data, {}), nest[0]: kids}}

    def _with_sold_out(self, obj: Json) -> Json:
        marks = self.sold_out.get(obj["id"])
        if not marks or obj.get("is_deleted"):
            return obj
        data = obj["item_variation_data"]
        rows = {row["location_id"]: dict(row) for row in data.get("location_overrides", ())}
        for location_id, until in marks.items():
            row = rows.setdefault(location_id, {"location_id": location_id})
            row["sold_out"] = True
            if until:
                row["sold_out_valid_until"] = until
        return {**obj, "item_variation_data": {**data, "location_overrides": list(rows.values())}}

    def changed_since(self, version: int) -> Iterator[tuple[int, Json]]:
        """Objects whose newest write is later than ``version`` (exclusive), with their places in the log."""
        return self.changed_from(bisect_right(self.log_versions, version))

    def changed_from(self, start: int) -> Iterator[tuple[int, Json]]:
        """Objects whose newest write stands in the log at ``start`` or later."""
        objects = self.objects
        for index in range(start, len(self.log_ids)):
            obj = objects.get(self.log_ids[index])
            if obj is not None and obj["version"] == self.log_versions[index]:
                yield index, obj

    # -- writing ------------------------------------------------------------------------
    def next_version(self, now_ms: int) -> int:
        """A new catalog version: the millisecond epoch of the write, strictly increasing."""
        self.version = max(now_ms, self.version + 1)
        return self.version

    def begin_write(self) -> None:
        """Forget the previous write's undo: stale reads show the state from here."""
        self.undo = {}

    def put(self, obj: Json, children: list[str] | None = None) -> None:
        """Store one flat object (with ``version`` set) and the order of its children."""
        object_id = obj["id"]
        old = self.objects.get(object_id)
        if object_id not in self.undo:
            self.undo[object_id] = (old, self.children.get(object_id))
        if old is None:
            self.by_type.setdefault(obj["type"], []).append(object_id)
        self.objects[object_id] = obj
        if children is not None:
            self.children[object_id] = children
        if obj["type"] == "ITEM_VARIATION" and not obj.get("is_deleted"):
            sku = obj["item_variation_data"].get("sku")
            if sku and (old is None or old.get("item_variation_data", {}).get("sku") != sku):
                self.by_sku.setdefault(sku.lower(), []).append(object_id)
        self.log_versions.append(obj["version"])
        self.log_ids.append(object_id)

    def reorder(self, parent_id: str, children: list[str]) -> None:
        """Change which children a parent has, without touching the parent's own version."""
        if parent_id not in self.undo:
            self.undo[parent_id] = (self.objects.get(parent_id), self.children.get(parent_id))
        self.children[parent_id] = children

    def variations_with_sku(self, sku: str) -> list[str]:
        """Live variations that carry this SKU now, any letter case (Square lets several share one)."""
        wanted, found = sku.lower(), []
        for object_id in self.by_sku.get(wanted, ()):
            data = self.variation(object_id)
            if data is not None and (data.get("sku") or "").lower() == wanted and object_id not in found:
                found.append(object_id)
        return found

    @contextmanager
    def before_latest_write(self) -> Iterator[None]:
        """Inside, the catalog reads as it did before the latest write (a stale read)."""
        swapped = {key: (self.objects.get(key), self.children.get(key)) for key in self.undo}
        self._swap_in(self.undo.items())
        try:
            yield
        finally:
            self._swap_in(swapped.items())

    def _swap_in(self, states: Iterable[tuple[str, tuple[Json | None, list[str] | None]]]) -> None:
        for object_id, (obj, kids) in states:
            if obj is None:
                self.objects.pop(object_id, None)
            else:
                self.objects[object_id] = obj
            if kids is None:
                self.children.pop(object_id, None)
            else:
                self.children[object_id] = kids
