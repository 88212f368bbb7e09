"""Square's catalog searches: by type, time and query, and the item search with stock and location filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.catalog_match import Keep, keep_of, set_of_skus, sort_of
from bridge.sim.square.catalog_read import TOP_TYPES, related, shown, strange, types_named, walk
from bridge.sim.square.catalog_write import catalog_time
from bridge.sim.square.inventory import is_tracked
from bridge.sim.square.moments import moment
from bridge.sim.square.paging import cut, page, strict_limit, text_list
from bridge.sim.square.routes import Answer, Router, open_cursor, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]


def register(router: Router) -> None:
    """Add the endpoints."""
    router.add("POST", "/v2/catalog/search", search, scopes=("ITEMS_READ",))
    router.add("POST", "/v2/catalog/search-catalog-items", search_items, scopes=("ITEMS_READ",))


def search(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/catalog/search: ``begin_time`` is exclusive, ``limit`` only advice, ``latest_time`` the clock."""
    body = body or {}
    types = types_named(text_list(body, "object_types")) or TOP_TYPES
    deleted, path = (bool(body.get(name)) for name in ("include_deleted_objects", "include_category_path_to_root"))
    if deleted and path:
        raise refusal("CONFLICTING_PARAMETERS", "include_category_path_to_root excludes deleted objects.")
    ids, start, after = _found(square, request, body, types, deleted)
    objects = strange(square, request, [shown(square, object_id, path) for object_id in ids])
    made = page(square, request, body, "objects", objects, start, after)
    if made.get("objects") and body.get("include_related_objects"):
        near = related(square, ids, path)
        made.update({"related_objects": near} if near else {})
    made["latest_time"] = catalog_time(square)
    return made


def _found(
    square: FakeSquare, request: SimRequest, body: Json, types: list[str], deleted: bool
) -> tuple[list[str], Any, Any]:
    """(ids of this page, its position, the next position)."""
    store, query = square.state.catalog, body.get("query") or {}
    start = open_cursor(request, body, square.clock.now())
    matches = keep_of(square, query)

    def keep(obj: Json) -> bool:
        return (deleted or "is_deleted" not in obj) and (matches is None or matches(obj))

    limit = body.get("limit")
    limit = limit if isinstance(limit, int) and 1 <= limit <= 1000 else 100
    order = sort_of(query)
    wanted = set(types)
    rows: list[str] | None = None
    if body.get("begin_time"):
        since = int(moment(body["begin_time"], "begin_time").timestamp() * 1000 + 1e-6)
        changes = store.changed_since(since) if start is None or order else store.changed_from(start)
        fresh = ((index, obj) for index, obj in changes if obj["type"] in wanted and keep(obj))
        if order is None:
            return _log_page(fresh, start, limit)
        rows = list(dict.fromkeys(obj["id"] for _, obj in fresh))
    elif types == ["ITEM_VARIATION"] and (skus := set_of_skus(query)) is not None and not deleted:
        rows = [one for sku in skus for one in store.variations_with_sku(sku)]
    elif order is not None:
        rows = [one for kind in types for one in store.by_type.get(kind, ()) if one in store.objects]
    if rows is None:
        begin = start or [0, 0]
        ids, after = walk(square, types, (begin[0], begin[1]), limit, keep)
        return ids, begin, after
    rows = [one for one in rows if keep(store.objects[one])]
    if order is not None:
        rows = [obj["id"] for obj in order([store.objects[one] for one in rows])]
    ids, next_place = cut(rows, start or 0, limit)
    return ids, start or 0, next_place


def _log_page(fresh: Iterator[tuple[int, Json]], start: Any, limit: int) -> tuple[list[str], Any, Any]:
    """A page of changed objects; one written again meanwhile has moved to the end, none is lost."""
    ids: dict[str, None] = {}
    first = start
    for index, obj in fresh:
        first = index if first is None else first
        if len(ids) == limit and obj["id"] not in ids:
            return list(ids), first, index
        ids[obj["id"]] = None
    return list(ids), first or 0, None


