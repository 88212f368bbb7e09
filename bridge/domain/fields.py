"""What is compared between the two sides, field by field, as plain JSON values.

Each side keeps its own words (its markup, its image ids); ``same`` says when two such values mean one thing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import cast

from bridge.domain.product import ShownProduct, ShownVariation

Value = str | int | bool | None | list[str]

PRODUCT_FIELDS = ("name", "description", "categories", "images", "visible")
VARIATION_FIELDS = ("sku", "gtin", "title", "price", "image")
PICTURES = frozenset({"images", "image"})
"""Fields whose values are ids of one side and cannot be compared with the other side's."""

PATH_MARK = " > "
MAX_NAME = 512
"""Square's limit for an item name; what lies beyond cannot be compared."""

_UNSEEN = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.I | re.S)
_BREAKS = "address article blockquote br dd div dl dt figure h[1-6] hr li ol p pre section table tbody td th tr ul"
_BREAK = re.compile(rf"</?(?:{_BREAKS.replace(' ', '|')})\b[^>]*>", re.I)
_TAG = re.compile(r"</?[a-z][^>]*>", re.I)


def product_values(product: ShownProduct) -> dict[str, Value]:
    """The product-level fields of ``PRODUCT_FIELDS``: categories as sorted "A > B" texts, images as remote ids."""
    return {
        "name": product.name,
        "description": product.description,
        "categories": sorted(PATH_MARK.join(path) for path in product.categories),
        "images": [image.remote_id for image in product.images],
        "visible": product.visible,
    }


def variation_values(v: ShownVariation) -> dict[str, Value]:
    """The fields of ``VARIATION_FIELDS``: price in minor units or ``None``, image as remote id ("" for none)."""
    return {
        "sku": v.sku,
        "gtin": v.gtin,
        "title": v.title,
        "price": v.price,
        "image": v.image.remote_id if v.image else "",
    }


def is_empty(value: Value) -> bool:
    """Whether nothing is said: ``None``, blank text, an empty list. 0 and ``False`` say something."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def plain_name(value: Value) -> str:
    """A name as a shopper reads it: entities resolved, one blank between words, at most 512 characters."""
    return " ".join(html.unescape(_text(value)).split())[:MAX_NAME].rstrip()


def visible_text(value: Value) -> str:
    """What a shopper reads of a description: no tags, no scripts, entities resolved, whitespace collapsed.

    Tags that break the line part words, others do not: Square drops markup it does not know, and ``<span>`` inside
    a word must not make two words of it.
    """
    text = _text(value)
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub(" ", _UNSEEN.sub(" ", text)))
    return " ".join(html.unescape(text).split())


def plain_sku(value: Value) -> str:
    """A SKU for comparing: trimmed, case folded (WooCommerce and Square both find SKUs without regard to case)."""
    return _text(value).strip().casefold()


def plain_gtin(value: Value) -> str:
    """A GTIN for comparing: digits only, without the leading zeros that pad GTIN-8/12/13 to 14 digits."""
    return "".join(sign for sign in _text(value) if "0" <= sign <= "9").lstrip("0")


def plain_path(path: str) -> str:
    """A category path for comparing: each name as read, case folded."""
    return PATH_MARK.join(plain_name(name).casefold() for name in path.split(PATH_MARK.strip()))


def same(field: str, woo: Value, square: Value) -> bool:
    """Whether two values of one field mean the same, whichever side each comes from (symmetric).

    Pictures cannot be compared across sides: they are the same when both sides have some or both have none.
    """
    canonical = _CANONICAL.get(field)
    return woo == square or (canonical is not None and canonical(woo) == canonical(square))


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _category_set(value: Value) -> object:
    return frozenset(plain_path(path) for path in cast("list[str]", value or []))


_CANONICAL: dict[str, Callable[[Value], object]] = {
    "name": plain_name,
    "description": visible_text,
    "categories": _category_set,
    "images": is_empty,
    "image": is_empty,
    "sku": plain_sku,
    "gtin": plain_gtin,
}
