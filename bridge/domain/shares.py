"""Whole amounts shared out: money over lines, a line's money over its pieces, taxes over taxes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

from bridge.domain.order_parts import Rate

_HUNDRED = Decimal(100)


def effective_percents(rates: Sequence[Rate]) -> list[tuple[Rate, Decimal]]:
    """The percentage of the net price each rate comes to; a compound rate also taxes the taxes before it."""
    plain = [rate for rate in rates if not rate.compound]
    found = [(rate, rate.percent or Decimal(0)) for rate in plain]
    together = _HUNDRED + sum((percent for _, percent in found), Decimal(0))
    for rate in rates:
        if rate.compound:
            percent = (rate.percent or Decimal(0)) * together / _HUNDRED
            found.append((rate, percent))
            together += percent
    return found


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` in parts proportional to ``weights``, none above its weight, adding up exactly (total <= sum)."""
    whole, parts, before = sum(weights), [], 0
    if not whole:
        return [0] * len(weights)
    reached = 0
    for weight in weights:
        reached += weight
        upto = total * reached // whole
        parts.append(upto - before)
        before = upto
    return parts


def unit_price(full: int, quantity: Decimal) -> tuple[int, str, int]:
    """(price of one, quantity text, price of all): the price is rounded up, the excess comes off as a discount."""
    text = plain_number(quantity)
    exponent = quantity.normalize().as_tuple().exponent
    if quantity <= 0 or len(text) > 12 or not isinstance(exponent, int) or exponent < -5:
        return full, "1", full
    price = int((full / quantity).to_integral_value(ROUND_CEILING))
    gross = int((price * quantity).to_integral_value(ROUND_HALF_EVEN))
    return (price, text, gross) if gross >= full else (price + 1, text, int((price + 1) * quantity))


def plain_number(number: Decimal) -> str:
    """A number as plain text without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
