"""Makes a WooCommerce order into a Square order whose total is the shop's, to the cent.

Square computes totals itself and rounds otherwise than WooCommerce, so nothing is predicted: a draft is priced by
Square (CalculateOrder writes nothing) and corrected until it agrees. Four forms are tried in turn, the first being
closest to how the shop itself shows the order:

- ``additive``   net prices, taxes on top by percentage
- ``inclusive``  prices with tax, taxes inside by percentage: what tax rounds to no longer touches the total
- ``amounts``    net prices, each tax as an amount (for rates the shop does not tell, or took from elsewhere)
- ``gross``      prices with tax, no tax named: the last resort

A difference of a few cents becomes a line or discount called "Rounding". A larger one is never hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from bridge.domain.order_parts import JSON, OrderMoney, Part, Rate, Unreadable, read_money
from bridge.domain.shares import apportion, effective_percents, plain_number, unit_price

Form = Literal["additive", "inclusive", "amounts", "gross"]
Calculate = Callable[[JSON], JSON]
"""Asks Square what an order would cost: the priced order for an order body (CalculateOrder)."""

MAX_LINES = 500
ROUNDING = "Rounding"
_NAME, _NOTE, _RULE_NAME, _PERCENT = 512, 2000, 255, 10
_TRIES = 3


@dataclass(frozen=True, slots=True)
class MirrorInto:
    """Where and how an order is mirrored: ``variations`` maps the shop's product or variation id to Square's.

    ``digits`` are the decimals of the currency; ``more`` are further fields of the Square order (customer_id,
    fulfillments, metadata), taken as they are.
    """

    location_id: str
    currency: str
    digits: int
    variations: Mapping[str, str]
    more: JSON = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A Square order body that Square prices at exactly ``total``; ``rounding`` is what had to be corrected."""

    order: JSON
    total: int
    form: Form
    rounding: int = 0


@dataclass(frozen=True, slots=True)
class Unequal:
    """Why an order cannot be mirrored at its own total; for the shopkeeper."""

    reason: str


def mirror(raw: JSON, into: MirrorInto, calculate: Calculate) -> Mirrored | Unequal:
    """The Square order of a raw WooCommerce order; asks ``calculate`` once when nothing needs correcting."""
    try:
        money = read_money(raw, into.digits)
    except Unreadable as problem:
        return Unequal(str(problem))
    if money.currency != into.currency:
        return Unequal(f"The order is in {money.currency or 'no currency'}, the store works in {into.currency}.")
    if len(money.parts) > MAX_LINES - 1:
        return Unequal(f"The order has {len(money.parts)} lines; Square takes {MAX_LINES} at most.")
    gap = 0
    for form in forms(money):
        draft = _Draft(money, into, form)
        made, gap = _agreed(draft, calculate)
        if made is not None:
            return made
    return Unequal(_words(gap, into))


def _words(gap: int, into: MirrorInto) -> str:
    shown = Decimal(abs(gap)).scaleb(-into.digits)
    side = "less" if gap < 0 else "more"
    return (
        f"The order's total is {shown} {into.currency} {side} than its lines, shipping, fees and taxes add up to "
        "(a gift card or another plugin may have changed it)."
    )


def forms(money: OrderMoney) -> Iterator[Form]:
    """The forms worth trying, the natural one first; taxes by percentage only when every rate's is known."""
    used = {rate_id for part in (*money.parts, *money.cuts) for rate_id in part.rates}
    told = all(rate_id in money.rates and money.rates[rate_id].percent is not None for rate_id in used)
    if told and not money.prices_include_tax:
        yield "additive"
    if told:
        yield "inclusive"
    if all(rate.total >= 0 for rate in money.rates.values()):
        yield "amounts"
    yield "gross"


def _agreed(draft: _Draft, calculate: Calculate) -> tuple[Mirrored | None, int]:
    """The draft as Square agrees to it, corrected where need be; ``None`` with what was missing when it does not."""
    money, priced = draft.money, calculate(draft.body(0))
    gap = money.total - int(priced["total_money"]["amount"])
    if abs(gap) > draft.tolerance or not _taxes_fit(draft, priced):
        return None, gap
    if gap == 0:
        return Mirrored(draft.body(0), money.total, draft.form), 0
    for candidate in draft.carriers(gap):
        body = draft.body(gap, candidate)
        if int(calculate(body)["total_money"]["amount"]) == money.total:
            return Mirrored(body, money.total, draft.form, gap), 0
    return None, gap


