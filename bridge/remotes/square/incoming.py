"""Square's objects in the bridge's words, and fingerprints of what the bridge syncs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson

from bridge.domain.product import ShownImage, ShownProduct, ShownVariation, Tracking
from bridge.remotes.port import JSON, RawProduct, SquareChange, SquareCount, SquareStore

PathOf = Callable[[str], tuple[str, ...]]
OptionOf = Callable[[str, str], tuple[str, str]]
"""From the ids of an option and of its value to both names."""

_SYNCED_ITEM = ("name", "categories", "category_id", "image_ids", "is_archived", "product_type", "item_options")
_SYNCED = (
    "name",
    "sku",
    "upc",
    "pricing_type",
    "price_money",
    "track_inventory",
    "sellable",
    "image_ids",
    "item_option_values",
)
_SYNCED_TYPES = ("", "REGULAR", "FOOD_AND_BEV", "DIGITAL", "EVENT")
_RETURN_STATES = ("SOLD", "UNLINKED_RETURN", "RETURNED_BY_CUSTOMER", "SOLD_ONLINE", "RESERVED_FOR_SALE")
_SALE_STATES = ("SOLD", "SOLD_ONLINE", "RESERVED_FOR_SALE")


# -- items ----------------------------------------------------------------------------


def item_fingerprint(raw: JSON) -> str:
    """A hash over the synced fields of a raw ITEM: stock, ``sold_out`` and versions left out."""
    item = raw.get("item_data") or {}
    rows = []
    for variation in item.get("variations") or ():
        data = variation.get("item_variation_data") or {}
        rows.append((variation.get("id"), *map(data.get, _SYNCED), _override_fields(data.get("location_overrides"))))
    described = item.get("description_html") or item.get("description")
    fields = (described, *map(item.get, _SYNCED_ITEM), rows)
    return blake2b(orjson.dumps(fields), digest_size=8).hexdigest()


def _override_fields(overrides: Any) -> list[Any] | None:
    if not overrides:
        return None
    return [
        (row.get("location_id"), row.get("price_money"), row.get("track_inventory"))
        for row in overrides
        if row.get("price_money") is not None or row.get("track_inventory") is not None
    ]


def raw_item(raw: JSON) -> RawProduct:
    """A listing row around a raw ITEM; a deleted one is ``gone``."""
    gone = bool(raw.get("is_deleted"))
    return RawProduct(str(raw["id"]), "" if gone else item_fingerprint(raw), raw, raw.get("updated_at") or "", gone)


def shown_item(raw: JSON, path_of: PathOf, option_of: OptionOf) -> ShownProduct:
    """A raw ITEM with its variations in the bridge's words."""
    item = raw.get("item_data") or {}
    rows = item.get("variations") or ()
    variations = tuple(shown_variation(row, option_of) for row in rows)
    names = dict.fromkeys(name for variation in variations for name, _ in variation.options)
    return ShownProduct(
        side="square",
        remote_id=str(raw["id"]),
        name=item.get("name") or "",
        description=item.get("description_html") or item.get("description") or "",
        kind="simple" if len(variations) == 1 and not item.get("item_options") else "variable",
        categories=_paths(item, path_of),
        images=tuple(ShownImage(str(image_id)) for image_id in item.get("image_ids") or ()),
        visible=not item.get("is_archived") and not raw.get("is_deleted"),
        status="archived" if item.get("is_archived") else "",
        variations=variations,
        version=raw.get("version"),
        modified=raw.get("updated_at") or "",
        unrepresentable=_why_not(item, rows),
        option_names=tuple(names),
    )


def _paths(item: JSON, path_of: PathOf) -> tuple[tuple[str, ...], ...]:
    ids = [row.get("id") for row in item.get("categories") or ()] or [item.get("category_id")]
    paths = (path_of(str(category_id)) for category_id in ids if category_id)
    return tuple(path for path in paths if path)


def _why_not(item: JSON, rows: Sequence[JSON]) -> str:
    kind = item.get("product_type") or ""
    if kind not in _SYNCED_TYPES:
        return f"Square items of the kind {kind.replace('_', ' ').lower()} are not sold in the shop."
    if any((row.get("item_variation_data") or {}).get("pricing_type") == "VARIABLE_PRICING" for row in rows):
        return "The price is asked at the till (variable pricing)."
    if not rows:
        return "An item without variations cannot be sold."
    return ""


def shown_variation(raw: JSON, option_of: OptionOf) -> ShownVariation:
    """A raw ITEM_VARIATION in the bridge's words."""
    data = raw.get("item_variation_data") or {}
    money = data.get("price_money") or {}
    priced = data.get("pricing_type") != "VARIABLE_PRICING"
    overrides = data.get("location_overrides") or ()
    images = data.get("image_ids") or ()
    return ShownVariation(
        remote_id=str(raw["id"]),
        sku=data.get("sku") or "",
        gtin=data.get("upc") or "",
        title=data.get("name") or "",
        options=tuple(
            option_of(str(row.get("item_option_id")), str(row.get("item_option_value_id")))
            for row in data.get("item_option_values") or ()
        ),
        price=money.get("amount") if priced else None,
        visible=data.get("sellable") is not False and not raw.get("is_deleted"),
        tracking=_tracking(data, overrides),
        image=ShownImage(str(images[0])) if images else None,
        version=raw.get("version"),
        price_varies_by_store=any(
            row.get("price_money") is not None and row["price_money"].get("amount") != money.get("amount")
            for row in overrides
        ),
    )


