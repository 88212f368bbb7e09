"""WooCommerce's objects in the bridge's words, and fingerprints of what the bridge syncs of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from html import unescape
from operator import itemgetter
from typing import Any

import orjson

from bridge.domain.money import parse_amount
from bridge.domain.product import ShownImage, ShownProduct, ShownVariation, Tracking
from bridge.remotes.port import JSON, RawProduct, RawVariation, WooOrder, WooOrderLine, WooStock

KEY = "_bridge_key"
"""Meta key under which every write of ours leaves its own key, in the same request."""

CategoryPath = Callable[[int, str], tuple[str, ...]]

_WHY_NOT = {
    "grouped": "A grouped product only shows other products together; it has no stock of its own.",
    "external": "An external product is sold on another site.",
}

_PRODUCT_NAMES = (
    "type", "name", "status", "catalog_visibility", "description", "sku", "global_unique_id",
    "price", "regular_price", "sale_price", "date_on_sale_from_gmt", "date_on_sale_to_gmt",
    "manage_stock", "backorders", "categories", "attributes", "variations",
)  # fmt: skip
_VARIATION_NAMES = (
    "status", "sku", "global_unique_id", "price", "regular_price", "sale_price",
    "date_on_sale_from_gmt", "date_on_sale_to_gmt", "manage_stock", "backorders", "attributes",
)  # fmt: skip


_PRODUCT_FIELDS, _VARIATION_FIELDS = itemgetter(*_PRODUCT_NAMES), itemgetter(*_VARIATION_NAMES)


# -- fingerprints ---------------------------------------------------------------------


def product_fingerprint(raw: JSON) -> str:
    """A hash over the synced fields of a raw product: stock and dates of change left out."""
    try:
        fields = _PRODUCT_FIELDS(raw)
    except KeyError:  # an older shop does not know every field
        fields = tuple(map(raw.get, _PRODUCT_NAMES))
    images = [(image.get("id"), image.get("src")) for image in raw.get("images") or ()]
    return blake2b(orjson.dumps((fields, images)), digest_size=8).hexdigest()


def variation_fingerprint(raw: JSON) -> str:
    """Like ``product_fingerprint`` for a variation; its name is left out, for it differs by route."""
    try:
        fields = _VARIATION_FIELDS(raw)
    except KeyError:
        fields = tuple(map(raw.get, _VARIATION_NAMES))
    image = raw.get("image") or {}
    return blake2b(orjson.dumps((fields, image.get("id"), image.get("src"))), digest_size=8).hexdigest()


def raw_product(raw: JSON) -> RawProduct:
    """A listing row around a raw product."""
    return RawProduct(
        str(raw["id"]),
        product_fingerprint(raw),
        raw,
        raw.get("date_modified_gmt") or "",
        raw.get("status") == "trash",
    )


def raw_variation(raw: JSON, parent_id: str = "") -> RawVariation:
    """A listing row around a raw variation."""
    return RawVariation(
        str(raw["id"]),
        parent_id or str(raw.get("parent_id") or ""),
        variation_fingerprint(raw),
        raw,
        raw.get("date_modified_gmt") or "",
    )


# -- products -------------------------------------------------------------------------


def shown_product(raw: JSON, variations: Sequence[JSON], path_of: CategoryPath, decimals: int) -> ShownProduct:
    """A raw product in the bridge's words; ``variations`` are its raw variations when it is variable."""
    kind = str(raw.get("type", "simple"))
    shown = [shown_variation(row, decimals) for row in variations]
    if kind != "variable" and not shown:
        shown = [shown_variation(raw, decimals)]
    return ShownProduct(
        side="woo",
        remote_id=str(raw["id"]),
        name=unescape(raw.get("name") or ""),
        description=raw.get("description") or "",
        kind=kind,
        categories=tuple(
            path_of(int(row["id"]), unescape(row.get("name") or "")) for row in raw.get("categories") or ()
        ),
        images=tuple(_image(row) for row in raw.get("images") or ()),
        visible=raw.get("status") == "publish",
        status=str(raw.get("status", "")),
        sku=raw.get("sku") or "",
        variations=tuple(shown),
        modified=utc_text(raw.get("date_modified_gmt")),
        unrepresentable=_why_not(raw, kind, shown),
        option_names=tuple(
            unescape(row.get("name") or "") for row in raw.get("attributes") or () if row.get("variation")
        ),
    )


def _why_not(raw: JSON, kind: str, variations: Sequence[ShownVariation]) -> str:
    if kind in _WHY_NOT:
        return _WHY_NOT[kind]
    if kind not in ("simple", "variable", "variation"):
        return f"The bridge does not know products of the kind “{kind}”."
    if kind == "variable" and not variations and not raw.get("variations"):
        return "A variable product without variations cannot be sold."
    return ""


def _image(row: JSON) -> ShownImage:
    return ShownImage(str(row.get("id") or ""), row.get("src") or "", row.get("alt") or "")


