"""How the shop treats text: escaping, paragraphs, slugs, loose numbers and prices (PHP's habits)."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

_LONE_AMPERSAND = re.compile(r"&(?!#\d+;|#[xX][0-9a-fA-F]+;|[a-zA-Z][a-zA-Z0-9]*;)")
_BAD_TAG = re.compile(r"</?(?:script|style|iframe|object|form|input)\b[^>]*>", re.IGNORECASE)
_LONE_LESS = re.compile(r"<(?![a-zA-Z/!])")
_NOT_PRICE = re.compile(r"\.(?![^.]+$)|[^0-9.\-]")
_NUMBER_HEAD = re.compile(r"\s*([+-]?\d+)")
_BLOCK = re.compile(r"^\s*<(p|div|ul|ol|h[1-6]|table|blockquote|pre|hr)\b", re.IGNORECASE)
_NOT_SLUG = re.compile(r"[^a-z0-9_\-]+")


def escaped(text: str) -> str:
    """Text as it is kept: lone ampersands and brackets become entities, dangerous tags go."""
    if "&" not in text and "<" not in text:
        return text
    text = _BAD_TAG.sub("", text)
    return _LONE_LESS.sub("&lt;", _LONE_AMPERSAND.sub("&amp;", text))


@lru_cache(maxsize=4096)
def paragraphs(text: str) -> str:
    """A description as shown: paragraphs in ``<p>``, line breaks as ``<br />``, a newline at the end."""
    if not text.strip():
        return ""
    made = []
    for block in re.split(r"\n\s*\n", text.strip().replace("\r\n", "\n")):
        inner = block.strip()
        made.append(inner if _BLOCK.match(inner) else "<p>" + inner.replace("\n", "<br />\n") + "</p>")
    return "\n".join(made) + "\n"


def slug_of(text: str) -> str:
    """A title's slug: lower case, accents off, everything else a hyphen."""
    plain = unicodedata.normalize("NFKD", re.sub(r"&[a-z]+;|<[^>]*>", "", text, flags=re.IGNORECASE))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    return re.sub(r"-+", "-", _NOT_SLUG.sub("-", plain)).strip("-")


def loose_int(value: Any) -> int:
    """PHP's ``intval``: the leading digits, 0 when there are none."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return int(value)
    if isinstance(value, str):
        found = _NUMBER_HEAD.match(value)
        return int(found[1]) if found else 0
    return 1 if value else 0


def price_text(value: Any) -> str:
    """A price as it is kept: digits, one dot, a minus; anything else falls away ("abc" is no price)."""
    if value is None or isinstance(value, bool | list | dict):
        return ""
    text = _NOT_PRICE.sub("", str(value))
    return text if number_or_none(text) is not None else ""


def number_or_none(text: str) -> Decimal | None:
    """The number in a stored price, ``None`` when empty."""
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


@lru_cache(maxsize=8192)
def price_html(amount: str, decimals: int, symbol: str) -> str:
    """An amount as the shop's pages print it."""
    shown = f"{Decimal(amount).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):,}"
    inner = f'<span class="woocommerce-Price-currencySymbol">{symbol}</span>{shown}'
    return f'<span class="woocommerce-Price-amount amount"><bdi>{inner}</bdi></span>'


def text_of(value: Any) -> str:
    """PHP's string of a scalar; "" for null and for anything that has no parts to print."""
    if value is None or value is False or isinstance(value, list | dict):
        return ""
    return "1" if value is True else str(value)