def _tracking(data: JSON, overrides: Sequence[JSON]) -> Tracking:
    """Counted when the variation or any store's override says so; a store may switch it on alone."""
    counted = data.get("track_inventory") or any(row.get("track_inventory") for row in overrides)
    return "tracked" if counted else "untracked"


# -- stores and counts ------------------------------------------------------------------


def store_of_raw(raw: JSON) -> SquareStore:
    """A raw location."""
    return SquareStore(
        store_id=str(raw["id"]),
        name=raw.get("name") or "",
        active=raw.get("status", "ACTIVE") == "ACTIVE",
        timezone=raw.get("timezone") or "UTC",
        currency=raw.get("currency") or "",
        raw=raw,
    )


def counts_of_raw(rows: Sequence[JSON]) -> list[SquareCount]:
    """IN_STOCK counts among raw counts."""
    return [
        SquareCount(
            row["catalog_object_id"], row["location_id"], Decimal(row["quantity"]), row.get("calculated_at") or ""
        )
        for row in rows
        if row.get("state") == "IN_STOCK" and row.get("quantity") is not None
    ]


# -- inventory history --------------------------------------------------------------------


def changes_of_raw(rows: Sequence[JSON]) -> list[SquareChange]:
    """Raw inventory changes, of either version's shape, as effects on IN_STOCK; others have no effect."""
    return [change for row in rows for change in _effects(row)]


def _effects(row: JSON) -> Iterator[SquareChange]:
    kind = row.get("type")
    if kind == "PHYSICAL_COUNT":
        count = row.get("physical_count") or {}
        if count.get("state", "IN_STOCK") == "IN_STOCK":
            yield _change(count, "count", count["location_id"], Decimal(count["quantity"]), row)
    elif kind == "TRANSFER":  # until 2026-07-15
        moved = row.get("transfer") or {}
        if moved.get("state", "IN_STOCK") == "IN_STOCK":
            yield from _transfer(moved, row)
    elif kind == "ADJUSTMENT":
        adjustment = row.get("adjustment") or {}
        # since 2026-07-15 a count may show its effect as an adjustment too; the count itself says it already
        if not adjustment.get("physical_count_id"):
            yield from _adjustment(adjustment, row)


def _transfer(moved: Mapping[str, Any], row: JSON) -> Iterator[SquareChange]:
    quantity = Decimal(moved["quantity"])
    yield _change(moved, "transfer", moved["from_location_id"], -quantity, row)
    yield _change(moved, "transfer", moved["to_location_id"], quantity, row, suffix=":to")


def _adjustment(adjustment: Mapping[str, Any], row: JSON) -> Iterator[SquareChange]:
    leaving, entering = adjustment.get("from_state"), adjustment.get("to_state")
    old = adjustment.get("location_id")
    store_from = adjustment.get("from_location_id") or old or adjustment.get("to_location_id")
    store_to = adjustment.get("to_location_id") or old or adjustment.get("from_location_id")
    quantity = Decimal(adjustment["quantity"])
    if leaving == entering == "IN_STOCK":
        if store_from != store_to:
            yield from _transfer(adjustment, row)
    elif leaving == "IN_STOCK" and store_from:
        yield _change(adjustment, _kind_out(entering), store_from, -quantity, row)
    elif entering == "IN_STOCK" and store_to:
        yield _change(adjustment, _kind_in(leaving, adjustment), store_to, quantity, row)


def _kind_out(entering: Any) -> str:
    if entering in _SALE_STATES:
        return "sale"
    return {"WASTE": "waste", "IN_TRANSIT": "transfer"}.get(str(entering), "adjustment")


def _kind_in(leaving: Any, adjustment: Mapping[str, Any]) -> str:
    if leaving in _RETURN_STATES or adjustment.get("refund_id"):
        return "return"
    return {"NONE": "receive", "RECEIVED_FROM_VENDOR": "receive", "IN_TRANSIT": "transfer"}.get(
        str(leaving), "adjustment"
    )


def _change(
    said: Mapping[str, Any], kind: str, store_id: str, effect: Decimal, row: JSON, *, suffix: str = ""
) -> SquareChange:
    source = said.get("source") or {}
    return SquareChange(
        change_id=f"{said['id']}{suffix}",
        kind=kind,
        variation_id=said.get("catalog_object_id") or "",
        store_id=store_id,
        quantity=effect,
        occurred_at=said.get("occurred_at") or "",
        created_at=said.get("created_at") or "",
        reference=said.get("reference_id") or "",
        source=source.get("name") or source.get("product") or "",
        detail=row,
    )
