"""The arithmetic of orders: taxes, coupons and sums, rounded where and how WooCommerce rounds.

Taxes are kept with six digits and rounded per line to cents (or once at the end when the shop rounds at
subtotal); half a cent goes up, but down when prices include tax. Line totals are always net of tax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

from bridge.sim.woo.order_state import ZERO, CouponLine, ExtraLine, Order, OrderLine, Taxes, TaxLine, TaxRate

CENT = Decimal("0.01")
SIX = Decimal("0.000001")
HUNDRED = Decimal(100)


@dataclass(slots=True, frozen=True)
class TaxRules:
    """How a shop taxes: switched on at all, prices typed in with tax, rounding once at subtotal."""

    enabled: bool = False
    prices_include_tax: bool = False
    round_at_subtotal: bool = False


RatesOf = Callable[[str], list[TaxRate]]
"""The rates of a tax class for one order's address."""


def money(value: Decimal, places: int = 2) -> str:
    """An amount as the API prints it: fixed decimals, half a cent away from zero."""
    if not value:
        value = ZERO  # never "-0.00"
    return str(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def plain(value: Decimal) -> str:
    """An amount without trailing zeros (``4.2174``, ``-0.5``, ``0``)."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def round_tax(value: Decimal, rules: TaxRules) -> Decimal:
    """A tax rounded to cents, half down where prices include tax."""
    return value.quantize(CENT, ROUND_HALF_DOWN if rules.prices_include_tax else ROUND_HALF_UP)


def taxes_on(price: Decimal, rates: Iterable[TaxRate], *, inclusive: bool = False) -> dict[int, Decimal]:
    """The tax of each rate on ``price`` (six digits); ``inclusive`` when the price contains them."""
    if inclusive:
        return _taxes_inside(price, list(rates))
    taxes = {rate.id: price * rate.rate / HUNDRED for rate in rates if not rate.compound}
    base = price + sum(taxes.values(), ZERO)
    for rate in rates:
        if rate.compound:
            taxes[rate.id] = base * rate.rate / HUNDRED
            base += taxes[rate.id]
    return {rate_id: tax.quantize(SIX, ROUND_HALF_UP) for rate_id, tax in taxes.items()}


def _taxes_inside(price: Decimal, rates: list[TaxRate]) -> dict[int, Decimal]:
    taxes: dict[int, Decimal] = {}
    rest = price
    for rate in reversed([rate for rate in rates if rate.compound]):
        taxes[rate.id] = rest - rest / (1 + rate.rate / HUNDRED)
        rest -= taxes[rate.id]
    regular = [rate for rate in rates if not rate.compound]
    together = sum((rate.rate for rate in regular), ZERO) / HUNDRED
    for rate in regular:
        taxes[rate.id] = rest / (1 + together) * rate.rate / HUNDRED
    return {rate_id: tax.quantize(SIX, ROUND_HALF_UP) for rate_id, tax in taxes.items()}


def net_of_tax(gross: Decimal, rates: list[TaxRate]) -> Decimal:
    """A tax-inclusive price without its taxes, unrounded as WooCommerce stores it on the line."""
    return gross - sum(taxes_on(gross, rates, inclusive=True).values(), ZERO)


def _sum_of(taxes: Taxes, which: int, rules: TaxRules) -> Decimal:
    amounts = (pair[which] for pair in taxes.values())
    if rules.round_at_subtotal:
        return sum(amounts, ZERO)
    return sum((round_tax(amount, rules) for amount in amounts), ZERO)


def tax_line_item(line: OrderLine, rates_of: RatesOf, rules: TaxRules) -> None:
    """Compute the taxes of a product line from its totals; what a client sent is forgotten."""
    rates = rates_of(line.tax_class) if rules.enabled and line.taxable else []
    if not rates:
        line.taxes, line.total_tax, line.subtotal_tax = {}, ZERO, ZERO
        return
    of_total, of_subtotal = taxes_on(line.total, rates), taxes_on(line.subtotal, rates)
    line.taxes = {rate.id: (of_total[rate.id], of_subtotal[rate.id]) for rate in rates}
    line.total_tax, line.subtotal_tax = _sum_of(line.taxes, 0, rules), _sum_of(line.taxes, 1, rules)


def tax_extra(line: ExtraLine, rates_of: RatesOf, rules: TaxRules, *, shipping: bool) -> None:
    """Compute the taxes of a fee or shipping line (shipping: only rates that tax shipping)."""
    rates: list[TaxRate] = []
    if rules.enabled and line.tax_status == "taxable":
        rates = [rate for rate in rates_of(line.tax_class) if rate.shipping or not shipping]
    line.taxes = {rate_id: (tax, tax) for rate_id, tax in taxes_on(line.total, rates).items()}
    line.total_tax = _sum_of(line.taxes, 0, rules)


def calculate(order: Order, rates_of: RatesOf, rules: TaxRules, next_id: Callable[[], int]) -> None:
    """Recompute every tax and sum of an order (WooCommerce's ``calculate_totals``)."""
    for line in order.lines:
        tax_line_item(line, rates_of, rules)
    for fee in order.fee_lines:
        tax_extra(fee, rates_of, rules, shipping=False)
    for shipping in order.shipping_lines:
        tax_extra(shipping, rates_of, rules, shipping=True)
    _tax_lines(order, rates_of, rules, next_id)
    sum_up(order, rules)


def _tax_lines(order: Order, rates_of: RatesOf, rules: TaxRules, next_id: Callable[[], int]) -> None:
    if not rules.enabled:
        order.tax_lines = []
        return
    cart = tax_by_rate([*order.lines, *order.fee_lines], rules)
    shipping = tax_by_rate(order.shipping_lines, rules)
    taxed: list[OrderLine | ExtraLine] = [*order.lines, *order.fee_lines, *order.shipping_lines]
    classes = [line.tax_class for line in taxed]
    rates = {rate.id: rate for tax_class in dict.fromkeys(classes) for rate in rates_of(tax_class)}
    kept = {line.rate.id: line for line in order.tax_lines}
    order.tax_lines = []
    for rate_id in dict.fromkeys([*cart, *shipping]):
        line = kept.get(rate_id) or TaxLine(next_id(), rates[rate_id])
        line.tax_total, line.shipping_tax_total = cart.get(rate_id, ZERO), shipping.get(rate_id, ZERO)
        order.tax_lines.append(line)


def tax_by_rate(lines: Iterable[OrderLine | ExtraLine], rules: TaxRules) -> dict[int, Decimal]:
    """The tax of all ``lines`` together, per rate, to cents."""
    totals: dict[int, Decimal] = {}
    for line in lines:
        for rate_id, (tax, _) in line.taxes.items():
            part = tax if rules.round_at_subtotal else round_tax(tax, rules)
            totals[rate_id] = totals.get(rate_id, ZERO) + part
    return {rate_id: round_tax(total, rules) for rate_id, total in totals.items()}


def sum_up(order: Order, rules: TaxRules) -> None:
    """Recompute the order's sums from its lines, without touching the lines."""
    subtotal = _rounded((line.subtotal for line in order.lines), rules)
    total = _rounded((line.total for line in order.lines), rules)
    subtotal_tax = sum((line.subtotal_tax for line in order.lines), ZERO)
    total_tax = sum((line.total_tax for line in order.lines), ZERO)
    order.discount_total = _cents(subtotal - total)
    order.discount_tax = round_tax(subtotal_tax - total_tax, rules)
    order.shipping_total = _cents(sum((line.total for line in order.shipping_lines), ZERO))
    order.cart_tax = sum((line.tax_total for line in order.tax_lines), ZERO)
    order.shipping_tax = sum((line.shipping_tax_total for line in order.tax_lines), ZERO)
    fees = sum((line.total for line in order.fee_lines), ZERO)
    order.total = _cents(total + fees + order.shipping_total + order.cart_tax + order.shipping_tax)


def _rounded(amounts: Iterable[Decimal], rules: TaxRules) -> Decimal:
    if rules.round_at_subtotal:
        return sum(amounts, ZERO)
    return sum((_cents(amount) for amount in amounts), ZERO)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def apply_coupons(order: Order, rates_of: RatesOf, rules: TaxRules) -> None:
    """Take the order's coupons off its lines, one after another, each from the undiscounted prices."""
    with_tax = rules.enabled and rules.prices_include_tax
    for line in order.lines:
        line.total = line.subtotal
        tax_line_item(line, rates_of, rules)
    prices = {
        line.id: int(_cents(line.subtotal + (line.subtotal_tax if with_tax else ZERO)) * HUNDRED)
        for line in order.lines
    }
    left = dict(prices)
    for coupon in order.coupon_lines:
        cut = _discounts(coupon, order.lines, prices, left)
        _take_off(order, coupon, cut, rates_of, rules, with_tax)
        for line_id, cents in cut.items():
            left[line_id] -= cents


def _take_off(
    order: Order, coupon: CouponLine, cut: dict[int, int], rates_of: RatesOf, rules: TaxRules, with_tax: bool
) -> None:
    coupon.discount, coupon.discount_tax = ZERO, ZERO
    for line in order.lines:
        amount = Decimal(cut.get(line.id, 0)) / HUNDRED
        rates = rates_of(line.tax_class) if rules.enabled and line.taxable else []
        tax = sum(taxes_on(amount, rates, inclusive=with_tax).values(), ZERO)
        tax = tax if rules.round_at_subtotal else round_tax(tax, rules)
        net = amount - tax if with_tax else amount
        coupon.discount += net
        coupon.discount_tax += tax
        line.total = max(ZERO, line.total - net)


def _discounts(
    coupon: CouponLine, lines: list[OrderLine], prices: dict[int, int], left: dict[int, int]
) -> dict[int, int]:
    """Cents off per line: percent and fixed cart amounts are floored, the rest is dealt out by cents."""
    quantity = {line.id: line.quantity for line in lines}
    if coupon.discount_type == "percent":
        share = coupon.amount / HUNDRED
        cut = {i: min(left[i], int(price * share)) for i, price in prices.items()}
        goal = int((sum(prices.values()) * share).to_integral_value(ROUND_HALF_DOWN))
        return _deal_out(cut, goal - sum(cut.values()), left)
    cents = int(coupon.amount * HUNDRED)
    if coupon.discount_type == "fixed_product":
        return {i: min(left[i], cents * quantity[i]) for i in prices}
    each = cents // max(1, sum(quantity.values()))
    cut = {i: min(left[i], each * quantity[i]) for i in prices}
    return _deal_out(cut, min(cents, sum(left.values())) - sum(cut.values()), left)


def _deal_out(cut: dict[int, int], rest: int, left: dict[int, int]) -> dict[int, int]:
    for line_id in cut:
        extra = min(max(0, rest), left[line_id] - cut[line_id])
        cut[line_id] += extra
        rest -= extra
    return cut
