"""Square's plain catalog reads: list, retrieve, batch retrieve, info."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.catalog_shape import NESTED_TYPES, TYPES
from bridge.sim.square.paging import page, text_list
from bridge.sim.square.routes import Answer, Router, open_cursor, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
LIST_PAGE = 100
TOP_TYPES = sorted(TYPES - NESTED_TYPES)


def register(router: Router) -> None:
    """Add the endpoints."""
    read = {"scopes": ("ITEMS_READ",)}
    router.add("GET", "/v2/catalog/list", list_catalog, **read)
    router.add("GET", "/v2/catalog/info", info, **read)
    router.add("GET", "/v2/catalog/object/{object_id}", retrieve, **read)
    router.add("POST", "/v2/catalog/batch-retrieve", batch_retrieve, **read)


def shown(square: FakeSquare, object_id: str, path_to_root: bool = False) -> Json:
    """An object as Square shows it: children nested, a category's place in its tree worked out."""
    store = square.state.catalog
    obj = store.shown(object_id)
    if obj["type"] != "CATEGORY":
        return obj
    data = dict(obj["category_data"])
    path = _path_to_root(square, data)
    data["is_top_level"] = not path
    if path:
        data["root_category"] = path[-1]["category_id"]
    if path_to_root:
        data["path_to_root"] = path
    data.setdefault("category_type", "REGULAR_CATEGORY")
    data.setdefault("online_visibility", True)
    return {**obj, "category_data": data}


def _path_to_root(square: FakeSquare, data: Json) -> list[Json]:
    path: list[Json] = []
    parent_id = (data.get("parent_category") or {}).get("id")
    while parent_id:
        parent = square.state.catalog.live(parent_id)
        if parent is None:
            break
        path.append({"category_id": parent_id, "category_name": parent["category_data"]["name"]})
        parent_id = (parent["category_data"].get("parent_category") or {}).get("id")
    return path


def related(square: FakeSquare, ids: Iterable[str], path_to_root: bool = False) -> list[Json]:
    """Objects one level away: what these refer to, and the item of a variation; those asked for left out."""
    asked = list(ids)
    store, found = square.state.catalog, dict[str, None]()
    for object_id in asked:
        obj = store.objects[object_id]
        item, variation = obj.get("item_data") or {}, obj.get("item_variation_data") or {}
        near = [row["id"] for row in item.get("categories", ())]
        near += [*item.get("tax_ids", ()), *item.get("image_ids", ()), *variation.get("image_ids", ())]
        near += [row["item_option_id"] for row in item.get("item_options", ())]
        near += [row["modifier_list_id"] for row in item.get("modifier_list_info", ())]
        near += [variation["item_id"]] if variation.get("item_id") else []
        near += (obj.get("category_data") or {}).get("image_ids", ())
        found.update(dict.fromkeys(near))
    wanted = [one for one in found if one not in asked and store.live(one) is not None]
    return [shown(square, one, path_to_root) for one in wanted]


def types_named(names: Iterable[str]) -> list[str]:
    """Object types by name in any letter case; ``SquareError`` INVALID_ENUM_VALUE for others."""
    wanted = [name.strip().upper() for name in names if name.strip()]
    for name in wanted:
        if name not in TYPES:
            raise refusal("INVALID_ENUM_VALUE", f"`{name}` is not a valid object type.", "types")
    return list(dict.fromkeys(wanted))


def walk(
    square: FakeSquare, types: list[str], start: tuple[int, int], limit: int, keep: Any = None
) -> tuple[list[str], list[int] | None]:
    """Up to ``limit`` object ids of ``types`` from position (type, index) on, and where the rest begins.

    Deleted objects are passed over unless ``keep(obj)`` is given and says otherwise. The walk is over the live
    lists, so a catalog that changes between pages shifts, as the real one does.
    """
    store = square.state.catalog
    objects, found = store.objects, list[str]()
    for type_index in range(start[0], len(types)):
        ids = store.by_type.get(types[type_index], ())
        first = start[1] if type_index == start[0] else 0
        for index in range(first, len(ids)):
            obj = objects.get(ids[index])
            if obj is None or not (keep(obj) if keep else "is_deleted" not in obj):
                continue
            if len(found) == limit:
                return found, [type_index, index]
            found.append(ids[index])
    return found, None


