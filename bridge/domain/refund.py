"""Refunds between the two sides: which one still has to travel, as what, and never twice.

A refund is known by its origin (``woo:273`` or ``square:XYZ``). What the bridge wrote itself carries the origin it was
made of, so it is recognised as an image even when the ledger was lost. No money is moved by carrying a refund: at
Square an external payment's refund is only recorded, in the shop ``api_refund`` is off.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from bridge.domain.mirror import line_of_uid
from bridge.domain.money import format_amount
from bridge.domain.order_parts import amount, decimal_of
from bridge.domain.shares import apportion

JSON = dict[str, Any]
Side = Literal["woo", "square"]

ORIGIN_KEY = "_bridge_origin"
_MARK = re.compile(r"\[((?:woo|square):[^\]\s]+)\]")
_REASON = 192
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Part of a refund: the shop's line id, how many, and how much money with tax (minor units)."""

    line_id: str
    quantity: Decimal
    amount: int


@dataclass(frozen=True, slots=True)
class RefundFact:
    """A refund as one side shows it; ``origin`` is "" unless it is the image of one on the other side.

    ``restocked``: goods came back (``None``: the side does not say here; the shop's lines and Square's inventory do).
    ``counts`` is false for a refund that failed or was rejected.
    """

    side: Side
    refund_id: str
    amount: int
    lines: tuple[RefundLine, ...] = ()
    reason: str = ""
    origin: str = ""
    restocked: bool | None = None
    counts: bool = True

    @property
    def name(self) -> str:
        """The refund as an origin: ``woo:273``."""
        return f"{self.side}:{self.refund_id}"


@dataclass(frozen=True, slots=True)
class Carry:
    """A refund to be recorded on the other side: ``amount`` is all of it."""

    fact: RefundFact
    to: Side
    amount: int


@dataclass(frozen=True, slots=True)
class CannotCarry:
    """A refund larger than what is left on the other side; a person decides."""

    fact: RefundFact
    left: int


# -- reading -------------------------------------------------------------------------------
def shop_refund(raw: JSON, digits: int) -> RefundFact:
    """A refund as ``GET orders/<id>/refunds`` lists it; its lines name their original in ``_refunded_item_id``."""
    lines = []
    for name in ("line_items", "shipping_lines", "fee_lines"):
        for row in raw.get(name) or ():
            meta = {str(entry.get("key")): entry.get("value") for entry in row.get("meta_data") or ()}
            paid = -(amount(row, "total", digits) + amount(row, "total_tax", digits))
            quantity = -decimal_of(row.get("quantity") or 0) if name == "line_items" else ZERO
            lines.append(RefundLine(str(meta.get("_refunded_item_id") or ""), quantity, paid))
    meta = {str(entry.get("key")): entry.get("value") for entry in raw.get("meta_data") or ()}
    reason = str(raw.get("reason") or "")
    return RefundFact(
        "woo", str(raw["id"]), amount(raw, "amount", digits), tuple(lines), reason,
        origin=str(meta.get(ORIGIN_KEY) or "") or origin_in(reason),
    )  # fmt: skip


def till_refund(
    refund: JSON, return_order: JSON | None, line_of: Mapping[str, str], *, restocked: bool | None = None
) -> RefundFact:
    """A refund at Square with its return order; ``line_of`` maps Square variation ids to the shop's line ids.

    Lines of a mirrored order are known by their uid, others by what was sold. ``restocked`` is known from Square's
    inventory history (changes that carry the refund's id).
    """
    lines = []
    for returned in (return_order or {}).get("returns") or ():
        for row in returned.get("return_line_items") or ():
            line_id = line_of_uid(row.get("source_line_item_uid")) or line_of.get(
                str(row.get("catalog_object_id") or ""), ""
            )
            money = int((row.get("total_money") or {}).get("amount") or 0)
            if line_id:
                lines.append(RefundLine(line_id, decimal_of(row.get("quantity")), money))
    reason = str(refund.get("reason") or "")
    return RefundFact(
        "square", str(refund["id"]), int(refund["amount_money"]["amount"]), tuple(lines), reason,
        origin=origin_in(reason), restocked=restocked, counts=refund.get("status") in ("COMPLETED", "PENDING", None),
    )  # fmt: skip


