"""Square's inventory reads: counts newest first, changes in order of occurrence, single changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.auth import two_location_shape
from bridge.sim.square.inventory import count_row
from bridge.sim.square.inventory_shape import STATES, change_json, wire_type
from bridge.sim.square.inventory_store import Change, CountKey
from bridge.sim.square.moments import moment
from bridge.sim.square.paging import cut, page, strict_limit, text_list
from bridge.sim.square.routes import Answer, Router, open_cursor, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
DEFAULT_PAGE = MOST = 1000
SINGLE_PAGE = 100


def register(router: Router) -> None:
    """Add the endpoints, under their present and their deprecated addresses."""
    read = {"scopes": ("INVENTORY_READ",)}
    for path in ("/v2/inventory/counts/batch-retrieve", "/v2/inventory/batch-retrieve-counts"):
        router.add("POST", path, batch_counts, **read)
    for path in ("/v2/inventory/changes/batch-retrieve", "/v2/inventory/batch-retrieve-changes"):
        router.add("POST", path, batch_changes, **read)
    for word, kind in (("adjustment", "adjustment"), ("physical-count", "count"), ("transfer", "transfer")):
        router.add("GET", f"/v2/inventory/{word}s/{{change_id}}", _single(kind), **read)
        if kind != "transfer":
            router.add("GET", f"/v2/inventory/{word}/{{change_id}}", _single(kind), **read)
    router.add("GET", "/v2/inventory/{variation_id}", counts_of_one, **read)
    router.add("GET", "/v2/inventory/{variation_id}/changes", changes_of_one, **read)


def batch_counts(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/inventory/counts/batch-retrieve: no row for what was never counted or moved."""
    limit = strict_limit(body, DEFAULT_PAGE, MOST)
    ids, places = text_list(body, "catalog_object_ids"), set(text_list(body, "location_ids"))
    states = _states(body)
    after = _time(body, "updated_after")
    start = open_cursor(request, body, square.clock.now())
    store = square.state.inventory
    counts = store.counts

    def keep(key: CountKey) -> bool:
        counted = counts.get(key)
        if counted is None or (places and key[1] not in places) or (states and key[2] not in states):
            return False
        return after is None or counted.calculated_at > after

    if ids:
        keys = [key for one in dict.fromkeys(ids) for key in store.keys_of.get(one, ()) if keep(key)]
        keys.sort(key=lambda key: store.touched_at[key], reverse=True)
        some, next_place = cut(keys, start or 0, limit)
    else:
        begin = store.touched[-1][0] if start is None and store.touched else start or 0
        some, next_place = _newest(square, begin, limit, keep, after)
        start = begin
    rows = [count_row(key, counts[key]) for key in some]
    return page(square, request, body, "counts", rows, start or 0, next_place)


def _newest(
    square: FakeSquare, begin: int, limit: int, keep: Any, after: datetime | None
) -> tuple[list[CountKey], int | None]:
    """Keys calculated at serial ``begin`` or before, newest first; ones recalculated meanwhile are newer."""
    store, some = square.state.inventory, list[CountKey]()
    for index in range(bisect_right(store.touched, begin, key=_serial) - 1, -1, -1):
        serial, key = store.touched[index]
        if store.touched_at[key] != serial:
            continue
        if after is not None and key in store.counts and store.counts[key].calculated_at <= after:
            break
        if not keep(key):
            continue
        if len(some) == limit:
            return some, serial
        some.append(key)
    return some, None


def _serial(mention: tuple[int, CountKey]) -> int:
    return mention[0]


