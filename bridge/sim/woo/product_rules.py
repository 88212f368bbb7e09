"""Rules a product write must keep: SKU and GTIN unique, slugs free, meta upserted by key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bridge.sim.woo.routes import WooError
from bridge.sim.woo.state import Item
from bridge.sim.woo.texts import loose_int, text_of

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo


def check_sku(shop: FakeWoo, item: Item, sku: str, *, new: bool) -> None:
    """Refuse a SKU somebody else has (a trashed holder is only noticed when a product is created)."""
    sku = sku.strip()
    if not sku:
        return
    others = [other for other in shop.state.find_sku(sku) if other.id != item.id]
    holder = next((other for other in others if other.status != "trash"), None)
    if holder is not None:
        number = 1
        while shop.state.find_sku(f"{sku}-{number}"):
            number += 1
        raise WooError(
            400,
            "product_invalid_sku",
            "Invalid or duplicated SKU.",
            {"resource_id": holder.id, "unique_sku": f"{sku}-{number}"},
        )
    if others and new:
        raise WooError(
            400,
            "woocommerce_rest_product_not_created",
            f"The product with SKU ({sku}) you are trying to insert is already present in the lookup table",
        )


def clean_gtin(value: Any) -> str:
    """A GTIN as it is kept: digits and hyphens."""
    return re.sub(r"[^0-9\-]", "", text_of(value))


def check_gtin(shop: FakeWoo, item: Item, gtin: str) -> None:
    """Refuse a GTIN somebody else has."""
    for other_id in shop.state.by_gtin.get(gtin, ()) if gtin else ():
        if other_id != item.id and shop.state.items[other_id].status != "trash":
            raise WooError(
                400,
                "product_invalid_global_unique_id",
                "Invalid or duplicated GTIN, UPC, EAN or ISBN.",
                {"resource_id": other_id},
            )


def unique_slug(shop: FakeWoo, wanted: str) -> str:
    """``wanted``, or with the first free number behind it; taken from now on."""
    slug, number = wanted, 2
    while slug in shop.state.slugs:
        slug, number = f"{wanted}-{number}", number + 1
    shop.state.slugs.add(slug)
    return slug


def write_meta(shop: FakeWoo, item: Item, row: dict[str, Any]) -> None:
    """Upsert one ``meta_data`` entry by id, else by key; a null value removes it."""
    number, key, value = loose_int(row.get("id") or 0), text_of(row.get("key")), row.get("value")
    held = next((m for m in item.meta if (m["id"] == number if number else m["key"] == key)), None)
    if value is None:
        item.meta = [m for m in item.meta if m is not held]
    elif held is not None:
        made = {"id": held["id"], "key": key or held["key"], "value": value}
        item.meta = [made if m is held else m for m in item.meta]
    else:
        item.meta = [*item.meta, {"id": shop.ids.number("meta", 900), "key": key, "value": value}]


def drop_meta(item: Item, key: str) -> None:
    """Forget every meta entry of that key."""
    item.meta = [m for m in item.meta if m["key"] != key]
