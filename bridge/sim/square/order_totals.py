"""Prices an order the way Square does: discounts, service charges, taxes, in whole minor units, half to even.

Rules from Square's guides as far as they are known: percentages before fixed amounts, lines before the
whole order; what concerns the whole order is computed once and apportioned over the lines (largest
remainder, earlier line first). The last cent of an apportioning is not published by Square: a client must
ask CalculateOrder and never predict, which is why this module serves Calculate, Create and Update alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

Json = dict[str, Any]
NewUid = Callable[[], str]

_QUANTITY_SCALE = 100_000
_APPORTIONED = ("APPORTIONED_PERCENTAGE_PHASE", "APPORTIONED_AMOUNT_PHASE")


def half_even(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` as a whole number, a half going to the even neighbour."""
    whole, rest = divmod(numerator, denominator)
    twice = rest * 2
    if twice > denominator or (twice == denominator and whole & 1):
        whole += 1
    return whole


@lru_cache(maxsize=1024)
def percent(text: str) -> tuple[int, int]:
    """A percentage such as ``"9.75"`` as a ratio of whole numbers (975, 10000); raises on other text."""
    ratio = Fraction(Decimal(text)) / 100
    return ratio.numerator, ratio.denominator


@lru_cache(maxsize=4096)
def quantity(text: str) -> int:
    """A line's quantity in hundred-thousandths (Square keeps five decimals)."""
    return int(Decimal(text) * _QUANTITY_SCALE)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` in parts proportional to ``weights``, adding up exactly; nothing to weigh gives zeros."""
    whole = sum(weights)
    if not whole or not total:
        return [0] * len(weights)
    parts, rests = [], []
    for index, weight in enumerate(weights):
        part, rest = divmod(total * weight, whole)
        parts.append(part)
        rests.append((-rest, index))
    rests.sort()
    for _, index in rests[: total - sum(parts)]:
        parts[index] += 1
    return parts


@dataclass(slots=True)
class _Line:
    """One line while it is being priced; amounts in minor units."""

    raw: Json
    gross: int
    net: int
    discount: int = 0
    charge: int = 0
    inclusive: int = 0
    additive: int = 0


def price_order(order: Json, currency: str, new_uid: NewUid, *, inclusive_in_gross: bool = False) -> None:
    """Write every computed amount into ``order`` (lines with ``base_price_money`` are given).

    ``inclusive_in_gross``: keep inclusive tax inside ``gross_sales_money`` (Europe, Australia) instead of
    taking it out (United States, Canada, Japan).
    """

    def money(amount: int) -> Json:
        return {"amount": amount, "currency": currency}

    lines = [_open_line(raw, money) for raw in order.get("line_items") or ()]
    if order.get("discounts"):
        _discounts(order["discounts"], lines, money, new_uid)
    charges = order.get("service_charges") or []
    _apportioned_charges(charges, lines, money, new_uid)
    subtotal_charges = _subtotal_charges(charges, sum(line.net for line in lines), money)
    if order.get("taxes"):
        _taxes(order["taxes"], lines, subtotal_charges, money, new_uid)
    for line in lines:
        _close_line(line, money, inclusive_in_gross)
    _close_order(order, lines, charges, money)


def _open_line(raw: Json, money: Callable[[int], Json]) -> _Line:
    many = quantity(raw["quantity"])
    own = half_even(raw["base_price_money"]["amount"] * many, _QUANTITY_SCALE)
    raw["variation_total_price_money"] = money(own)
    gross = own
    for modifier in raw.get("modifiers") or ():
        price = (modifier.get("base_price_money") or {}).get("amount", 0)
        extra = half_even(price * many * quantity(modifier.get("quantity") or "1"), _QUANTITY_SCALE**2)
        modifier["total_price_money"] = money(extra)
        gross += extra
    return _Line(raw, gross, gross)


# -- discounts ----------------------------------------------------------------------
def _discounts(discounts: list[Json], lines: list[_Line], money: Callable[[int], Json], new_uid: NewUid) -> None:
    """Apply discounts in Square's order: line percentages, order percentages, line amounts, order amounts."""

    def rank(discount: Json) -> tuple[bool, bool]:
        return not discount.get("percentage"), discount["scope"] == "ORDER"

    for discount in sorted(discounts, key=rank):
        hit = _reached(discount, lines, "applied_discounts", "discount_uid", "discounts", new_uid)
        taken = _discount_parts(discount, [line for line, _ in hit])
        for (line, reference), amount in zip(hit, taken, strict=True):
            reference["applied_money"] = money(amount)
            line.net -= amount
            line.discount += amount
        discount["applied_money"] = money(sum(taken))


def _discount_parts(discount: Json, lines: list[_Line]) -> list[int]:
    left = [line.net for line in lines]
    if discount.get("percentage"):
        top, bottom = percent(discount["percentage"])
        if discount["scope"] == "ORDER":
            return apportion(half_even(sum(left) * top, bottom), left)
        return [half_even(amount * top, bottom) for amount in left]
    fixed = (discount.get("amount_money") or {}).get("amount", 0)
    if discount["scope"] == "ORDER":
        return apportion(min(fixed, sum(left)), left)
    return [min(fixed, amount) for amount in left]


def _reached(
    rule: Json, lines: list[_Line], listed: str, uid_key: str, blocklist: str, new_uid: NewUid
) -> list[tuple[_Line, Json]]:
    """The lines a tax or discount applies to, each with its reference (made when the scope is ORDER)."""
    found = []
    for line in lines:
        references = line.raw.get(listed) or []
        reference = next((r for r in references if r[uid_key] == rule["uid"]), None)
        if reference is None:
            if rule["scope"] != "ORDER" or _blocked(rule, line.raw, blocklist):
                continue
            reference = {"uid": new_uid(), uid_key: rule["uid"]}
            line.raw[listed] = [*references, reference]
        found.append((line, reference))
    return found


def _blocked(rule: Json, raw: Json, blocklist: str) -> bool:
    blocked = (raw.get("pricing_blocklists") or {}).get(f"blocked_{blocklist}") or ()
    kind = "tax" if blocklist == "taxes" else "discount"
    return any(
        entry.get(f"{kind}_uid") == rule["uid"]
        or (entry.get(f"{kind}_catalog_object_id") or "-") == rule.get("catalog_object_id")
        for entry in blocked
    )


# -- service charges ----------------------------------------------------------------
def _apportioned_charges(
    charges: list[Json], lines: list[_Line], money: Callable[[int], Json], new_uid: NewUid
) -> None:
    for charge in charges:
        if charge["calculation_phase"] not in _APPORTIONED:
            continue
        nets = [line.net for line in lines]
        parts = apportion(_charge_amount(charge, sum(nets)), nets)
        for line, amount in zip(lines, parts, strict=True):
            references = line.raw.get("applied_service_charges") or []
            reference = next((r for r in references if r["service_charge_uid"] == charge["uid"]), None)
            if reference is None:
                reference = {"uid": new_uid(), "service_charge_uid": charge["uid"]}
                line.raw["applied_service_charges"] = [*references, reference]
            reference["applied_money"] = money(amount)
            line.charge += amount
        _settle_charge(charge, sum(parts), 0, money)


def _subtotal_charges(charges: list[Json], subtotal: int, money: Callable[[int], Json]) -> list[Json]:
    found = [charge for charge in charges if charge["calculation_phase"] == "SUBTOTAL_PHASE"]
    for charge in found:
        _settle_charge(charge, _charge_amount(charge, subtotal), 0, money)
    return found


def _charge_amount(charge: Json, base: int) -> int:
    if charge.get("percentage"):
        top, bottom = percent(charge["percentage"])
        return half_even(base * top, bottom)
    return int((charge.get("amount_money") or {}).get("amount", 0))


def _settle_charge(charge: Json, applied: int, tax: int, money: Callable[[int], Json]) -> None:
    charge["applied_money"], charge["total_tax_money"] = money(applied), money(tax)
    charge["total_money"] = money(applied + tax)


# -- taxes --------------------------------------------------------------------------
def _taxes(
    taxes: list[Json],
    lines: list[_Line],
    charges: list[Json],
    money: Callable[[int], Json],
    new_uid: NewUid,
) -> None:
    """Inclusive taxes first (taken out of the price), then additive ones on what is left."""
    reached = {tax["uid"]: _reached(tax, lines, "applied_taxes", "tax_uid", "taxes", new_uid) for tax in taxes}
    inclusive = [tax for tax in taxes if tax.get("type") == "INCLUSIVE"]
    rate_of_line: dict[int, Fraction] = {}
    for tax in inclusive:
        for line, _ in reached[tax["uid"]]:
            rate_of_line[id(line)] = rate_of_line.get(id(line), Fraction(0)) + Fraction(*percent(tax["percentage"]))
    for tax in inclusive:
        _inclusive_tax(tax, reached[tax["uid"]], rate_of_line, money)
    base_of_charge = {id(charge): charge["applied_money"]["amount"] for charge in charges}
    for tax in taxes:
        if tax.get("type") != "INCLUSIVE":
            _additive_tax(tax, reached[tax["uid"]], charges, base_of_charge, money, new_uid)


def _inclusive_tax(
    tax: Json,
    reached: list[tuple[_Line, Json]],
    rate_of_line: dict[int, Fraction],
    money: Callable[[int], Json],
) -> None:
    rate = Fraction(*percent(tax["percentage"]))
    exact = [(line.net + line.charge) * rate / (1 + rate_of_line[id(line)]) for line, _ in reached]
    parts = [half_even(share.numerator, share.denominator) for share in exact]
    if tax["scope"] == "ORDER" and exact:
        total = sum(exact, Fraction(0))
        scale = max(share.denominator for share in exact)
        weights = [int(share * scale) for share in exact]
        parts = apportion(half_even(total.numerator, total.denominator), weights)
    for (line, reference), amount in zip(reached, parts, strict=True):
        reference["applied_money"] = money(amount)
        line.inclusive += amount
    tax["applied_money"] = money(sum(parts))


def _additive_tax(
    tax: Json,
    reached: list[tuple[_Line, Json]],
    charges: list[Json],
    base_of_charge: dict[int, int],
    money: Callable[[int], Json],
    new_uid: NewUid,
) -> None:
    top, bottom = percent(tax["percentage"])
    taxed = [(charge, reference) for charge in charges if (reference := _charge_tax(tax, charge, new_uid))]
    bases = [line.net + line.charge - line.inclusive for line, _ in reached]
    bases += [base_of_charge[id(charge)] for charge, _ in taxed]
    if tax["scope"] == "ORDER":
        parts = apportion(half_even(sum(bases) * top, bottom), bases)
    else:
        parts = [half_even(base * top, bottom) for base in bases]
    for (line, reference), amount in zip(reached, parts, strict=False):
        reference["applied_money"] = money(amount)
        line.additive += amount
    for (charge, reference), amount in zip(taxed, parts[len(reached) :], strict=True):
        reference["applied_money"] = money(amount)
        before = charge["total_tax_money"]["amount"]
        _settle_charge(charge, base_of_charge[id(charge)], before + amount, money)
    tax["applied_money"] = money(sum(parts))


def _charge_tax(tax: Json, charge: Json, new_uid: NewUid) -> Json | None:
    """The charge's reference to a tax that applies to it, or ``None``."""
    if not charge.get("taxable"):
        return None
    references: list[Json] = charge.get("applied_taxes") or []
    reference = next((r for r in references if r["tax_uid"] == tax["uid"]), None)
    if reference is None and tax["scope"] == "ORDER":
        reference = {"uid": new_uid(), "tax_uid": tax["uid"]}
        charge["applied_taxes"] = [*references, reference]
    return reference


# -- sums ---------------------------------------------------------------------------
def _close_line(line: _Line, money: Callable[[int], Json], inclusive_in_gross: bool) -> None:
    raw = line.raw
    raw["gross_sales_money"] = money(line.gross if inclusive_in_gross else line.gross - line.inclusive)
    raw["total_tax_money"] = money(line.inclusive + line.additive)
    raw["total_discount_money"] = money(line.discount)
    raw["total_service_charge_money"] = money(line.charge)
    raw["total_money"] = money(line.net + line.charge + line.additive)


def _close_order(order: Json, lines: list[_Line], charges: list[Json], money: Callable[[int], Json]) -> None:
    tax = sum(line.inclusive + line.additive for line in lines)
    total = sum(line.net + line.charge + line.additive for line in lines)
    for charge in charges:
        if charge["calculation_phase"] == "SUBTOTAL_PHASE":
            total += charge["total_money"]["amount"]
            tax += charge["total_tax_money"]["amount"]
    before_total_phase = total
    for charge in charges:
        if charge["calculation_phase"] == "TOTAL_PHASE":
            _settle_charge(charge, _charge_amount(charge, before_total_phase), 0, money)
            total += charge["applied_money"]["amount"]
    order["total_money"], order["total_tax_money"] = money(total), money(tax)
    order["total_discount_money"] = money(sum(line.discount for line in lines))
    order["total_tip_money"] = money(0)
    order["total_service_charge_money"] = money(sum(c["applied_money"]["amount"] for c in charges))
