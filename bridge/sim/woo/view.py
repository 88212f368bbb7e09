"""Products and variations as the REST API shows them (full field sets, view and edit shapes)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.woo.state import Item
from bridge.sim.woo.texts import paragraphs, slug_of
from bridge.sim.woo.times import gmt_text, local_text
from bridge.sim.woo.view_parts import (
    child_prices,
    children_of,
    image_json,
    is_on_sale,
    is_purchasable,
    lowest,
    permalink,
    printed_price,
    product_attributes,
    shipping_class_of,
    shown_stock,
    tax_class_of,
    terms_of,
    variation_attributes,
    variation_name,
)

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

ITEM_HINTS = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
EMPTY_EXTRA: dict[str, Any] = {
    "external_url": "",
    "button_text": "",
    "sold_individually": False,
    "reviews_allowed": True,
    "upsell_ids": [],
    "cross_sell_ids": [],
    "purchase_note": "",
    "default_attributes": [],
    "grouped_products": [],
    "post_password": "",
}


def product_json(shop: FakeWoo, item: Item, base: str, *, edit: bool = False) -> dict[str, Any]:
    """A product (or a variation asked for by the products route) with every field.

    ``edit`` is the shape of answers to writes: raw descriptions, ``generated_slug`` and its template.
    """
    now = shop.now()
    parent = shop.state.items.get(item.parent_id) if item.is_variation else None
    if item.type == "variable":
        prices = child_prices(shop, item, now)
        price, on_sale = lowest(prices), any(s for _, s in prices)
    else:
        on_sale = is_on_sale(item, now)
        price = item.sale_price if on_sale else item.regular_price
    made = _shared(shop, item, parent, base, edit, price, on_sale)
    if parent is not None:
        name = variation_name(shop, item)
        made["name"], made["slug"] = f"{parent.name} - {name}", slug_of(f"{parent.name} {name}")
        made["total_sales"], made["attributes"] = str(item.total_sales), variation_attributes(shop, item)
    else:
        made["name"], made["slug"], made["total_sales"] = item.name, item.slug, item.total_sales
        made["attributes"] = product_attributes(shop, item)
    _add_product_fields(shop, made, item, base, edit)
    made["price_html"] = printed_price(shop, item, price, on_sale, now)
    if edit:
        made["permalink_template"] = f"{base}/product/%pagename%/"
        made["generated_slug"] = item.slug.removesuffix("__trashed") or slug_of(item.name)
    products = f"{base}/wp-json/wc/v3/products"
    made["_links"] = {
        "self": [{"href": f"{products}/{item.id}", "targetHints": ITEM_HINTS}],
        "collection": [{"href": products}],
    }
    if item.parent_id:
        made["_links"]["up"] = [{"href": f"{products}/{item.parent_id}"}]
    return made


def variation_json(shop: FakeWoo, item: Item, base: str, *, edit: bool = False, links: str = "own") -> dict[str, Any]:
    """A variation as its own routes show it.

    ``links``: ``own``, ``bare`` (after a removal: no hints), ``analytics`` (addresses without the parent's
    id, its name before the variation's own).
    """
    parent = shop.state.items.get(item.parent_id)
    on_sale = is_on_sale(item, shop.now())
    made = _shared(shop, item, parent, base, edit, item.sale_price if on_sale else item.regular_price, on_sale)
    name = variation_name(shop, item)
    made["name"] = f"{parent.name} - {name}" if parent and links == "analytics" else name
    made["image"] = image_json(shop, item.images[0], base) if item.images else None
    made["attributes"] = variation_attributes(shop, item)
    made["_links"] = _variation_links(item, base, links)
    return made


def _shared(
    shop: FakeWoo, item: Item, parent: Item | None, base: str, edit: bool, price: str, on_sale: bool
) -> dict[str, Any]:
    tz = shop.state.timezone
    extra = item.extra
    managed, quantity = shown_stock(item, parent)
    backorders = parent.backorders if parent and managed == "parent" else item.backorders
    return {
        "id": item.id,
        "type": item.type,
        "parent_id": item.parent_id,
        "status": item.status,
        "permalink": permalink(shop, item, base),
        "date_created": local_text(item.created, tz),
        "date_created_gmt": gmt_text(item.created),
        "date_modified": local_text(item.modified, tz),
        "date_modified_gmt": gmt_text(item.modified),
        "description": item.description if edit else paragraphs(item.description),
        "sku": item.sku,
        "global_unique_id": item.gtin,
        "price": price,
        "regular_price": item.regular_price,
        "sale_price": item.sale_price,
        **_sale_dates(item, tz),
        "on_sale": on_sale,
        "purchasable": is_purchasable(item, parent, price),
        "virtual": item.virtual,
        "downloadable": item.downloadable,
        "downloads": extra.get("downloads", []),
        "download_limit": extra.get("download_limit", -1),
        "download_expiry": extra.get("download_expiry", -1),
        "tax_status": item.tax_status,
        "tax_class": tax_class_of(item, parent, edit),
        "manage_stock": managed,
        "stock_quantity": quantity,
        "stock_status": item.stock_status,
        "backorders": backorders,
        "backorders_allowed": backorders != "no",
        "backordered": bool(managed and backorders == "notify" and (quantity or 0) < 0),
        "low_stock_amount": item.low_stock,
        "weight": item.weight or (parent.weight if parent and not edit else ""),
        "dimensions": {"length": item.length, "width": item.width, "height": item.height},
        "shipping_class": shipping_class_of(shop, item, parent),
        "shipping_class_id": item.shipping_class_id or (parent.shipping_class_id if parent else 0),
        "menu_order": item.menu_order,
        "meta_data": item.meta,
    }


_NO_SALE = dict.fromkeys(("date_on_sale_from", "date_on_sale_from_gmt", "date_on_sale_to", "date_on_sale_to_gmt"))


def _sale_dates(item: Item, tz: str) -> dict[str, str | None]:
    start, end = item.sale_from, item.sale_to
    if start is None and end is None:
        return _NO_SALE
    return {
        "date_on_sale_from": local_text(start, tz) if start is not None else None,
        "date_on_sale_from_gmt": gmt_text(start) if start is not None else None,
        "date_on_sale_to": local_text(end, tz) if end is not None else None,
        "date_on_sale_to_gmt": gmt_text(end) if end is not None else None,
    }


def _add_product_fields(shop: FakeWoo, made: dict[str, Any], item: Item, base: str, edit: bool) -> None:
    state = shop.state
    made["featured"] = item.featured
    made["catalog_visibility"] = item.visibility
    made["short_description"] = item.short_description if edit else paragraphs(item.short_description)
    made["shipping_required"] = not item.virtual and item.type not in ("external", "grouped")
    made["shipping_taxable"] = not item.virtual and item.tax_status in ("taxable", "shipping")
    made["average_rating"] = "0" if edit else "0.00"
    made["rating_count"] = 0
    made["categories"] = terms_of(state.categories, item.categories)
    made["brands"] = terms_of(state.brands, item.brands)
    made["tags"] = terms_of(state.tags, item.tags)
    made["images"] = [image_json(shop, media_id, base) for media_id in item.images]
    made["variations"] = children_of(shop, item) if item.type == "variable" else []
    made["related_ids"] = []
    made["has_options"] = item.type == "variable"
    made.update(EMPTY_EXTRA)
    for name in EMPTY_EXTRA.keys() & item.extra.keys():
        made[name] = item.extra[name]
    if item.is_variation:
        made["reviews_allowed"] = False


def _variation_links(item: Item, base: str, links: str) -> dict[str, Any]:
    space = "wc-analytics" if links == "analytics" else "wc/v3"
    parent = 0 if links == "analytics" else item.parent_id
    products = f"{base}/wp-json/{space}/products"
    mine: dict[str, Any] = {"href": f"{products}/{parent}/variations/{item.id}"}
    if links == "own":
        mine["targetHints"] = ITEM_HINTS
    return {
        "self": [mine],
        "collection": [{"href": f"{products}/{parent}/variations"}],
        "up": [{"href": f"{products}/{parent}"}],
    }