def strange(square: FakeSquare, request: SimRequest, objects: list[Json]) -> list[Json]:
    """What later versions of Square may send: the faults ``unknown_object_type`` and ``unknown_enum``."""
    if not square.faults.rules:
        return objects
    if square.faults.take("unknown_object_type", request) is not None:
        stranger = {"type": "LOYALTY_THING", "id": "STRANGER00000000000000AA", "version": 1700000000000}
        stranger["updated_at"] = "2023-11-14T22:13:20.000Z"
        objects = [stranger, *objects]
    if square.faults.take("unknown_enum", request) is not None:
        objects = [
            {**obj, "item_data": {**obj["item_data"], "product_type": "HOLOGRAM"}} if "item_data" in obj else obj
            for obj in objects
        ]
    return objects


def list_catalog(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """GET /v2/catalog/list: 100 a page, never deleted objects, top-level types unless named."""
    types = types_named(request.arg("types").split(",")) or TOP_TYPES
    start = open_cursor(request, None, square.clock.now()) or [0, 0]
    ids, after = walk(square, types, (start[0], start[1]), LIST_PAGE)
    objects = strange(square, request, [shown(square, object_id) for object_id in ids])
    return page(square, request, None, "objects", objects, start, after)


def retrieve(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """GET /v2/catalog/object/{object_id}."""
    object_id = args["object_id"]
    if square.state.catalog.live(object_id) is None:
        raise refusal("NOT_FOUND", f"Catalog object with ID `{object_id}` not found.")
    path = request.arg("include_category_path_to_root").lower() == "true"
    (obj,) = strange(square, request, [shown(square, object_id, path)])[-1:]
    made: Json = {"object": obj}
    if request.arg("include_related_objects").lower() == "true":
        made["related_objects"] = related(square, [object_id], path)
    return made


def batch_retrieve(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/catalog/batch-retrieve: up to 1000 ids; unknown ones are left out without a word."""
    ids = text_list(body, "object_ids", 1000)
    if not ids:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "object_ids")
    store = square.state.catalog
    deleted = bool(body.get("include_deleted_objects"))
    path = bool(body.get("include_category_path_to_root"))
    if deleted and path:
        raise refusal("CONFLICTING_PARAMETERS", "include_category_path_to_root excludes deleted objects.")
    known = [one for one in dict.fromkeys(ids) if one in store.objects and (deleted or store.live(one))]
    objects = strange(square, request, [shown(square, one, path) for one in known])
    made: Json = {"objects": objects} if objects else {}
    if body.get("include_related_objects") and (near := related(square, known, path)):
        made["related_objects"] = near
    return made


def info(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """GET /v2/catalog/info: the limits to be read at start-up."""
    thousand = (
        "batch_upsert_max_objects_per_batch batch_retrieve_max_object_ids search_max_page_limit "
        "update_item_taxes_max_item_ids update_item_taxes_max_taxes_to_enable "
        "update_item_taxes_max_taxes_to_disable update_item_modifier_lists_max_item_ids "
        "update_item_modifier_lists_max_modifier_lists_to_enable "
        "update_item_modifier_lists_max_modifier_lists_to_disable"
    )
    limits = dict.fromkeys(thousand.split(), 1000)
    return {
        "limits": {**limits, "batch_upsert_max_total_objects": 10000, "batch_delete_max_object_ids": 200},
        "standard_unit_description_group": {"standard_unit_descriptions": [], "language_code": "en-US"},
    }
