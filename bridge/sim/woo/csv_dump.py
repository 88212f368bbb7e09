"""Writes a shop's products in the layout of WooCommerce's own CSV exporter."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

from bridge.sim.woo.state import Item, Term
from bridge.sim.woo.times import local_text
from bridge.sim.woo.view_parts import product_attributes, variation_attributes, variation_name

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_PUBLISHED = {"publish": "1", "private": "0", "draft": "-1", "pending": "-1"}
_IN_STOCK = {"instock": "1", "outofstock": "0", "onbackorder": "backorder"}
_BACKORDERS = {"no": "0", "yes": "1", "notify": "notify"}


def dump_csv(shop: FakeWoo) -> str:
    """Every product and variation that is not in the trash, one row each; empty columns left out."""
    items = [item for item in shop.state.items.values() if item.status != "trash"]
    rows = [_row(shop, item) for item in sorted(items, key=lambda item: item.id)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _row(shop: FakeWoo, item: Item) -> dict[str, Any]:
    state, tz = shop.state, shop.state.timezone
    parent = state.items.get(item.parent_id) if item.is_variation else None
    extra = item.extra
    kinds = [item.type, *(name for name in ("downloadable", "virtual") if getattr(item, name))]
    stock = "parent" if parent and parent.manage_stock and not item.manage_stock else item.stock
    units = (state.options["woocommerce_weight_unit"], state.options["woocommerce_dimension_unit"])
    row = {
        "ID": item.id,
        "Type": ", ".join(kinds),
        "SKU": item.sku,
        "GTIN, UPC, EAN, or ISBN": item.gtin,
        "Name": f"{parent.name} - {variation_name(shop, item)}" if parent else item.name,
        "Published": _PUBLISHED.get(item.status, "1"),
        "Is featured?": int(item.featured),
        "Visibility in catalog": item.visibility,
        "Short description": item.short_description.replace("\n", "\\n"),
        "Description": item.description.replace("\n", "\\n"),
        "Date sale price starts": local_text(item.sale_from, tz) if item.sale_from is not None else "",
        "Date sale price ends": local_text(item.sale_to, tz) if item.sale_to is not None else "",
        "Tax status": item.tax_status,
        "Tax class": item.tax_class,
        "In stock?": _IN_STOCK[item.stock_status],
        "Stock": "" if stock is None else stock,
        "Low stock amount": "" if item.low_stock is None else item.low_stock,
        "Backorders allowed?": _BACKORDERS[item.backorders],
        "Sold individually?": int(bool(extra.get("sold_individually"))),
        f"Weight ({units[0]})": item.weight,
        f"Length ({units[1]})": item.length,
        f"Width ({units[1]})": item.width,
        f"Height ({units[1]})": item.height,
        "Allow customer reviews?": int(extra.get("reviews_allowed", True) and not parent),
        "Purchase note": extra.get("purchase_note", ""),
        "Sale price": item.sale_price,
        "Regular price": item.regular_price,
    }
    row.update(_links(shop, item, parent))
    row.update(_attribute_columns(shop, item))
    for n, download in enumerate(extra.get("downloads", []), 1):
        row[f"Download {n} name"], row[f"Download {n} URL"] = download["name"], download["file"]
    for meta in item.meta:
        if isinstance(meta["value"], str | int):
            row[f"Meta: {meta['key']}"] = meta["value"]
    return row


def _links(shop: FakeWoo, item: Item, parent: Item | None) -> dict[str, Any]:
    state, extra = shop.state, item.extra
    urls = [f"{state.shop_url}/wp-content/uploads/{state.media[n].path}" for n in item.images]
    names = [_escaped(state.tags[n].name) for n in item.tags if n in state.tags]
    shipping = state.shipping_classes.get(item.shipping_class_id)
    return {
        "Categories": ", ".join(_path(state.categories, n) for n in item.categories),
        "Tags": ", ".join(names),
        "Shipping class": shipping.name if shipping else "",
        "Images": ", ".join(urls),
        "Download limit": extra.get("download_limit", ""),
        "Download expiry days": extra.get("download_expiry", ""),
        "Parent": (parent.sku or f"id:{parent.id}") if parent else "",
        "Grouped products": _names(shop, extra.get("grouped_products", [])),
        "Upsells": _names(shop, extra.get("upsell_ids", [])),
        "Cross-sells": _names(shop, extra.get("cross_sell_ids", [])),
        "External URL": extra.get("external_url", ""),
        "Button text": extra.get("button_text", ""),
        "Position": item.menu_order,
    }


def _names(shop: FakeWoo, ids: list[int]) -> str:
    found = [shop.state.items[n] for n in ids if n in shop.state.items]
    return ", ".join(item.sku or f"id:{item.id}" for item in found)


def _path(categories: dict[int, Term], number: int) -> str:
    names: list[str] = []
    while number in categories:
        names.insert(0, _escaped(categories[number].name))
        number = categories[number].parent
    return " > ".join(names)


def _escaped(name: str) -> str:
    return name.replace(",", "\\,")


def _attribute_columns(shop: FakeWoo, item: Item) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if item.is_variation:
        shown = {a["name"]: a["option"] for a in variation_attributes(shop, item)}
        for n, held in enumerate(item.attributes, 1):
            row[f"Attribute {n} name"] = held["name"]
            row[f"Attribute {n} value(s)"] = _escaped(shown.get(held["name"], ""))
            row[f"Attribute {n} global"] = int(bool(held["id"]))
        return row
    for n, held in enumerate(product_attributes(shop, item), 1):
        row[f"Attribute {n} name"] = held["name"]
        row[f"Attribute {n} value(s)"] = ", ".join(_escaped(option) for option in held["options"])
        row[f"Attribute {n} visible"] = int(held["visible"])
        row[f"Attribute {n} global"] = int(bool(held["id"]))
    return row
