"""Square's catalog writes: upsert, batch upsert, deletes, taxes and modifier lists; one writer at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.square.catalog_plan import Batch, bury, version_mismatch
from bridge.sim.square.catalog_read import shown
from bridge.sim.square.idempotency import digest_of
from bridge.sim.square.moments import rfc3339
from bridge.sim.square.paging import text_list
from bridge.sim.square.routes import Answer, Router, SquareError, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PER_BATCH, PER_REQUEST, PER_DELETE = 1000, 10_000, 200


def register(router: Router) -> None:
    """Add the endpoints."""
    write = {"scopes": ("ITEMS_WRITE",)}
    router.add("POST", "/v2/catalog/object", upsert, idempotency="required", **write)
    router.add("POST", "/v2/catalog/batch-upsert", batch_upsert, idempotency="required", **write)
    router.add("DELETE", "/v2/catalog/object/{object_id}", delete, **write)
    router.add("POST", "/v2/catalog/batch-delete", batch_delete, **write)
    router.add("POST", "/v2/catalog/update-item-taxes", update_item_taxes, **write)
    router.add("POST", "/v2/catalog/update-item-modifier-lists", update_item_modifier_lists, **write)


def register_acts(square: FakeSquare) -> None:
    """``hold_catalog_lock(seconds)``: another application of the seller is writing."""

    def hold_catalog_lock(seconds: float) -> None:
        until = square.clock.now() + timedelta(seconds=seconds)
        square.catalog_locked_until = {"upsert": until, "delete": until}

    square.acts["hold_catalog_lock"] = hold_catalog_lock


def begin(square: FakeSquare, request: SimRequest, kind: str) -> None:
    """Take the seller's catalog lock for ``upsert`` or ``delete``; ``SquareError`` 429 while it is held."""
    now = square.clock.now()
    until = square.catalog_locked_until.get(kind)
    if until is not None and now < until:
        raise refusal("RATE_LIMITED", "Catalog locked by prior request.")
    if square.catalog_lock_seconds:
        square.catalog_locked_until[kind] = now + timedelta(seconds=square.catalog_lock_seconds)
    square.run_between()
    if square.faults.rules and square.faults.take("version_mismatch", request) is not None:
        raise version_mismatch(square)
    square.state.catalog.begin_write()


def finish(square: FakeSquare) -> str:
    """Tell that the catalog has a new version; returns its time (one event per request)."""
    at = catalog_time(square)
    square.emit("catalog.version.updated", "catalog_version", "", {"catalog_version": {"updated_at": at}})
    return at


def catalog_time(square: FakeSquare) -> str:
    """The time of the catalog's latest version."""
    version = square.state.catalog.version
    if not version:
        return rfc3339(square.clock.now())
    return rfc3339(EPOCH + timedelta(milliseconds=version))


def upsert(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/catalog/object."""
    given = (body or {}).get("object")
    if not isinstance(given, dict):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "object")
    begin(square, request, "upsert")
    batch = Batch(square, [given])
    batch.plan()
    (object_id,) = batch.commit()
    finish(square)
    made: Json = {"catalog_object": shown(square, object_id)}
    return {**made, "id_mappings": batch.mappings()} if batch.real_ids else made


def batch_upsert(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/catalog/batch-upsert: each batch whole or not at all, later batches whatever became of earlier."""
    batches = _batches(square, body)
    begin(square, request, "upsert")
    place = f"{square.actor} {body['idempotency_key']}"
    done = _done_before(square, place, request)
    struck = square.faults.take("catalog_partly_applied", request) if square.faults.rules else None
    stop = struck.options.get("batches", 1) if struck else len(batches)
    errors: list[Json] = []
    status = 400
    for index, batch in enumerate(batches[: max(stop, len(done))]):
        if index < len(done):
            continue
        try:
            batch.plan()
            done.append((batch.commit(), batch.mappings()))
        except SquareError as refused:
            errors.append(refused.error)
            status = refused.status
            done.append(([], []))
    if struck is not None:
        square.partly_applied[place] = (digest_of(request.body), done)
        if any(top for top, _ in done):
            finish(square)
        raise refusal("RATE_LIMITED", "Catalog locked by prior request.")
    return _batch_answer(square, done, errors, status)


def _batches(square: FakeSquare, body: Any) -> list[Batch]:
    given = (body or {}).get("batches")
    if not isinstance(given, list) or not given:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "batches")
    batches = [Batch(square, (one or {}).get("objects") or []) for one in given]
    sizes = [batch.size() for batch in batches]
    if max(sizes) > PER_BATCH:
        raise refusal("ARRAY_LENGTH_TOO_LONG", f"At most {PER_BATCH} objects per batch.", "batches.objects")
    if sum(sizes) > PER_REQUEST:
        raise refusal("ARRAY_LENGTH_TOO_LONG", f"At most {PER_REQUEST} objects per request.", "batches")
    return batches


