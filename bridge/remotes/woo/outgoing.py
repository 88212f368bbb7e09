"""What the bridge decided, in WooCommerce's words: bodies of creates and updates, checked before they are sent.

WooCommerce does not check items of a batch ("abc" as a price empties it, as a quantity means 0), so everything
goes through ``faults_of`` first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.domain.fields import Value
from bridge.domain.money import format_amount
from bridge.domain.product import ShownImage, ShownProduct, ShownVariation
from bridge.remotes.port import JSON

SINGLE_ATTRIBUTE = "Variation"
"""Name of the one attribute made of Square's variation names when they have no options behind them."""

_PRICE = re.compile(r"\d{1,12}(\.\d{1,6})?")
_GTIN = re.compile(r"[\d-]*")
_PRICES = ("regular_price", "sale_price")
_STATUSES = ("publish", "draft", "private", "pending", "trash")


# -- checking -------------------------------------------------------------------------


def faults_of(fields: Mapping[str, Any]) -> list[str]:
    """What is wrong with a body, in words; empty when the shop will read it as it is meant."""
    found = []
    for name in _PRICES:
        value = fields.get(name, "")
        if not isinstance(value, str) or (value and not _PRICE.fullmatch(value)):
            found.append(f"{name} is not a price")
    for name in ("stock_quantity", "inventory_delta"):
        value = fields.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool):
            found.append(f"{name} is not a whole number")
    if not isinstance(fields.get("manage_stock", True), bool):
        found.append("manage_stock is not yes or no")
    gtin = fields.get("global_unique_id", "")
    if not isinstance(gtin, str) or not _GTIN.fullmatch(gtin):
        found.append("a GTIN holds digits and hyphens only")
    if fields.get("status", "publish") not in _STATUSES:
        found.append("the status is not one of WooCommerce's")
    if "name" in fields and not str(fields["name"] or "").strip():
        found.append("the name is empty")
    return found


# -- new products ---------------------------------------------------------------------


def new_product(
    product: ShownProduct, *, status: str, category_ids: Sequence[int], decimals: int, images: bool
) -> JSON:
    """The body that creates a Square item in the shop: simple, or variable with its attributes.

    A counted product begins at 0, sold out: its number arrives afterwards as a keyed delta like any other.
    """
    fields: JSON = {"name": product.name, "description": product.description, "status": status}
    if category_ids:
        fields["categories"] = [{"id": number} for number in category_ids]
    if images and product.images:
        fields["images"] = image_rows(product.images)
    if is_simple(product):
        return {**fields, "type": "simple", **_sold_fields(product.variations[0], decimals)}
    return {**fields, "type": "variable", "attributes": _attributes(product)}


def is_simple(product: ShownProduct) -> bool:
    """True when a Square item becomes a simple product: one variation without options."""
    return len(product.variations) == 1 and not product.variations[0].options


def new_variations(product: ShownProduct, ids: Sequence[str], *, decimals: int = 2) -> list[JSON]:
    """One body per variation id of the Square item, in the order of ``ids``."""
    by_id = {variation.remote_id: variation for variation in product.variations}
    return [
        {
            **_sold_fields(by_id[variation_id], decimals),
            "attributes": [{"name": name, "option": value} for name, value in _choices(by_id[variation_id])],
        }
        for variation_id in ids
    ]


def parent_attributes(raw: Mapping[str, Any], product: ShownProduct, ids: Sequence[str]) -> JSON:
    """Fields for the parent so that it offers the options of the new variations ``ids``; {} when it does.

    The shop's own attributes are kept as they are, only missing values and names are added.
    """
    attributes: list[JSON] = [dict(row) for row in raw.get("attributes") or ()]
    by_name = {str(row.get("name", "")).casefold(): row for row in attributes}
    changed = False
    for variation in (row for row in product.variations if row.remote_id in set(ids)):
        for name, value in _choices(variation):
            row = by_name.get(name.casefold())
            if row is None:
                row = {"name": name, "visible": True, "variation": True, "options": []}
                by_name[name.casefold()] = row
                attributes.append(row)
            offered = [str(option) for option in row.get("options") or ()]
            if value.casefold() not in (option.casefold() for option in offered) or not row.get("variation"):
                row["options"] = offered if value in offered else [*offered, value]
                row["variation"] = True
                changed = True
    return {"attributes": attributes} if changed else {}


