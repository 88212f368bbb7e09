"""One atomic batch of catalog writes: everything is checked and laid out first, then put down at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bridge.sim.square.catalog_checks import check_attributes, check_options, check_references, option_names
from bridge.sim.square.catalog_shape import MAX_VARIATIONS, data_of, item_data, variation_data, wrapper_of
from bridge.sim.square.catalog_store import CHILD_POINTER, NESTS, data_field
from bridge.sim.square.moments import rfc3339
from bridge.sim.square.routes import SquareError, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
_UNSTAMPED = ("version", "updated_at")


class Batch:
    """The objects of one batch: client ids, planned objects, planned order of children, planned deletions.

    ``by_id`` holds flat objects (no children); a batch that raises has changed nothing.
    """

    def __init__(self, square: FakeSquare, objects: list[Json]) -> None:
        self.square, self.given = square, objects
        self.store = square.state.catalog
        self.real_ids: dict[str, str] = {}
        self.by_id: dict[str, Json] = {}
        self.children: dict[str, list[str]] = {}
        self.gone: list[str] = []
        self.top: list[str] = []

    def plan(self) -> None:
        """Check and lay out the whole batch; ``SquareError`` when any object cannot be written."""
        for given in self.given:
            self._name(given)
        for given in self.given:
            self.top.append(self._lay_out(given, 0))
        for object_id in list(self.by_id):
            self._join_parent(object_id)
        for parent_id, kids in self.children.items():
            self._check_children(parent_id, kids)
        check_attributes(self)
        check_references(self)
        check_options(self)
        option_names(self)

    def planned(self, object_id: str) -> Json | None:
        """An object as it will be after this batch: planned, else live."""
        return self.by_id.get(object_id) or (None if object_id in self.gone else self.store.live(object_id))

    # -- ids ----------------------------------------------------------------------------
    def _name(self, given: Json) -> None:
        if not isinstance(given, dict):
            raise refusal("EXPECTED_OBJECT", "Expected an object.", "objects")
        client_id = given.get("id")
        if not isinstance(client_id, str) or not client_id:
            raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "object.id")
        if client_id.startswith("#"):
            if client_id in self.real_ids:
                raise refusal("INVALID_VALUE", f"Duplicate client object ID {client_id}.", "object.id")
            self.real_ids[client_id] = self.square.ids.token(24)
        for child in _children_of(given):
            self._name(child)

    def _resolve(self, value: Any, key: str) -> Any:
        if isinstance(value, str):
            if value[:1] == "#" and (key == "id" or key.endswith(("_id", "_ids"))):
                if value not in self.real_ids:
                    raise refusal("INVALID_VALUE", f"Invalid Object with Id: {value}. No such object in this batch.")
                return self.real_ids[value]
            return value
        if isinstance(value, dict):
            return {name: self._resolve(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._resolve(inner, key) for inner in value]
        return value

    # -- objects ------------------------------------------------------------------------
    def _lay_out(self, given: Json, ordinal: int, parent_id: str = "") -> str:
        object_id: str = self.real_ids.get(given["id"]) or str(given["id"])
        if object_id in self.by_id:
            raise refusal("INVALID_VALUE", f"Object {object_id} appears twice in the batch.", "objects")
        old = self._current(given)
        wrapper = self._resolve(wrapper_of(self.square, given), "")
        data = self._resolve(data_of(self.square, given), "")
        kind = given["type"]
        if parent_id:
            data[CHILD_POINTER[kind][1]] = parent_id
        if kind == "ITEM":
            data = item_data(data, None if old is None else old["item_data"])
        elif kind == "ITEM_VARIATION":
            if old is not None and not parent_id:
                ordinal = old["item_variation_data"].get("ordinal", 0)
            data = variation_data(self.square, data, ordinal)
        elif kind in ("ITEM_OPTION_VAL", "MODIFIER"):
            data.setdefault("ordinal", ordinal)
        self.by_id[object_id] = {"type": kind, "id": object_id, **wrapper, data_field(kind): data}
        if kind in NESTS:
            self._lay_out_children(given, object_id)
        return object_id

    def _lay_out_children(self, given: Json, parent_id: str) -> None:
        _, child_type, _, _ = NESTS[given["type"]]
        kids = []
        for place, child in enumerate(_children_of(given)):
            if child.get("type") != child_type:
                raise refusal("INVALID_VALUE", f"Only {child_type} may be nested here.", "object.type")
            kids.append(self._lay_out(child, place, parent_id))
        self.children[parent_id] = kids

    def _current(self, given: Json) -> Json | None:
        """The live object that ``given`` replaces, ``None`` for a new one; checks version and type."""
        if given["id"].startswith("#"):
            return None
        old = self.store.live(given["id"])
        if old is None:
            raise refusal(
                "INVALID_VALUE",
                f"Invalid Object with Id: {given['id']}. Received request to update nonexistent object {given['id']}.",
            )
        if given.get("version") != old["version"]:
            raise version_mismatch(self.square)
        if given.get("type") != old["type"]:
            raise refusal("INVALID_VALUE", "The type of an object cannot be changed.", "object.type")
        return old

    def _join_parent(self, object_id: str) -> None:
        """A child written on its own joins its parent's children (planned or live)."""
        obj = self.by_id[object_id]
        if obj["type"] not in CHILD_POINTER:
            return
        parent_id = self.store.parent_id(obj)
        if self.planned(parent_id) is None:
            raise refusal("INVALID_VALUE", f"Invalid Object with Id: {parent_id}.", CHILD_POINTER[obj["type"]][1])
        kids = self.children.get(parent_id)
        if kids is None:
            kids = self.children[parent_id] = list(self.store.children.get(parent_id, ()))
        if object_id not in kids:
            kids.append(object_id)
            if obj["type"] == "ITEM_VARIATION" and self.store.live(object_id) is None:
                obj["item_variation_data"]["ordinal"] = len(kids) - 1

    def _check_children(self, parent_id: str, kids: list[str]) -> None:
        parent = self.planned(parent_id)
        if parent is None or parent["type"] != "ITEM":
            self.gone += [kid for kid in self.store.children.get(parent_id, ()) if kid not in kids]
            return
        if not kids:
            raise refusal("INVALID_VALUE", "An item must have at least one variation.", "item_data.variations")
        if len(kids) > MAX_VARIATIONS:
            raise refusal("ARRAY_LENGTH_TOO_LONG", "At most 250 variations.", "item_data.variations")
        # an upsert replaces the whole item: a variation it leaves out is deleted
        self.gone += [kid for kid in self.store.children.get(parent_id, ()) if kid not in kids]

    # -- putting it down -------------------------------------------------------------------
    def commit(self) -> list[str]:
        """Store the batch under one new version; returns the ids of its top-level objects."""
        at = self.square.stamp()
        version = self.store.next_version(int(at.timestamp() * 1000 + 0.5))
        stamps = {"version": version, "updated_at": rfc3339(at)}
        for object_id in self.gone:
            bury(self.square, object_id, stamps)
        for object_id, obj in self.by_id.items():
            old = self.store.live(object_id)
            kids = self.children.get(object_id)
            if old is not None and object_id not in self.top and _same(old, obj):
                continue
            born = stamps["updated_at"] if old is None else old["created_at"]
            self.store.put({**obj, **stamps, "created_at": born}, kids)
        for parent_id, kids in self.children.items():
            if parent_id not in self.by_id and kids != self.store.children.get(parent_id):
                self.store.reorder(parent_id, kids)
        return self.top

    def mappings(self) -> list[Json]:
        """``id_mappings`` of the batch."""
        return [{"client_object_id": client_id, "object_id": real} for client_id, real in self.real_ids.items()]

    def size(self) -> int:
        """How many objects the batch counts as, nested ones included."""
        return sum(1 + sum(1 for _ in _children_of(given)) for given in self.given)


