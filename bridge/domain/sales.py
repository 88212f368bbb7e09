"""Sales rows of both channels in one table, equal to the cent with each side's own totals.

Every order and refund becomes rows by product, plus rows for shipping, fees, tips and whatever is left between the
rows and the side's own total ("other": roundings, amounts without items). Refunds are negative. All amounts are minor
units including tax, with the tax told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from bridge.domain.hours import zone_of
from bridge.domain.order import DRAFTS
from bridge.domain.order_parts import amount, decimal_of, read_money
from bridge.domain.refund import return_name
from bridge.domain.times import parse_time

JSON = dict[str, Any]
Channel = Literal["online", "till"]
Kind = Literal["product", "shipping", "fee", "tip", "other"]
By = Literal["store", "channel", "day", "product", "kind", "fulfilled"]
ZERO = Decimal(0)

NO_SALE = frozenset({"pending", "cancelled", "failed", "trash"}) | DRAFTS
"""Statuses of shop orders that are no sales, as in WooCommerce's own reports: a refunded one is a sale and its refunds,
and one in a status of the shop's own is a sale like any other.
"""
_RETURN = "square return "


@dataclass(frozen=True, slots=True)
class SalesRow:
    """One row: what was sold (or given back, negative) where, on which day of the store's own calendar.

    ``store`` is who sold it, ``fulfilled`` whose goods they were (told by the report alone). ``product`` is the SKU
    or, without one, the name; ``source`` names the order or refund it comes from.
    """

    channel: Channel
    store: str
    day: date
    kind: Kind
    product: str
    quantity: Decimal
    total: int
    tax: int
    source: str
    fulfilled: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """Totals of one group; ``sold`` and ``refunded`` are both positive, ``total`` is their difference."""

    key: tuple[str, ...]
    quantity: Decimal
    sold: int
    refunded: int
    tax: int

    @property
    def total(self) -> int:
        """What is left of the sales."""
        return self.sold - self.refunded


def day_of(text: str, zone: str) -> date:
    """The store's own calendar day of a moment (RFC 3339 or a ``_gmt`` field)."""
    return parse_time(text).astimezone(zone_of(zone)).date()


# -- online --------------------------------------------------------------------------------
def shop_order_rows(raw: JSON, digits: int, *, store: str, zone: str) -> list[SalesRow]:
    """Rows of a raw WooCommerce order; none for drafts, unpaid, failed and cancelled ones.

    Raises ``Unreadable`` where the order's money cannot be told.
    """
    if raw.get("status") in NO_SALE:
        return []
    money = read_money(raw, digits)
    skus = {f"product-{row.get('id')}": str(row.get("sku") or "") for row in raw.get("line_items") or ()}
    base = _base("online", store, day_of(str(raw.get("date_created_gmt")), zone), f"woo order {money.number}")
    rows = [
        replace(
            base,
            kind=part.kind,
            product=skus.get(part.uid) or part.name,
            quantity=part.quantity if part.kind == "product" else ZERO,
            total=part.net + part.tax,
            tax=part.tax,
        )
        for part in (*money.parts, *money.cuts)
    ]
    return _closed(rows, base, money.total, money.tax)


def shop_refund_rows(refund: JSON, digits: int, *, number: str, store: str, zone: str) -> list[SalesRow]:
    """Rows of a raw refund of the shop, negative."""
    day = day_of(str(refund.get("date_created_gmt")), zone)
    base = _base("online", store, day, f"woo refund {refund['id']} of {number}")
    rows = []
    names: tuple[tuple[str, Kind], ...] = (
        ("line_items", "product"),
        ("shipping_lines", "shipping"),
        ("fee_lines", "fee"),
    )
    for listed, kind in names:
        for row in refund.get(listed) or ():
            tax = amount(row, "total_tax", digits)
            name = str(row.get("sku") or row.get("name") or row.get("method_title") or kind)
            quantity = decimal_of(row.get("quantity") or 0) if kind == "product" else ZERO
            total = amount(row, "total", digits) + tax
            rows.append(replace(base, kind=kind, product=name, quantity=quantity, total=total, tax=tax))
    tax = sum(row.tax for row in rows)
    return _closed(rows, base, -amount(refund, "amount", digits), tax)


