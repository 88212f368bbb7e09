"""What the bridge decided, in Square's words: whole items (Square knows no partial update) and stock changes.

Bodies are built deterministically: the same decision gives the same bytes, as a repeated idempotency key demands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import orjson

from bridge.domain.fields import Value
from bridge.domain.product import ShownProduct, ShownVariation
from bridge.remotes.port import JSON, SquareStockChange

NAME_LENGTH, TITLE_LENGTH, DESCRIPTION_LENGTH = 512, 255, 65535
SPLIT_VERSION = "2026-07-15"
"""From this Square-Version on an adjustment names the store it leaves and the store it enters."""

OptionsMode = Literal["names", "options"]


@dataclass(frozen=True, slots=True)
class SquareOption:
    """An ITEM_OPTION of the seller: its id and the ids of its values by lower-case name."""

    option_id: str
    name: str
    values: Mapping[str, str] = field(default_factory=dict)


# -- new items --------------------------------------------------------------------------


def new_item(
    product: ShownProduct,
    *,
    currency: str,
    category_ids: Sequence[str],
    options_mode: OptionsMode = "names",
    options: Mapping[str, SquareOption] | None = None,
    reference: str = "",
) -> JSON:
    """The ITEM that shows a WooCommerce product, with client ids made of the product's own.

    ``options_mode`` "names" puts the choice into the variation's name; "options" refers to ``options`` (by
    lower-case name), which must hold every name and value. ``reference`` is kept in each variation's
    ``user_data``, unseen by the seller. Sold at every store; counted where the shop counts.
    """
    client_id = f"#woo-{product.remote_id}"
    used = options if options_mode == "options" and options else None
    item: JSON = {
        "name": product.name[:NAME_LENGTH],
        "description_html": product.description[:DESCRIPTION_LENGTH],
        "product_type": "REGULAR",
        "is_archived": not product.visible,
        "variations": [
            _new_variation(variation, client_id, currency, used, reference) for variation in product.variations
        ],
    }
    if category_ids:
        item["categories"] = [{"id": category_id} for category_id in category_ids]
    if used is not None:
        item["item_options"] = [
            {"item_option_id": used[name.casefold()].option_id} for name in _option_names(product.variations)
        ]
    return {"type": "ITEM", "id": client_id, "present_at_all_locations": True, "item_data": item}


def variation_client_id(product_id: str, variation_id: str) -> str:
    """The client id under which ``id_mappings`` answers for a new variation."""
    return f"#woo-{product_id}-{variation_id}"


def _option_names(variations: Sequence[ShownVariation]) -> list[str]:
    return list(dict.fromkeys(name for variation in variations for name, _ in variation.options))


def _new_variation(
    variation: ShownVariation,
    item_id: str,
    currency: str,
    options: Mapping[str, SquareOption] | None,
    reference: str,
    product_id: str = "",
) -> JSON:
    owner = product_id or item_id.removeprefix("#woo-")
    data: JSON = {"item_id": item_id, "name": variation_name(variation)}
    if variation.sku:
        data["sku"] = variation.sku
    if variation.gtin:
        data["upc"] = variation.gtin
    if variation.price is None:
        data["pricing_type"] = "VARIABLE_PRICING"
    else:
        data["pricing_type"] = "FIXED_PRICING"
        data["price_money"] = {"amount": variation.price, "currency": currency}
    if variation.tracking == "tracked":
        data["track_inventory"] = True
    if options is not None:
        data["item_option_values"] = [
            {
                "item_option_id": options[name.casefold()].option_id,
                "item_option_value_id": options[name.casefold()].values[value.casefold()],
            }
            for name, value in variation.options
        ]
    if reference:
        data["user_data"] = reference
    return {
        "type": "ITEM_VARIATION",
        "id": variation_client_id(owner, variation.remote_id),
        "present_at_all_locations": True,
        "item_variation_data": data,
    }


def variation_name(variation: ShownVariation) -> str:
    """The name a till shows; Square's own word for an only variation is "Regular"."""
    title = variation.title or ", ".join(value for _, value in variation.options)
    return (title or "Regular")[:TITLE_LENGTH]


# -- changed items ------------------------------------------------------------------------


def copied(raw: JSON) -> JSON:
    """A deep copy of a raw object, nothing left out."""
    made: JSON = orjson.loads(orjson.dumps(raw))
    return made


def add_variations(
    raw_item: JSON,
    product: ShownProduct,
    ids: Sequence[str],
    *,
    currency: str,
    options: Mapping[str, SquareOption] | None = None,
    reference: str = "",
) -> JSON:
    """The whole raw item with the product's variations ``ids`` behind its own."""
    item = copied(raw_item)
    rows: list[JSON] = item["item_data"].setdefault("variations", [])
    by_id = {variation.remote_id: variation for variation in product.variations}
    for variation_id in ids:
        row = _new_variation(
            by_id[variation_id], str(item["id"]), currency, options, reference, product_id=product.remote_id
        )
        _same_presence(row, item)
        rows.append(row)
    return item