def search_items(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/catalog/search-catalog-items: items with the ids of the variations that matched."""
    body = body or {}
    limit = strict_limit(body, 100, 100)
    start = open_cursor(request, body, square.clock.now()) or 0
    store = square.state.catalog
    rows = []
    for item_id in store.live_ids("ITEM"):
        variations = _matching_variations(square, body, store.objects[item_id])
        if variations is not None:
            rows.append((item_id, variations))
    if body.get("sort_order"):
        rows.sort(
            key=lambda row: store.objects[row[0]]["item_data"]["name"].lower(),
            reverse=body["sort_order"] == "DESC",
        )
    some, after = cut(rows, start, limit)
    items = strange(square, request, [shown(square, item_id) for item_id, _ in some])
    made = page(square, request, body, "items", items, start, after)
    matched = [one for _, variations in some for one in variations]
    return {**made, "matched_variation_ids": matched} if made.get("items") and matched else made


def _matching_variations(square: FakeSquare, body: Json, item: Json) -> list[str] | None:
    """The matching variations of an item, ``None`` when the item itself does not match."""
    data = item["item_data"]
    if not _item_matches(body, item, data):
        return None
    store = square.state.catalog
    kids = list(store.children.get(item["id"], ()))
    if words := str(body.get("text_filter") or "").lower().split():
        tests: list[Keep] = [_has_word(word) for word in words]
        if not all(test(item) for test in tests):
            kids = [kid for kid in kids if all(test(item) or test(store.objects[kid]) for test in tests)]
            if not kids:
                return None
    if levels := set(text_list(body, "stock_levels")):
        places = text_list(body, "enabled_location_ids") or list(square.state.locations)
        kids = [kid for kid in kids if levels & _levels(square, kid, places)]
        if not kids:
            return None
    return kids


def _item_matches(body: Json, item: Json, data: Json) -> bool:
    if categories := set(text_list(body, "category_ids")):
        own = {row["id"] for row in data.get("categories", ())} | {data.get("category_id")}
        if not own & categories:
            return False
    if (kinds := text_list(body, "product_types")) and data.get("product_type") not in kinds:
        return False
    if (places := text_list(body, "enabled_location_ids")) and not any(_present(item, at) for at in places):
        return False
    for wanted in body.get("custom_attribute_filters") or ():
        value = (item.get("custom_attribute_values") or {}).get(wanted.get("key"), {})
        if wanted.get("string_filter") is not None and value.get("string_value") != wanted["string_filter"]:
            return False
    state = body.get("archived_state") or "ARCHIVED_STATE_NOT_ARCHIVED"
    archived = bool(data.get("is_archived"))
    return state == "ARCHIVED_STATE_ALL" or archived == (state == "ARCHIVED_STATE_ARCHIVED")


def _present(obj: Json, location_id: str) -> bool:
    if obj.get("present_at_all_locations", True):
        return location_id not in obj.get("absent_at_location_ids", ())
    return location_id in obj.get("present_at_location_ids", ())


def _has_word(word: str) -> Callable[[Json], bool]:
    def test(obj: Json) -> bool:
        data = obj.get("item_data") or obj.get("item_variation_data") or {}
        names = ("name", "description_plaintext", "abbreviation", "sku", "upc")
        return any(part.startswith(word) for name in names for part in str(data.get(name, "")).lower().split())

    return test


def _levels(square: FakeSquare, variation_id: str, places: list[str]) -> set[str]:
    data = square.state.catalog.variation(variation_id) or {}
    found = set()
    for place in places:
        if not is_tracked(square, variation_id, place):
            continue
        left = square.state.inventory.on_hand(variation_id, place)
        if left <= 0:
            found.add("OUT")
        elif data.get("inventory_alert_type") == "LOW_QUANTITY" and left <= data.get("inventory_alert_threshold", 0):
            found.add("LOW")
    return found