# -- till ----------------------------------------------------------------------------------
def till_order_rows(order: JSON, *, zone: str, skus: Mapping[str, str]) -> list[SalesRow]:
    """Rows of a raw Square order: a sale, a return order, or an exchange that is both.

    Only paid sales count (tenders, or nothing due on a completed order). The rows of each return name it as source.
    """
    day = day_of(str(order.get("closed_at") or order.get("created_at")), zone)
    base = _base("till", str(order.get("location_id") or ""), day, f"square order {order['id']}")
    rows: list[SalesRow] = []
    if order.get("tenders") or (order.get("line_items") and order.get("state") == "COMPLETED"):
        rows += _till_sale(order, base, skus)
    for at, returned in enumerate(order.get("returns") or ()):
        source = f"{_RETURN}{return_name(str(order['id']), at)}"
        rows += _till_return(returned, replace(base, source=source), skus)
    return rows


def _till_sale(order: JSON, base: SalesRow, skus: Mapping[str, str]) -> list[SalesRow]:
    rows = [_till_row(line, base, skus, 1) for line in order.get("line_items") or ()]
    for charge in order.get("service_charges") or ():
        if not str(charge.get("calculation_phase", "")).startswith("APPORTIONED"):
            total, tax = minor(charge, "total_money"), minor(charge, "total_tax_money")
            rows.append(replace(base, kind="fee", product=str(charge.get("name") or "Fee"), total=total, tax=tax))
    tip = minor(order, "total_tip_money")
    if tip:
        rows.append(replace(base, kind="tip", product="Tip", total=tip))
    return _closed(rows, base, minor(order, "total_money"), minor(order, "total_tax_money"))


def _till_return(returned: JSON, base: SalesRow, skus: Mapping[str, str]) -> list[SalesRow]:
    rows = [_till_row(line, base, skus, -1) for line in returned.get("return_line_items") or ()]
    amounts = returned.get("return_amounts") or {}
    return _closed(rows, base, -minor(amounts, "total_money"), -minor(amounts, "tax_money"))


def _till_row(line: JSON, base: SalesRow, skus: Mapping[str, str], sign: int) -> SalesRow:
    variation = str(line.get("catalog_object_id") or "")
    custom = not variation and line.get("item_type") == "CUSTOM_AMOUNT"
    return replace(
        base,
        kind="other" if custom else "product",
        product=skus.get(variation) or str(line.get("name") or "Custom amount"),
        quantity=ZERO if custom else sign * decimal_of(line.get("quantity")),
        total=sign * minor(line, "total_money"),
        tax=sign * minor(line, "total_tax_money"),
    )


def minor(holder: Mapping[str, Any], name: str) -> int:
    """The amount of a Square money field, 0 when absent."""
    return int((holder.get(name) or {}).get("amount") or 0)


# -- together ------------------------------------------------------------------------------
def _base(channel: Channel, store: str, day: date, source: str) -> SalesRow:
    return SalesRow(channel, store, day, "other", "", ZERO, 0, 0, source)


def _closed(rows: list[SalesRow], base: SalesRow, total: int, tax: int) -> list[SalesRow]:
    """The rows with one more for what they lack to the side's own total."""
    rest, rest_tax = total - sum(row.total for row in rows), tax - sum(row.tax for row in rows)
    if rest or rest_tax:
        rows.append(replace(base, product="Other", total=rest, tax=rest_tax))
    return rows


def summed(rows: Iterable[SalesRow], by: Sequence[By]) -> list[Sum]:
    """The rows grouped by the named columns, sorted by them."""
    groups: dict[tuple[str, ...], list[SalesRow]] = {}
    for row in rows:
        groups.setdefault(tuple(str(getattr(row, name)) for name in by), []).append(row)
    return [_sum(key, held) for key, held in sorted(groups.items())]


def _sum(key: tuple[str, ...], rows: Sequence[SalesRow]) -> Sum:
    # a discount or rounding of a sale lowers what was sold; only rows of a refund are refunds
    back = [row for row in rows if is_refund(row)]
    return Sum(
        key,
        quantity=sum((row.quantity for row in rows), ZERO),
        sold=sum(row.total for row in rows) - sum(row.total for row in back),
        refunded=-sum(row.total for row in back),
        tax=sum(row.tax for row in rows),
    )


def is_refund(row: SalesRow) -> bool:
    """Whether a row gives back. A discount or rounding that lowers a sale does not, nor does one that raises a refund
    make it a sale: what the row comes from decides.
    """
    return row.source.startswith(("woo refund ", _RETURN))


def return_of(row: SalesRow) -> str:
    """The name of the return at a till a row belongs to, "" for any other row."""
    return row.source.removeprefix(_RETURN) if row.source.startswith(_RETURN) else ""