def _same(old: Json, new: Json) -> bool:
    plain = {name: value for name, value in old.items() if name not in (*_UNSTAMPED, "created_at")}
    return plain == new


def _children_of(given: Json) -> Iterator[Json]:
    kind = given.get("type")
    if kind in NESTS:
        data = given.get(data_field(kind))
        yield from (data.get(NESTS[kind][0]) or ()) if isinstance(data, dict) else ()


def version_mismatch(square: FakeSquare) -> SquareError:
    """The error of an object written without its current version (it does not say which object)."""
    return refusal(
        "VERSION_MISMATCH",
        "Object version does not match latest database version.",
        "version",
        status=square.version_mismatch_status,
    )


def bury(square: FakeSquare, object_id: str, stamps: Json) -> list[str]:
    """Turn a live object and its children into tombstones; returns their ids, parent first."""
    store = square.state.catalog
    obj = store.live(object_id)
    if obj is None:
        return []
    buried = [object_id]
    for kid in store.children.get(object_id, ()):
        buried += bury(square, kid, stamps)
    store.put({**obj, **stamps, "is_deleted": True}, None)
    parent_id = store.parent_id(obj)
    if parent_id in store.children and store.live(parent_id) is not None:
        kids = [kid for kid in store.children[parent_id] if kid != object_id]
        store.reorder(parent_id, kids)
    return buried