def _choices(variation: ShownVariation) -> tuple[tuple[str, str], ...]:
    return variation.options or ((SINGLE_ATTRIBUTE, variation.title or "Regular"),)


def _attributes(product: ShownProduct) -> list[JSON]:
    offered: dict[str, list[str]] = {}
    for variation in product.variations:
        for name, value in _choices(variation):
            values = offered.setdefault(name, [])
            if value not in values:
                values.append(value)
    return [
        {"name": name, "position": position, "visible": True, "variation": True, "options": values}
        for position, (name, values) in enumerate(offered.items())
    ]


def _sold_fields(variation: ShownVariation, decimals: int) -> JSON:
    fields: JSON = {"regular_price": format_amount(variation.price, decimals)}
    if variation.sku:
        fields["sku"] = variation.sku
    gtin = gtin_for_woo(variation.gtin)
    if gtin:
        fields["global_unique_id"] = gtin
    if variation.tracking == "tracked":
        fields["manage_stock"] = True
        fields["stock_quantity"] = 0
    return fields


def gtin_for_woo(gtin: str) -> str:
    """A GTIN as the shop can hold it; "" when it is something else (letters would be dropped silently)."""
    bare = gtin.replace(" ", "")
    return bare if _GTIN.fullmatch(bare) else ""


def image_rows(images: Sequence[ShownImage]) -> list[JSON]:
    """Images to download, by address: each sending makes a new copy in the shop, so send them once."""
    return [{"src": image.url, "alt": image.alt} if image.alt else {"src": image.url} for image in images if image.url]


# -- updates --------------------------------------------------------------------------


def product_fields(
    changes: Mapping[str, Value],
    *,
    category_ids: Sequence[int] | None = None,
    images: Sequence[ShownImage] = (),
) -> JSON:
    """Product-level changes (``PRODUCT_FIELDS`` names) as a body.

    ``categories`` and ``images`` are taken from the arguments, for their values are words and ids of the other
    side. Hidden means draft, shown means published; the visibility in the shop's catalog pages is not touched.
    """
    fields: JSON = {}
    if "name" in changes:
        fields["name"] = str(changes["name"] or "")
    if "description" in changes:
        fields["description"] = str(changes["description"] or "")
    if "visible" in changes:
        fields["status"] = "publish" if changes["visible"] else "draft"
    if "categories" in changes and category_ids is not None:
        fields["categories"] = [{"id": number} for number in category_ids]
    if "images" in changes:
        fields["images"] = image_rows(images)
    return fields


def variation_fields(
    changes: Mapping[str, Value],
    current: ShownVariation,
    *,
    decimals: int = 2,
    image: ShownImage | None = None,
) -> JSON:
    """Variation-level changes (``VARIATION_FIELDS`` names) as a body for a variation or a simple product.

    Price: Square knows one price, the shop two. While on sale, a new price below the regular one is the new sale
    price; at or above it the sale is over and it becomes the regular price. Not on sale, it is the regular price.
    ``title`` has no field of its own in the shop (it is made of the options) and is left out.
    """
    fields: JSON = {}
    if "sku" in changes:
        fields["sku"] = str(changes["sku"] or "")
    if "gtin" in changes:
        fields["global_unique_id"] = gtin_for_woo(str(changes["gtin"] or ""))
    if "price" in changes and isinstance(changes["price"], int):
        fields.update(_price_fields(int(changes["price"]), current, decimals))
    if "visible" in changes:
        fields["status"] = "publish" if changes["visible"] else "private"
    if "image" in changes and image is not None:
        fields["image"] = image_rows([image])[0] if image.url else {"id": int(image.remote_id)}
    return fields


def _price_fields(price: int, current: ShownVariation, decimals: int) -> JSON:
    regular, sale = current.regular_price, current.sale_price
    on_sale = regular is not None and sale is not None and current.price == sale and sale < regular
    if on_sale and regular is not None and price < regular:
        return {"sale_price": format_amount(price, decimals)}
    fields = {"regular_price": format_amount(price, decimals)}
    if on_sale or (sale is not None and sale >= price):
        fields["sale_price"] = ""
    return fields
