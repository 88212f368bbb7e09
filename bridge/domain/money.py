"""Money as whole minor units (cents): exact reading and writing of a shop's decimal texts.

WooCommerce sends amounts as decimal text with a dot, Square as whole minor units; in between there are only ints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bridge.errors import InputError

_AMOUNT = re.compile(r"([+-]?)([0-9]*)\.?([0-9]*)")


def parse_amount(text: str | None, decimals: int = 2) -> int | None:
    """Minor units of a decimal text, rounded half up (away from zero) beyond ``decimals``.

    ``None``, "" and anything but plain digits with at most one dot give ``None``: no amount is ever guessed.
    """
    found = _AMOUNT.fullmatch((text or "").strip())
    if found is None or not (found[2] or found[3]):
        return None
    digits = found[3].ljust(decimals + 1, "0")
    minor = int(found[2] + digits[:decimals] or "0") + (digits[decimals] >= "5")
    return -minor if found[1] == "-" else minor


def format_amount(minor: int | None, decimals: int = 2) -> str:
    """The decimal text WooCommerce understands: ``1250`` -> "12.50"; "" for ``None`` (no price)."""
    if minor is None:
        return ""
    sign = "-" if minor < 0 else ""
    if decimals == 0:
        return f"{sign}{abs(minor)}"
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency (ISO 4217 code); mixing currencies raises ``InputError``."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._alike(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._alike(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def _alike(self, other: Money) -> int:
        if other.currency != self.currency:
            raise InputError(f"Amounts in {self.currency} and {other.currency} cannot be put together.")
        return other.minor
