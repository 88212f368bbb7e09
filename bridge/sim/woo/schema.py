"""The fields and list arguments of products and variations: types, values allowed, defaults, what is read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.params import Param
from bridge.sim.woo.routes import Call, Router

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

Field = dict[str, Any]
STOCK = ["instock", "outofstock", "onbackorder"]
ANY_STATUS = ["any", "future", "trash", "draft", "pending", "private", "publish"]
TYPES = ["simple", "grouped", "external", "variable"]


def _field(kind: str | list[str], **more: Any) -> Field:
    return {"type": kind, **more}


def _shown(kind: str) -> Field:
    return {"type": kind, "readonly": True}


def _choice(*values: str, default: str) -> Field:
    return {"type": "string", "default": default, "enum": list(values)}


def _flag(default: bool = False) -> Field:
    return {"type": "boolean", "default": default}


_SHARED: dict[str, Field] = {
    "id": _shown("integer"),
    "date_modified": _shown("date-time"),
    "description": _field("string"),
    "sku": _field("string"),
    "global_unique_id": _field("string"),
    "price": _shown("string"),
    "regular_price": _field("string"),
    "sale_price": _field("string"),
    "date_on_sale_from": _field("date-time"),
    "date_on_sale_from_gmt": _field("date-time"),
    "date_on_sale_to": _field("date-time"),
    "date_on_sale_to_gmt": _field("date-time"),
    "on_sale": _shown("boolean"),
    "purchasable": _shown("boolean"),
    "virtual": _flag(),
    "downloadable": _flag(),
    "downloads": _field("array"),
    "download_limit": _field("integer", default=-1),
    "download_expiry": _field("integer", default=-1),
    "tax_status": _choice("taxable", "shipping", "none", default="taxable"),
    "tax_class": _field("string"),
    "manage_stock": _flag(),
    "stock_quantity": _field("integer"),
    "stock_status": _choice(*STOCK, default="instock"),
    "backorders": _choice("no", "notify", "yes", default="no"),
    "backorders_allowed": _shown("boolean"),
    "backordered": _shown("boolean"),
    "low_stock_amount": _field(["integer", "null"]),
    "weight": _field("string"),
    "dimensions": _field("object"),
    "shipping_class": _field("string"),
    "shipping_class_id": _shown("string"),
    "attributes": _field("array"),
    "menu_order": _field("integer"),
    "meta_data": _field("array"),
}
_STATUSES = ("draft", "pending", "private", "publish")
PRODUCT: dict[str, Field] = {
    **_SHARED,
    "name": _field("string"),
    "slug": _field("string"),
    "permalink": {"type": "string", "format": "uri", "readonly": True},
    "date_created": _field("date-time"),
    "date_created_gmt": _field("date-time"),
    "date_modified_gmt": _shown("date-time"),
    "type": _choice(*TYPES, default="simple"),
    "status": _choice("draft", "pending", "private", "publish", "future", "auto-draft", "trash", default="publish"),
    "featured": _flag(),
    "catalog_visibility": _choice("visible", "catalog", "search", "hidden", default="visible"),
    "short_description": _field("string"),
    "price_html": _shown("string"),
    "total_sales": _shown("integer"),
    "external_url": {"type": "string", "format": "uri"},
    "button_text": _field("string"),
    "sold_individually": _flag(),
    "shipping_required": _shown("boolean"),
    "shipping_taxable": _shown("boolean"),
    "reviews_allowed": _flag(True),
    "post_password": _field("string"),
    "average_rating": _shown("string"),
    "rating_count": _shown("integer"),
    "related_ids": _shown("array"),
    "upsell_ids": _field("array"),
    "cross_sell_ids": _field("array"),
    "parent_id": _field("integer"),
    "purchase_note": _field("string"),
    "categories": _field("array"),
    "brands": _field("array"),
    "tags": _field("array"),
    "images": _field("array"),
    "has_options": _shown("boolean"),
    "default_attributes": _field("array"),
    "variations": _shown("array"),
    "grouped_products": _shown("array"),
    "permalink_template": _shown("string"),
    "generated_slug": _shown("string"),
}
VARIATION: dict[str, Field] = {
    **_SHARED,
    "type": _shown("string"),
    "date_created": _shown("date-time"),
    "permalink": {"type": "string", "format": "uri", "readonly": True},
    "status": _choice(*_STATUSES, default="publish"),
    "image": _field("object"),
}
_LIST: dict[str, Field] = {
    "context": {"type": "string", "enum": ["view", "edit"], "default": "view"},
    "page": _field("integer", default=1, minimum=1),
    "per_page": _field("integer", default=10, minimum=1, maximum=100),
    "search": _field("string"),
    "after": _field("string"),
    "before": _field("string"),
    "modified_after": _field("string"),
    "modified_before": _field("string"),
    "dates_are_gmt": _flag(),
    "exclude": _field("array", default=[]),
    "include": _field("array", default=[]),
    "offset": _field("integer"),
    "order": _choice("asc", "desc", default="desc"),
    "parent": _field("array", default=[]),
    "parent_exclude": _field("array", default=[]),
    "slug": _field("string"),
    "status": {"default": "any", "type": "string", "enum": ANY_STATUS},
    "sku": _field("string"),
    "on_sale": _field("boolean"),
    "min_price": _field("string"),
    "max_price": _field("string"),
    "include_meta": {"default": [], "type": "array"},
    "exclude_meta": {"default": [], "type": "array"},
    "stock_status": {"type": "string", "enum": STOCK},
    "include_status": _field("array"),
    "exclude_status": _field("array"),
    "downloadable": _field("boolean"),
    "virtual": _field("boolean"),
}
_ORDER = ["date", "id", "include", "title", "slug", "modified"]
_BY_SALES = ["popularity", "rating"]
PRODUCT_LIST: dict[str, Field] = {
    **_LIST,
    "orderby": {
        "type": "string",
        "default": "date",
        "enum": [
            *[*_ORDER, *_BY_SALES, "post__in", "price", "sales", "menu_order", "random"],
            *[*_BY_SALES, "menu_order", "price", *_BY_SALES],
        ],
    },
    "brand": _field("string"),
    "type": {"type": "string", "enum": TYPES},
    "featured": _field("boolean"),
    "category": _field("string"),
    "tag": _field("string"),
    "shipping_class": _field("string"),
    "attribute": _field("string"),
    "attribute_term": _field("string"),
    "search_sku": _field("string"),
    "search_name_or_sku": _field("string"),
    "include_types": _field("array"),
    "exclude_types": _field("array"),
}
VARIATION_LIST: dict[str, Field] = {
    **_LIST,
    "product_id": _field("integer"),
    "orderby": {"type": "string", "default": "date", "enum": [*_ORDER, "menu_order"]},
    "has_price": _field("boolean"),
    "attributes": _field("array"),
}
_ID = {"id": Param("integer")}
_ROWS: dict[str, dict[str, Param]] = {
    "categories": _ID,
    "tags": _ID,
    "brands": _ID,
    "images": {**_ID, "src": Param(), "name": Param(), "alt": Param()},
    "attributes": {
        **_ID,
        "name": Param(),
        "position": Param("integer"),
        "visible": Param("boolean"),
        "variation": Param("boolean"),
        "options": Param("array", items="mixed"),
        "option": Param(),
    },
    "default_attributes": {**_ID, "name": Param(), "option": Param()},
    "meta_data": {**_ID, "key": Param()},
    "downloads": {"id": Param(), "name": Param(), "file": Param()},
}
_PARTS = {
    "dimensions": {name: Param() for name in ("length", "width", "height")},
    "image": {**_ID, "src": Param(), "name": Param(), "alt": Param()},
}
_INTEGERS = ("include", "exclude", "parent", "parent_exclude", "upsell_ids", "cross_sell_ids")
_DATES = ("after", "before", "modified_after", "modified_before")


def _rule(name: str, field: Field) -> Param:
    kind = field["type"]
    if isinstance(kind, list):
        return Param("integer", nullable=True)
    if name in _DATES:
        return Param("date-time")
    if kind == "date-time":
        # written dates are not checked; a null one is ignored
        return Param("mixed", nullable=True)
    if name in _ROWS and kind == "array":
        return Param("array", items="object", fields=_ROWS[name])
    if name in _PARTS:
        return Param("object", fields=_PARTS[name])
    return Param(
        kind,
        enum=tuple(field.get("enum", ())),
        minimum=field.get("minimum"),
        maximum=field.get("maximum"),
        items="integer" if name in _INTEGERS else "string",
        item_enum=tuple(TYPES) if name.endswith("_types") else (),
        default=field.get("default"),
    )


def rules_of(fields: dict[str, Field]) -> dict[str, Param]:
    """The checks of single calls for every field that may be written."""
    return {name: _rule(name, field) for name, field in fields.items() if not field.get("readonly")}


PRODUCT_RULES = {**rules_of(PRODUCT), "inventory_delta": Param("mixed")}
VARIATION_RULES = {**rules_of(VARIATION), "inventory_delta": Param("mixed")}
PRODUCT_LIST_RULES = rules_of(PRODUCT_LIST)
VARIATION_LIST_RULES = {k: v for k, v in rules_of(VARIATION_LIST).items() if k != "attributes"}


def _options(fields: dict[str, Field], arguments: dict[str, Field], title: str) -> Any:
    writable = {name: field for name, field in fields.items() if not field.get("readonly")}

    def answer(shop: FakeWoo, call: Call) -> SimResponse:
        return call.reply(
            {
                "namespace": "wc/v3",
                "methods": ["GET", "POST"],
                "endpoints": [
                    {"methods": ["GET"], "allow_batch": {"v1": True}, "args": arguments},
                    {"methods": ["POST"], "allow_batch": {"v1": True}, "args": writable},
                ],
                "schema": {
                    "$schema": "http://json-schema.org/draft-04/schema#",
                    "title": title,
                    "type": "object",
                    "properties": fields,
                },
            }
        )

    return answer


def register(router: Router) -> None:
    """Answer ``OPTIONS`` of products and variations."""
    router.add_options("/wc/v3/products", _options(PRODUCT, PRODUCT_LIST, "product"))
    router.add_options(
        "/wc/v3/products/<product_id>/variations", _options(VARIATION, VARIATION_LIST, "product_variation")
    )