def _done_before(square: FakeSquare, place: str, request: SimRequest) -> list[tuple[list[str], list[Json]]]:
    """What an earlier, half applied request with this key had already written: it is not written again."""
    digest, done = square.partly_applied.pop(place, ("", []))
    if digest and digest != digest_of(request.body):
        square.partly_applied[place] = (digest, done)
        raise refusal(
            "IDEMPOTENCY_KEY_REUSED",
            "The idempotency key can only be retried with the same request data.",
            "idempotency_key",
        )
    return list(done)


def _batch_answer(
    square: FakeSquare, done: list[tuple[list[str], list[Json]]], errors: list[Json], status: int
) -> Answer:
    ids = [object_id for top, _ in done for object_id in top]
    if errors and not ids:
        return SimResponse.of_json(status, {"errors": errors})
    made: Json = {"errors": errors} if errors else {}
    made["objects"] = [shown(square, object_id) for object_id in ids]
    made["updated_at"] = finish(square)
    mappings = [mapping for _, some in done for mapping in some]
    return {**made, "id_mappings": mappings} if mappings else made


def delete(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """DELETE /v2/catalog/object/{object_id}: the object and all that is nested in it."""
    object_id = args["object_id"]
    if square.state.catalog.live(object_id) is None:
        raise refusal("NOT_FOUND", f"Catalog object with ID `{object_id}` not found.")
    begin(square, request, "delete")
    gone = delete_objects(square, [object_id])
    if not gone:
        raise refusal("INVALID_VALUE", "An item must have at least one variation.")
    return {"deleted_object_ids": gone, "deleted_at": finish(square)}


def batch_delete(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/catalog/batch-delete: deletes what can be deleted and says what that was."""
    ids = text_list(body, "object_ids", PER_DELETE)
    if not ids:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "object_ids")
    begin(square, request, "delete")
    gone = delete_objects(square, ids)
    if not gone:
        return {}
    return {"deleted_object_ids": gone, "deleted_at": finish(square)}


def delete_objects(square: FakeSquare, ids: Iterable[str]) -> list[str]:
    """Bury live objects under one new version; returns every id buried (an item's last variation is kept)."""
    store = square.state.catalog
    at = square.stamp()
    stamps = {"version": store.next_version(int(at.timestamp() * 1000 + 0.5)), "updated_at": rfc3339(at)}
    gone: list[str] = []
    wanted = list(ids)
    for object_id in wanted:
        obj = store.live(object_id)
        if obj is None:
            continue
        parent_id = store.parent_id(obj)
        last = obj["type"] == "ITEM_VARIATION" and store.children.get(parent_id) == [object_id]
        if last and parent_id not in wanted:
            continue
        gone += bury(square, object_id, stamps)
        if obj["type"] in ("CATEGORY", "IMAGE", "TAX", "MODIFIER_LIST"):
            _forget(square, object_id, stamps)
    return gone


def _forget(square: FakeSquare, gone_id: str, stamps: Json) -> None:
    """Take a deleted category, image, tax or modifier list out of the items and variations that name it."""
    store = square.state.catalog
    for kind, field in (("ITEM", "item_data"), ("ITEM_VARIATION", "item_variation_data")):
        for object_id in list(store.live_ids(kind)):
            obj = store.objects[object_id]
            kept = _without(obj[field], gone_id)
            if kept is not None:
                store.put({**obj, **stamps, field: kept})
    for object_id in list(store.live_ids("CATEGORY")):
        obj = store.objects[object_id]
        if (obj["category_data"].get("parent_category") or {}).get("id") == gone_id:
            data = {name: value for name, value in obj["category_data"].items() if name != "parent_category"}
            store.put({**obj, **stamps, "category_data": data})


def _without(data: Json, gone_id: str) -> Json | None:
    kept = dict(data)
    for name in ("tax_ids", "image_ids"):
        if gone_id in data.get(name, ()):
            kept[name] = [one for one in data[name] if one != gone_id]
    for name, key in (("categories", "id"), ("modifier_list_info", "modifier_list_id")):
        if any(row.get(key) == gone_id for row in data.get(name, ())):
            kept[name] = [row for row in data[name] if row.get(key) != gone_id]
    if (data.get("reporting_category") or {}).get("id") == gone_id:
        del kept["reporting_category"]
    if kept == data:
        return None
    return {name: value for name, value in kept.items() if value != []}


def update_item_taxes(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/catalog/update-item-taxes: the only way to take a tax off an item."""
    enable, disable = text_list(body, "taxes_to_enable", 1000), text_list(body, "taxes_to_disable", 1000)
    _check_alive(square, enable, "TAX")

    def change(data: Json) -> Json:
        taxes = [tax for tax in dict.fromkeys([*data.get("tax_ids", ()), *enable]) if tax not in disable]
        return {**data, "tax_ids": taxes}

    return _change_items(square, request, body, change)


def update_item_modifier_lists(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/catalog/update-item-modifier-lists."""
    enable = text_list(body, "modifier_lists_to_enable", 1000)
    disable = text_list(body, "modifier_lists_to_disable", 1000)
    _check_alive(square, enable, "MODIFIER_LIST")

    def change(data: Json) -> Json:
        rows = {row["modifier_list_id"]: row for row in data.get("modifier_list_info", ())}
        rows.update({list_id: {"modifier_list_id": list_id, "enabled": True} for list_id in enable})
        return {**data, "modifier_list_info": [row for key, row in rows.items() if key not in disable]}

    return _change_items(square, request, body, change)


def _check_alive(square: FakeSquare, ids: list[str], kind: str) -> None:
    for object_id in ids:
        found = square.state.catalog.live(object_id)
        if found is None or found["type"] != kind:
            raise refusal("INVALID_VALUE", f"Invalid Object with Id: {object_id}.")


def _change_items(square: FakeSquare, request: SimRequest, body: Any, change: Any) -> Answer:
    ids = text_list(body, "item_ids", 1000)
    if not ids:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "item_ids")
    _check_alive(square, ids, "ITEM")
    begin(square, request, "upsert")
    for item_id in ids:
        change_data(square, item_id, change)
    return {"updated_at": finish(square)}


def change_data(square: FakeSquare, object_id: str, change: Any) -> None:
    """Replace a live object's data by ``change(data)`` under a new version (no event, no version check)."""
    store = square.state.catalog
    obj = store.objects[object_id]
    field = next(name for name in obj if name.endswith("_data"))
    at = square.stamp()
    version = store.next_version(int(at.timestamp() * 1000 + 0.5))
    data = {name: value for name, value in change(obj[field]).items() if value != []}
    store.put({**obj, "version": version, "updated_at": rfc3339(at), field: data})