def is_exchange(order: JSON) -> bool:
    """Whether an order at Square both sells and takes back: its returns count whatever money changed hands."""
    return bool(order.get("line_items")) and bool(order.get("returns"))


def return_name(order_id: str, at: int) -> str:
    """The name of the return at that place of a Square order: each sale that goods come back from is one."""
    return f"{order_id}:{at}" if at else order_id


def origin_in(reason: str) -> str:
    """The origin written into a reason by the bridge, "" when there is none."""
    found = _MARK.search(reason)
    return found[1] if found else ""


def marked_reason(fact: RefundFact) -> str:
    """The reason to write at Square: why, and the origin, within Square's length."""
    mark = f"[{fact.name}]"
    why = _MARK.sub("", fact.reason).strip() or "Refunded online"
    return f"{why[: _REASON - len(mark) - 1]} {mark}"


# -- deciding ------------------------------------------------------------------------------
def to_carry(
    facts: Sequence[RefundFact],
    carried: Collection[str],
    *,
    paid_at_square: int,
    total_in_shop: int,
) -> list[Carry | CannotCarry]:
    """The refunds of one order that still have to travel, in the order given.

    ``carried`` are the names of refunds already carried, or made by the bridge (both ends of every pair). An image is
    never carried back, an origin with an image anywhere never again, and no side is refunded beyond what was paid
    there. ``paid_at_square`` 0 means there is nothing at Square to refund: nothing goes there.
    """
    known = set(carried) | {fact.origin for fact in facts if fact.origin}
    left: dict[Side, int] = {"square": paid_at_square, "woo": total_in_shop}
    for fact in facts:
        left[fact.side] -= fact.amount if fact.counts else 0
    due: list[Carry | CannotCarry] = []
    for fact in facts:
        if not fact.counts or fact.amount <= 0 or fact.origin or fact.name in known:
            continue
        to: Side = "square" if fact.side == "woo" else "woo"
        if to == "square" and not paid_at_square:
            continue
        if fact.amount > left[to]:
            due.append(CannotCarry(fact, max(0, left[to])))
            continue
        left[to] -= fact.amount
        due.append(Carry(fact, to, fact.amount))
    return due


# -- writing -------------------------------------------------------------------------------
def shop_refund_body(fact: RefundFact, order: JSON, digits: int, *, key: str, restock: bool) -> JSON:
    """The body of ``POST orders/<id>/refunds`` that records a till's refund: no money moved, amounts exact.

    ``restock`` puts the named quantities back in the shop: only for goods that came back and whose return does not
    reach the shop's number on another way. Lines are given as far as they are known; ``amount`` is always the whole.
    """
    rows = {str(row.get("id")): row for row in (*(order.get("line_items") or ()), *(order.get("shipping_lines") or ()))}
    lines, given = [], 0
    for line in fact.lines:
        if line.line_id in rows and given + line.amount <= fact.amount:
            lines.append(_refund_row(line, rows[line.line_id], digits))
            given += line.amount
    why = _MARK.sub("", fact.reason).strip() or "Refunded at the till"
    return {
        "amount": format_amount(fact.amount, digits),
        "reason": f"{why} [{fact.name}]",
        "api_refund": False,
        "api_restock": restock and bool(lines),
        "line_items": lines,
        "meta_data": [{"key": ORIGIN_KEY, "value": fact.name}, {"key": "_bridge_key", "value": key}],
    }


def _refund_row(line: RefundLine, row: JSON, digits: int) -> JSON:
    """One refunded line: its money split between price and taxes as on the order, to the cent."""
    net, taxes = amount(row, "total", digits), [tax for tax in row.get("taxes") or () if tax.get("id") is not None]
    shares = [max(0, amount(tax, "total", digits)) for tax in taxes]
    whole = max(0, net) + sum(shares)
    parts = apportion(min(line.amount, whole), [max(0, net), *shares]) if whole else [0] * (1 + len(shares))
    parts[0] += line.amount - sum(parts)
    made: JSON = {
        "id": int(line.line_id),
        "quantity": int(line.quantity),
        "refund_total": format_amount(parts[0], digits),
    }
    if taxes:
        made["refund_tax"] = [
            {"id": int(tax["id"]), "refund_total": format_amount(part, digits)}
            for tax, part in zip(taxes, parts[1:], strict=True)
        ]
    return made