def _same_presence(row: JSON, item: JSON) -> None:
    """A new variation is sold where its item is; Square refuses one that reaches further."""
    for name in ("present_at_all_locations", "present_at_location_ids", "absent_at_location_ids"):
        row.pop(name, None)
        if name in item:
            row[name] = item[name]


def apply_fields(
    raw_item: JSON,
    product_changes: Mapping[str, Value],
    variation_changes: Mapping[str, Mapping[str, Value]],
    *,
    currency: str,
    category_ids: Sequence[str] | None = None,
) -> JSON:
    """The whole raw item with changes applied: versions and everything unknown stay, presence is not touched.

    ``variation_changes`` is by Square variation id; ids the item does not have are left out. Images are attached
    by upload, not here. An override of one store's price stays.
    """
    item = copied(raw_item)
    data: JSON = item.setdefault("item_data", {})
    if "name" in product_changes:
        data["name"] = str(product_changes["name"] or "")[:NAME_LENGTH]
    if "description" in product_changes:
        _describe(data, str(product_changes["description"] or ""))
    if "visible" in product_changes:
        data["is_archived"] = not product_changes["visible"]
    if "categories" in product_changes and category_ids is not None:
        _categorise(data, category_ids)
    for row in data.get("variations") or ():
        changes = variation_changes.get(str(row.get("id")))
        if changes:
            _apply_variation(row.setdefault("item_variation_data", {}), changes, currency)
    return item


def _describe(data: JSON, html: str) -> None:
    """Square keeps three copies; the HTML one wins, the others are dropped lest they contradict it."""
    data["description_html"] = html[:DESCRIPTION_LENGTH]
    data.pop("description", None)
    data.pop("description_plaintext", None)


def _categorise(data: JSON, category_ids: Sequence[str]) -> None:
    before = {row.get("id"): row for row in data.get("categories") or ()}
    data["categories"] = [before.get(category_id, {"id": category_id}) for category_id in category_ids]
    if data.get("category_id") not in category_ids:
        data.pop("category_id", None)  # the retired single category would contradict the list


def _apply_variation(data: JSON, changes: Mapping[str, Value], currency: str) -> None:
    if "sku" in changes:
        data["sku"] = str(changes["sku"] or "")
    if "gtin" in changes:
        data["upc"] = str(changes["gtin"] or "")
    if "title" in changes and not data.get("item_option_values"):
        data["name"] = str(changes["title"] or "")[:TITLE_LENGTH] or "Regular"
    if "price" in changes and isinstance(changes["price"], int):
        data["pricing_type"] = "FIXED_PRICING"
        data["price_money"] = {"amount": int(changes["price"]), "currency": currency}


# -- stock --------------------------------------------------------------------------------

_MOVES = {
    "sale": ("IN_STOCK", "SOLD", -1),
    "waste": ("IN_STOCK", "WASTE", -1),
    "restock": ("UNLINKED_RETURN", "IN_STOCK", 1),
    "receive": ("NONE", "IN_STOCK", 1),
}


def change_faults(change: SquareStockChange) -> str:
    """Why a change must not be sent; "" when it may."""
    if not change.variation_id or not change.store_id:
        return "the variation or the store is missing"
    if not change.quantity.is_finite():
        return "the quantity is not a number"
    if len(change.reference) > 255:
        return "the reference is too long"
    if change.kind == "count":
        return "a count is never below zero" if change.quantity < 0 else ""
    if change.kind != "adjust" or change.cause not in _MOVES:
        return f"nothing is known of a change “{change.kind} {change.cause}”"
    if change.quantity * _MOVES[change.cause][2] <= 0:
        return f"a {change.cause} of {change.quantity} goes the wrong way"
    return ""


def inventory_change(change: SquareStockChange, version: str) -> JSON:
    """One entry of a change call in the shape of ``version``."""
    common: JSON = {
        "reference_id": change.reference,
        "catalog_object_id": change.variation_id,
        "quantity": quantity_text(abs(change.quantity)),
        "occurred_at": change.occurred_at,
    }
    if change.kind == "count":
        count = {**common, "state": "IN_STOCK", "location_id": change.store_id}
        return {"type": "PHYSICAL_COUNT", "physical_count": count}
    leaving, entering, _ = _MOVES[change.cause]
    where: Mapping[str, Any] = {"location_id": change.store_id}
    if version >= SPLIT_VERSION:
        where = {"from_location_id": change.store_id, "to_location_id": change.store_id}
    return {
        "type": "ADJUSTMENT",
        "adjustment": {**common, "from_state": leaving, "to_state": entering, **where},
    }


def quantity_text(quantity: Decimal) -> str:
    """A quantity as Square writes it: plain digits, no trailing zeros, at most five decimals."""
    text = format(quantity.quantize(Decimal("0.00001")).normalize(), "f")
    return "0" if text in ("-0", "0") else text