def counts_of_one(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """GET /v2/inventory/{catalog_object_id}."""
    variation_id = args["variation_id"]
    _check_known(square, variation_id)
    places = _csv(request, "location_ids")
    counts = square.state.inventory.counts
    keys = [
        key
        for key in square.state.inventory.keys_of.get(variation_id, ())
        if key in counts and (not places or key[1] in places)
    ]
    start = open_cursor(request, None, square.clock.now()) or 0
    some, after = cut(keys, start, SINGLE_PAGE)
    return page(square, request, None, "counts", [count_row(key, counts[key]) for key in some], start, after)


def batch_changes(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/inventory/changes/batch-retrieve: by ``occurred_at`` ascending, filtered by server time."""
    two = two_location_shape(request)
    limit = strict_limit(body, DEFAULT_PAGE, MOST)
    types = _types(body, two)
    states, places = _states(body), set(text_list(body, "location_ids"))
    after, before = _time(body, "updated_after"), _time(body, "updated_before")
    if after is not None and before is not None and after > before:
        raise refusal("INVALID_TIME_RANGE", "updated_after must be before updated_before.", "updated_after")

    def keep(change: Change) -> bool:
        return (
            (before is None or change.created_at < before)
            and wire_type(change, two) in types
            and (not states or change.from_state in states or change.to_state in states)
            and (not places or change.from_location_id in places or change.to_location_id in places)
        )

    ids = text_list(body, "catalog_object_ids")
    down = two and ((body or {}).get("sort") or {}).get("order") == "DESC"
    if not ids and after is None and not down:
        start = open_cursor(request, body, square.clock.now()) or 0
        some, rest = _oldest(square, start, limit, keep)
        return page(square, request, body, "changes", [change_json(one, two) for one in some], start, rest)
    found = [change for change in _candidates(square, ids, after) if keep(change)]
    found.sort(key=lambda change: change.occurred_at, reverse=down)
    return _changes_page(square, request, body, found, limit, two)


def _oldest(square: FakeSquare, begin: int, limit: int, keep: Any) -> tuple[list[Change], int | None]:
    """Changes by ``occurred_at`` from a position on: a whole history is walked page by page, never sorted."""
    store, some = square.state.inventory, list[Change]()
    if not store.changes:
        return some, None
    visible = store.changes[-1].created_at
    for index in range(begin, len(store.by_time)):
        change = store.by_time[index]
        if change.created_at > visible or not keep(change):
            continue
        if len(some) == limit:
            return some, index
        some.append(change)
    return some, None


def changes_of_one(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """GET /v2/inventory/{catalog_object_id}/changes."""
    _check_known(square, args["variation_id"])
    places = _csv(request, "location_ids")
    found = [
        change
        for change in _candidates(square, [args["variation_id"]], None)
        if not places or change.from_location_id in places or change.to_location_id in places
    ]
    found.sort(key=lambda change: change.occurred_at)
    return _changes_page(square, request, None, found, SINGLE_PAGE, two_location_shape(request))


def _changes_page(
    square: FakeSquare, request: SimRequest, body: Any, found: list[Change], limit: int, two: bool
) -> Json:
    start = open_cursor(request, body, square.clock.now()) or 0
    some, after = cut(found, start, limit)
    rows = [change_json(change, two) for change in some]
    return page(square, request, body, "changes", rows, start, after)


def _candidates(square: FakeSquare, ids: list[str], after: datetime | None) -> Iterator[Change]:
    """Changes of the named variations (all when none is named) that arrived after ``after``."""
    store = square.state.inventory
    if ids:
        newest = len(store.changes)
        visible = store.changes[-1].created_at if newest else None
        for one in dict.fromkeys(ids):
            for change in store.of_variation.get(one, ()):
                if visible is None or change.created_at > visible:
                    continue
                if after is None or change.created_at > after:
                    yield change
        return
    # changes arrive in order of created_at, so the start is found by halving
    first = 0 if after is None else bisect_right(store.changes, after, key=lambda change: change.created_at)
    for index in range(first, len(store.changes)):
        yield store.changes[index]


def _single(kind: str) -> Any:
    """GET of one adjustment, physical count or transfer by its id."""
    names = {"adjustment": "ADJUSTMENT", "count": "PHYSICAL_COUNT", "transfer": "TRANSFER"}

    def retrieve(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
        two = two_location_shape(request)
        change = square.state.inventory.by_id.get(args["change_id"])
        if change is None or wire_type(change, two) != names[kind] or (two and kind == "transfer"):
            raise refusal("NOT_FOUND", f"Inventory change `{args['change_id']}` not found.")
        shown = change_json(change, two)
        member = next(name for name in shown if name != "type")
        return {"count" if member == "physical_count" else member: shown[member]}

    return retrieve


def _types(body: Any, two: bool) -> set[str]:
    allowed = {"PHYSICAL_COUNT", "ADJUSTMENT"} if two else {"PHYSICAL_COUNT", "ADJUSTMENT", "TRANSFER"}
    asked = text_list(body, "types")
    for kind in asked:
        if kind not in allowed:
            raise refusal("INVALID_ENUM_VALUE", f"`{kind}` is not a valid change type.", "types")
    return set(asked) or {"PHYSICAL_COUNT", "ADJUSTMENT"}


def _states(body: Any) -> set[str]:
    asked = set(text_list(body, "states"))
    for state in asked - STATES:
        raise refusal("INVALID_ENUM_VALUE", f"`{state}` is not a valid inventory state.", "states")
    return asked


def _time(body: Any, name: str) -> datetime | None:
    value = (body or {}).get(name)
    return moment(value, name) if value else None


def _csv(request: SimRequest, name: str) -> set[str]:
    return {part for part in request.arg(name).split(",") if part}


def _check_known(square: FakeSquare, variation_id: str) -> None:
    known: Iterable[str] = square.state.catalog.objects
    if variation_id not in known and variation_id not in square.state.inventory.keys_of:
        raise refusal("NOT_FOUND", f"Catalog object with ID `{variation_id}` not found.")
