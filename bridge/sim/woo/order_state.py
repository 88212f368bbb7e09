"""The shop's orders and refunds as plain records: what WooCommerce keeps, before it is shown as JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)

#: Statuses in which an order holds its stock; arriving in one of them takes it, once.
HOLDING = frozenset({"on-hold", "processing", "completed"})
#: Statuses that give the stock back when an order arrives in them.
RELEASING = frozenset({"cancelled", "pending"})
#: What ``status`` may be written as through REST, in the order the shop lists it in its refusal.
WRITABLE_STATUSES = (
    "auto-draft",
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
)
STATUS_NAMES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
    "trash": "trash",
}

BILLING_FIELDS = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "state",
    "postcode",
    "country",
    "email",
    "phone",
)
SHIPPING_FIELDS = (*BILLING_FIELDS[:9], "phone")

Taxes = dict[int, tuple[Decimal, Decimal]]
"""Per tax rate id: the tax on the total and the tax on the subtotal, unrounded (6 digits)."""


@dataclass(slots=True)
class TaxRate:
    """One row of the shop's tax table; ``tax_class`` is ``""`` for the standard class."""

    id: int
    country: str = ""
    state: str = ""
    postcodes: list[str] = field(default_factory=list)
    cities: list[str] = field(default_factory=list)
    rate: Decimal = ZERO
    name: str = ""
    priority: int = 1
    compound: bool = False
    shipping: bool = True
    order: int = 0
    tax_class: str = ""

    @property
    def code(self) -> str:
        """The rate's code on an order, such as ``US-NY-NY TAX-1``."""
        parts = (self.country, self.state, self.name or "TAX", str(self.priority))
        return "-".join(part for part in parts if part).upper()


@dataclass(slots=True)
class OrderLine:
    """One product line. ``taxable`` and ``tax_class`` are the product's when the line was made."""

    id: int
    product_id: int = 0
    variation_id: int = 0
    name: str = ""
    quantity: int = 1
    tax_class: str = ""
    taxable: bool = True
    subtotal: Decimal = ZERO
    total: Decimal = ZERO
    subtotal_tax: Decimal = ZERO
    total_tax: Decimal = ZERO
    taxes: Taxes = field(default_factory=dict)
    meta: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class ExtraLine:
    """A shipping line (``method_id`` set) or a fee line (``name`` set)."""

    id: int
    name: str = ""
    method_id: str = ""
    instance_id: str = ""
    tax_class: str = ""
    tax_status: str = "taxable"
    amount: str = ""
    total: Decimal = ZERO
    total_tax: Decimal = ZERO
    taxes: Taxes = field(default_factory=dict)
    meta: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class TaxLine:
    """What an order owes by one tax rate."""

    id: int
    rate: TaxRate
    tax_total: Decimal = ZERO
    shipping_tax_total: Decimal = ZERO


@dataclass(slots=True)
class CouponLine:
    """A coupon applied to an order: what it took off, and the coupon as it was then."""

    id: int
    coupon_id: int
    code: str
    discount_type: str
    amount: Decimal
    free_shipping: bool = False
    discount: Decimal = ZERO
    discount_tax: Decimal = ZERO
    meta: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Refund:
    """Money given back on an order; quantities and totals of its lines are negative."""

    id: int
    order_id: int
    created: int
    amount: Decimal
    reason: str = ""
    refunded_payment: bool = False
    meta: list[dict[str, Any]] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)
    shipping_lines: list[ExtraLine] = field(default_factory=list)
    fee_lines: list[ExtraLine] = field(default_factory=list)
    tax_lines: list[TaxLine] = field(default_factory=list)


@dataclass(slots=True)
class Note:
    """A note on an order; ``customer_note`` ones are mailed to the customer."""

    id: int
    created: int
    text: str
    author: str = "WooCommerce"
    customer_note: bool = False


@dataclass(slots=True)
class Order:
    """An order. Times are epoch seconds UTC; sums are those last computed (``order_totals``)."""

    id: int
    created: int
    modified: int
    status: str = "pending"
    currency: str = "USD"
    prices_include_tax: bool = False
    customer_id: int = 0
    order_key: str = ""
    billing: dict[str, str] = field(default_factory=lambda: dict.fromkeys(BILLING_FIELDS, ""))
    shipping: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SHIPPING_FIELDS, ""))
    payment_method: str = ""
    payment_method_title: str = ""
    transaction_id: str = ""
    customer_ip_address: str = ""
    customer_user_agent: str = ""
    created_via: str = "rest-api"
    customer_note: str = ""
    completed: int | None = None
    paid: int | None = None
    cart_hash: str = ""
    meta: list[dict[str, Any]] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)
    shipping_lines: list[ExtraLine] = field(default_factory=list)
    fee_lines: list[ExtraLine] = field(default_factory=list)
    coupon_lines: list[CouponLine] = field(default_factory=list)
    tax_lines: list[TaxLine] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    discount_total: Decimal = ZERO
    discount_tax: Decimal = ZERO
    shipping_total: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    cart_tax: Decimal = ZERO
    total: Decimal = ZERO
    stock_reduced: bool = False
    coupons_counted: bool = False
    new_order_mailed: bool = False

    def line(self, line_id: int) -> OrderLine | None:
        """The product line with this id, or ``None``."""
        return next((line for line in self.lines if line.id == line_id), None)

    @property
    def refunded(self) -> Decimal:
        """The money given back so far."""
        return sum((refund.amount for refund in self.refunds), ZERO)

    def refunded_quantity(self, line_id: int) -> int:
        """How many units of a line the refunds name (as a positive number)."""
        return -sum(
            line.quantity
            for refund in self.refunds
            for line in refund.lines
            if meta_value(line.meta, "_refunded_item_id") == str(line_id)
        )


def meta_value(meta: list[dict[str, Any]], key: str) -> Any:
    """The value under ``key``, or ``None``."""
    for entry in meta:
        if entry["key"] == key:
            return entry["value"]
    return None


def meta_number(meta: list[dict[str, Any]], key: str) -> int:
    """The whole number under ``key``, 0 when absent."""
    value = meta_value(meta, key)
    return int(value) if value not in (None, "") else 0


NextId = Callable[[str], int]
"""Gives the next id of a kind (``FakeWoo.ids.number``)."""


def set_meta(meta: list[dict[str, Any]], key: str, value: Any, meta_id: int) -> None:
    """Put ``value`` under ``key`` on an order; entries are replaced, never changed in place."""
    for at, entry in enumerate(meta):
        if entry["key"] == key:
            meta[at] = {**entry, "value": value}
            return
    meta.append({"id": meta_id, "key": key, "value": value})


def set_line_meta(meta: list[dict[str, Any]], key: str, value: str, next_id: NextId) -> None:
    """Like ``set_meta`` for a line, whose entries carry their texts for display as well."""
    for at, entry in enumerate(meta):
        if entry["key"] == key:
            meta[at] = {**entry, "value": value, "display_value": value}
            return
    meta.append(line_meta(next_id("item_meta"), key, value))


def line_meta(meta_id: int, key: str, value: Any, label: str = "", text: str = "") -> dict[str, Any]:
    """One meta entry of a line as the API lists it."""
    return {
        "id": meta_id,
        "key": key,
        "value": value,
        "display_key": label or key,
        "display_value": text or value,
    }


def drop_meta(meta: list[dict[str, Any]], key: str) -> None:
    """Remove ``key``."""
    meta[:] = [entry for entry in meta if entry["key"] != key]