def shown_variation(raw: JSON, decimals: int) -> ShownVariation:
    """A raw variation, or a raw simple product as its own single variation, in the bridge's words."""
    is_variation = raw.get("type") == "variation"
    options = _options(raw) if is_variation else ()
    image = raw.get("image")
    tracking = tracking_of(raw)
    return ShownVariation(
        remote_id=str(raw["id"]),
        sku=raw.get("sku") or "",
        gtin=raw.get("global_unique_id") or "",
        title=_title(raw, options) if is_variation else "",
        options=options,
        price=parse_amount(raw.get("price"), decimals),
        regular_price=parse_amount(raw.get("regular_price"), decimals),
        sale_price=parse_amount(raw.get("sale_price"), decimals),
        sale_from=utc_text(raw.get("date_on_sale_from_gmt")),
        sale_to=utc_text(raw.get("date_on_sale_to_gmt")),
        visible=raw.get("status") == "publish",
        tracking=tracking,
        stock=_quantity(raw) if tracking == "tracked" else None,
        backorders=raw.get("backorders") in ("yes", "notify"),
        key=key_of(raw) or "",
        image=_image(image) if isinstance(image, dict) and image.get("id") else None,
    )


def _options(raw: JSON) -> tuple[tuple[str, str], ...]:
    return tuple(
        (unescape(row.get("name") or ""), unescape(str(row.get("option") or ""))) for row in raw.get("attributes") or ()
    )


def _title(raw: JSON, options: Sequence[tuple[str, str]]) -> str:
    """The chosen options, "Any" where the shopper chooses; the row's own name differs by route."""
    return ", ".join(value or "Any" for _, value in options) or unescape(raw.get("name") or "")


def utc_text(gmt: Any) -> str:
    """A ``…_gmt`` twin (UTC without a mark) as ISO text ending in ``Z``; "" when there is none."""
    return f"{gmt}Z" if isinstance(gmt, str) and gmt else ""


# -- stock ----------------------------------------------------------------------------


def tracking_of(raw: JSON) -> Tracking:
    """Who counts this stock: ``manage_stock`` reads true, false or "parent"."""
    manages = raw.get("manage_stock")
    if manages is True:
        return "tracked"
    return "parent" if manages == "parent" else "untracked"


def _quantity(raw: JSON) -> Decimal | None:
    quantity = raw.get("stock_quantity")
    if quantity is None:
        return None
    try:
        return Decimal(str(quantity))
    except InvalidOperation:
        return None


def key_of(raw: JSON) -> str | None:
    """The last key of ours in the meta: "" when never written, ``None`` when this reading carries no meta."""
    meta = raw.get("meta_data")
    if meta is None:
        return None
    found = ""
    for row in meta:
        if row.get("key") == KEY:
            found = str(row.get("value") or "")
    return found


def stock_of_raw(raw: JSON) -> WooStock:
    """The stock number of a raw product, variation or row of the stock report.

    A variation whose parent counts shows the parent's number: it is left out, for summing it would count the
    same units once per variation. Rows of the report carry no type: there, a parent makes a variation.
    """
    parent = raw.get("parent_id") or ""
    if parent and raw.get("type", "variation") != "variation":
        parent = ""
    tracking = tracking_of(raw)
    return WooStock(
        variation_id=str(raw["id"]),
        parent_id=str(parent),
        sku=raw.get("sku") or "",
        quantity=_quantity(raw) if tracking == "tracked" else None,
        tracking=tracking,
        backorders=raw.get("backorders") in ("yes", "notify") or raw.get("stock_status") == "onbackorder",
        key=key_of(raw),
    )


# -- orders ---------------------------------------------------------------------------


def shown_order(raw: JSON) -> WooOrder:
    """A raw order as far as stock is concerned."""
    return WooOrder(
        order_id=str(raw["id"]),
        number=str(raw.get("number") or raw["id"]),
        status=str(raw.get("status", "")),
        created=_moment(raw.get("date_created_gmt")),
        modified=_moment(raw.get("date_modified_gmt") or raw.get("date_created_gmt")),
        created_via=str(raw.get("created_via") or ""),
        lines=tuple(_line(row) for row in raw.get("line_items") or ()),
        pickup_place=_pickup_place(raw),
        raw=raw,
    )


def _moment(gmt: Any) -> datetime:
    if not gmt:
        return datetime.fromtimestamp(0, UTC)
    return datetime.fromisoformat(str(gmt)).replace(tzinfo=UTC)


def _line(row: JSON) -> WooOrderLine:
    reduced = Decimal(0)
    for meta in row.get("meta_data") or ():
        if meta.get("key") == "_reduced_stock":
            reduced = Decimal(str(meta.get("value") or 0))
    holder = row.get("variation_id") or row.get("product_id") or ""
    return WooOrderLine(
        line_id=str(row["id"]),
        variation_id=str(holder),
        quantity=Decimal(str(row.get("quantity") or 0)),
        reduced=reduced,
        name=unescape(row.get("name") or ""),
        sku=row.get("sku") or "",
    )


def _pickup_place(raw: JSON) -> str:
    """The display name of the chosen pickup location, all the order knows about it."""
    for shipping in raw.get("shipping_lines") or ():
        if shipping.get("method_id") == "pickup_location":
            for meta in shipping.get("meta_data") or ():
                if meta.get("key") == "pickup_location":
                    return unescape(str(meta.get("value") or ""))
    return ""