def _taxes_fit(draft: _Draft, priced: JSON) -> bool:
    """Whether Square's own taxes are the shop's but for rounding, where they are stated by percentage."""
    if draft.form not in ("additive", "inclusive"):
        return True
    return abs(int(priced["total_tax_money"]["amount"]) - draft.money.tax) <= draft.tolerance


class _Draft:
    """One form of one order, laid out as Square's lines, discounts, taxes and service charges."""

    def __init__(self, money: OrderMoney, into: MirrorInto, form: Form) -> None:
        self.money, self.into, self.form = money, into, form
        self.with_tax = form in ("inclusive", "gross")
        self._taxes: dict[tuple[str, str], str] = {}
        self.tolerance = 2 + (len(money.parts) + len(money.cuts)) * (1 + len(money.rates))
        self._lay_out()

    # -- amounts ------------------------------------------------------------------------
    def full(self, part: Part) -> int:
        return part.full + part.full_tax if self.with_tax else part.full

    def net(self, part: Part) -> int:
        return part.net + part.tax if self.with_tax else part.net

    def money_of(self, minor: int) -> JSON:
        return {"amount": minor, "currency": self.into.currency}

    # -- layout -------------------------------------------------------------------------
    def _lay_out(self) -> None:
        self.lines: list[JSON] = []
        self._line_of: dict[str, JSON] = {}
        self.charges: list[JSON] = []
        self.discounts: list[JSON] = []
        self.left: dict[str, int] = {}
        self.taxed: dict[str, tuple[str, ...]] = {}
        products = [part for part in self.money.parts if part.kind == "product"]
        cut = sum(-self.net(part) for part in self.money.cuts)
        crowded = cut > sum(self.net(part) for part in products)
        for part in products:
            if part.quantity or self.net(part):
                self._line(part)
        for part in self.money.parts:
            if part.kind != "product" and self.net(part):
                if crowded or (self.with_tax and part.rates):
                    self._line(part)
                else:
                    self._charge(part)
        if self.form == "amounts":
            self._taxes_as_charges()
        for part in self.money.cuts:
            self._spread(part)

    def _line(self, part: Part) -> None:
        price, quantity, gross = unit_price(self.full(part), part.quantity)
        line: JSON = {"uid": part.uid, "quantity": quantity, "base_price_money": self.money_of(price)}
        square_id = self.into.variations.get(part.woo_id, "") if part.woo_id else ""
        if square_id and quantity == plain_number(part.quantity):
            line["catalog_object_id"] = square_id
        else:
            line["name"] = _ad_hoc_name(part, quantity)[:_NAME]
        if part.note:
            line["note"] = part.note[:_NOTE]
        references = self._tax_references(part)
        if references:
            line["applied_taxes"] = references
        self.lines.append(line)
        self._line_of[part.uid] = line
        self.left[part.uid], self.taxed[part.uid] = self.net(part), part.rates
        off = gross - self.net(part)
        if off:
            is_discount = self.full(part) > self.net(part)
            self._discount(part.uid, (self.money.coupons or "Discount") if is_discount else ROUNDING, off, "off")

    def _charge(self, part: Part) -> None:
        charge: JSON = {
            "uid": part.uid,
            "name": part.name[:_RULE_NAME],
            "amount_money": self.money_of(self.net(part)),
            "calculation_phase": "SUBTOTAL_PHASE",
        }
        references = self._tax_references(part)
        if references:
            charge |= {"taxable": True, "applied_taxes": references}
        self.charges.append(charge)

    def _taxes_as_charges(self) -> None:
        for rate in self.money.rates.values():
            if rate.total:
                self.charges.append(
                    {
                        "uid": f"tax-{rate.rate_id}",
                        "name": rate.label[:_RULE_NAME],
                        "amount_money": self.money_of(rate.total),
                        "calculation_phase": "TOTAL_PHASE",
                    }
                )

    def _discount(self, line_uid: str, name: str, minor: int, why: str) -> None:
        """An amount off one line; every discount has a line of its own, so nothing is left to apportioning."""
        uid = f"{why}-{line_uid}"
        self.discounts.append(
            {
                "uid": uid,
                "name": name[:_RULE_NAME],
                "type": "FIXED_AMOUNT",
                "scope": "LINE_ITEM",
                "amount_money": self.money_of(minor),
            }
        )
        self._line_of[line_uid].setdefault("applied_discounts", []).append({"discount_uid": uid})

    def _spread(self, part: Part) -> None:
        """A negative fee as discounts: over the lines taxed like it, in proportion, then over all others."""
        owed = -self.net(part)
        alike = [uid for uid in self.left if self.taxed[uid] == part.rates]
        for uids in (alike, [uid for uid in self.left if uid not in alike]):
            shares = apportion(min(owed, sum(self.left[uid] for uid in uids)), [self.left[uid] for uid in uids])
            for uid, share in zip(uids, shares, strict=True):
                if share:
                    self._discount(uid, part.name, share, part.uid)
                    self.left[uid] -= share
                    owed -= share

    # -- taxes --------------------------------------------------------------------------
    def _tax_references(self, part: Part) -> list[JSON]:
        if self.form not in ("additive", "inclusive"):
            return []
        rates = [self.money.rates[rate_id] for rate_id in part.rates]
        return [{"tax_uid": self._tax_uid(rate, percent)} for rate, percent in effective_percents(rates)]

    def _tax_uid(self, rate: Rate, percent: Decimal) -> str:
        key = rate.rate_id, plain_number(percent)[:_PERCENT]
        return self._taxes.setdefault(key, f"tax-{rate.rate_id}-{len(self._taxes)}")

    def _tax_rules(self) -> list[JSON]:
        return [
            {
                "uid": uid,
                "name": self.money.rates[rate_id].label[:_RULE_NAME],
                "type": "ADDITIVE" if self.form == "additive" else "INCLUSIVE",
                "scope": "LINE_ITEM",
                "percentage": percent,
            }
            for (rate_id, percent), uid in self._taxes.items()
        ]

    # -- corrections ----------------------------------------------------------------------
    def carriers(self, gap: int) -> list[str]:
        """Lines that may carry a correction; a missing amount needs none, it becomes a line of its own.

        An untaxed line is best: taking a cent off a taxed one may take off a cent of tax as well.
        """
        if gap > 0:
            return [""]
        able = [uid for uid, left in self.left.items() if left >= -gap]
        able.sort(key=lambda uid: (bool(self.taxed[uid]), -self.left[uid], uid))
        return able[:_TRIES]

    def body(self, correction: int, carrier: str = "") -> JSON:
        """The order for Square, with ``correction`` minor units added (or taken off the line ``carrier``)."""
        lines, discounts = list(self.lines), list(self.discounts)
        if correction > 0:
            price = self.money_of(correction)
            lines.append({"uid": "rounding", "name": ROUNDING, "quantity": "1", "base_price_money": price})
        elif correction < 0:
            off: JSON = {"uid": "rounding", "name": ROUNDING, "type": "FIXED_AMOUNT", "scope": "LINE_ITEM"}
            discounts.append({**off, "amount_money": self.money_of(-correction)})
            lines = [_with_discount(line, "rounding") if line["uid"] == carrier else line for line in lines]
        order: JSON = {
            "location_id": self.into.location_id,
            "reference_id": f"woo-{self.money.order_id}"[:40],
            "source": {"name": "WooCommerce"},
            "ticket_name": f"#{self.money.number}"[:30],
            **self.into.more,
        }
        for name, rows in (
            ("line_items", lines),
            ("taxes", self._tax_rules()),
            ("discounts", discounts),
            ("service_charges", self.charges),
        ):
            if rows:
                order[name] = rows
        return order


# -- lines -----------------------------------------------------------------------------
def _ad_hoc_name(part: Part, quantity: str) -> str:
    return part.name if quantity == plain_number(part.quantity) else f"{part.name} (× {plain_number(part.quantity)})"


def _with_discount(line: JSON, uid: str) -> JSON:
    return {**line, "applied_discounts": [*line.get("applied_discounts", ()), {"discount_uid": uid}]}


def line_of_uid(uid: Any) -> str:
    """The WooCommerce line id behind a Square line's uid ("" when the line is none of ours)."""
    kind, _, line_id = str(uid or "").partition("-")
    return line_id if kind in ("product", "shipping", "fee") and line_id.isdecimal() else ""
