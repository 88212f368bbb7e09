"""Reads the money of a WooCommerce order into exact parts: lines, shipping, fees, discounts and tax rates.

Amounts are whole minor units, net of tax as WooCommerce keeps them on its lines whether prices include tax or not.
Shapes: the recorded orders of WooCommerce 9.9 (``line_items``, ``shipping_lines``, ``fee_lines``, ``tax_lines``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any, Literal

from bridge.domain.money import parse_amount

JSON = dict[str, Any]
Kind = Literal["product", "shipping", "fee"]

ZERO = Decimal(0)
_NO_NAME = {"product": "Product", "shipping": "Shipping", "fee": "Fee"}


class Unreadable(Exception):
    """The order's money cannot be told exactly; the message is for the shopkeeper."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A tax rate of an order: ``percent`` is ``None`` when the shop does not tell it; ``total`` what it came to."""

    rate_id: str
    label: str
    percent: Decimal | None
    compound: bool
    total: int


@dataclass(frozen=True, slots=True)
class Part:
    """One priced thing of an order, net of tax: ``full`` before discounts, ``net`` after them.

    ``rates`` are the ids of the taxes that came to something here; ``woo_id`` is the product or variation ("" for
    shipping, fees and products the shop no longer knows). ``uid`` names the part on the Square order, too.
    """

    uid: str
    kind: Kind
    name: str
    quantity: Decimal
    full: int
    net: int
    full_tax: int
    tax: int
    rates: tuple[str, ...]
    woo_id: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """All parts of an order; ``cuts`` are parts of negative amount (negative fees), ``coupons`` their codes."""

    order_id: str
    number: str
    currency: str
    total: int
    prices_include_tax: bool
    parts: tuple[Part, ...]
    cuts: tuple[Part, ...]
    rates: Mapping[str, Rate]
    coupons: str

    @property
    def tax(self) -> int:
        """All taxes of the order, as the shop adds them up."""
        return sum(rate.total for rate in self.rates.values())


def read_money(raw: JSON, digits: int) -> OrderMoney:
    """The money of a raw order; ``digits`` are the decimals of its currency's minor unit.

    Raises ``Unreadable`` for a total below zero, or one finer than the currency allows.
    """
    rates = {str(row.get("rate_id")): _rate(row, digits) for row in raw.get("tax_lines") or ()}
    parts = [_part(row, "product", digits) for row in raw.get("line_items") or ()]
    parts += [_part(row, "shipping", digits) for row in raw.get("shipping_lines") or ()]
    parts += [_part(row, "fee", digits) for row in raw.get("fee_lines") or ()]
    return OrderMoney(
        order_id=str(raw["id"]),
        number=str(raw.get("number") or raw["id"]),
        currency=str(raw.get("currency") or ""),
        total=_exact_total(raw, digits),
        prices_include_tax=bool(raw.get("prices_include_tax")),
        parts=tuple(part for part in parts if not _is_cut(part)),
        cuts=tuple(part for part in parts if _is_cut(part)),
        rates=rates,
        coupons=", ".join(str(row.get("code") or "") for row in raw.get("coupon_lines") or ()),
    )


def _is_cut(part: Part) -> bool:
    return part.net + part.tax < 0 or part.net < 0


def _exact_total(raw: JSON, digits: int) -> int:
    text = str(raw.get("total") or "0")
    try:
        scaled = Decimal(text).scaleb(digits)
    except InvalidOperation:
        raise Unreadable(f"The order's total “{text}” is not an amount.") from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise Unreadable(f"The order's total {text} is finer than the currency's smallest coin.")
    if scaled < 0:
        raise Unreadable(f"The order's total {text} is below zero.")
    return int(scaled)


def amount(row: Mapping[str, Any], name: str, digits: int) -> int:
    """A decimal text of a raw object in minor units, 0 when it is missing or empty."""
    return parse_amount(str(row.get(name) or "0"), digits) or 0


def _rate(row: JSON, digits: int) -> Rate:
    percent = row.get("rate_percent")
    return Rate(
        rate_id=str(row.get("rate_id")),
        label=unescape(str(row.get("label") or row.get("rate_code") or "Tax")),
        percent=None if percent is None else decimal_of(percent),
        compound=bool(row.get("compound")),
        total=amount(row, "tax_total", digits) + amount(row, "shipping_tax_total", digits),
    )


def decimal_of(value: Any) -> Decimal:
    """A number or decimal text as ``Decimal``; 0 for what is neither."""
    try:
        found = Decimal(str(value).strip() or "0")
    except InvalidOperation:
        return ZERO
    return found if found.is_finite() else ZERO


def _part(row: JSON, kind: Kind, digits: int) -> Part:
    net, tax = amount(row, "total", digits), amount(row, "total_tax", digits)
    product = kind == "product"
    full = max(amount(row, "subtotal", digits), net) if product else net
    full_tax = max(amount(row, "subtotal_tax", digits), tax) if product else tax
    return Part(
        uid=f"{kind}-{row.get('id')}",
        kind=kind,
        name=_name(row, kind),
        quantity=decimal_of(row.get("quantity") or 0) if product else Decimal(1),
        full=full,
        net=net,
        full_tax=full_tax,
        tax=tax,
        rates=tuple(str(tax.get("id")) for tax in row.get("taxes") or () if decimal_of(tax.get("total"))),
        woo_id=str(row.get("variation_id") or row.get("product_id") or "") if product else "",
        note=note_of(row.get("meta_data") or ()) if product else "",
    )


def _name(row: JSON, kind: Kind) -> str:
    name = unescape(str(row.get("method_title" if kind == "shipping" else "name") or "")).strip()
    return name or _NO_NAME[kind]


def note_of(meta: Sequence[JSON]) -> str:
    """What a line's visible meta says (choices, engravings), one ``label: text`` per line."""
    said = []
    for row in meta:
        key, text = str(row.get("key") or ""), row.get("display_value")
        if key and not key.startswith("_") and isinstance(text, str) and text:
            said.append(f"{unescape(str(row.get('display_key') or key))}: {unescape(text)}")
    return "\n".join(said)
