"""The opening count: whose number is true when a variation is kept in step for the first time.

Nothing is guessed: equal numbers are agreed, different ones need the retailer's word (or the direction in which the
product was created), and a side that never counted is not believed to have counted zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

ON_PARENT = "its stock is counted on its parent product in the shop"
SQUARE_UNTRACKED = "Square does not track it"
SHOP_UNTRACKED = "the shop does not track it"
NEITHER_TRACKED = "neither side tracks it"

Truth = Literal["ask", "woo", "square"]
Step = Literal["agreed", "square_is_true", "woo_is_true", "start_tracking", "ask", "off"]


@dataclass(frozen=True, slots=True)
class Opening:
    """What to do, and why in words. ``number`` is what the shop should show afterwards (where it is known)."""

    step: Step
    why: str
    number: int | None = None


def open_stock(
    *,
    woo_quantity: Decimal | None,
    woo_tracking: str,
    square_tracking: str,
    has_counts: bool,
    square_quantity: int,
    refusal: str,
    truth: Truth,
) -> Opening:
    """Judge one variation.

    ``square_quantity`` is what the shop should show by Square's counts (buffer and pending orders taken off),
    ``refusal`` why it cannot ("fractional" or ""), ``has_counts`` whether any store ever counted it.
    """
    if woo_tracking == "parent":
        return Opening("off", ON_PARENT)
    shop_tracks = woo_quantity is not None and woo_tracking == "tracked"
    if square_tracking != "tracked":
        return Opening("off", SQUARE_UNTRACKED if shop_tracks else NEITHER_TRACKED)
    if not shop_tracks:
        if has_counts and not refusal and truth == "square":
            return Opening("start_tracking", "Square counts it, the shop starts to", square_quantity)
        return Opening("off", SHOP_UNTRACKED)
    if refusal == "fractional":
        return Opening("agreed", "Square's count is fractional; the shop's number is left alone")
    if not has_counts:
        if truth == "woo":
            return Opening("woo_is_true", "no store counted it yet; the shop's number is the opening count")
        if woo_quantity == 0:
            return Opening("agreed", "nothing on either side")
        return Opening("ask", "no store ever counted it, the shop has a number")
    if woo_quantity == square_quantity:
        return Opening("agreed", "both sides show the same", square_quantity)
    if truth == "woo":
        return Opening("woo_is_true", "the shop's number is the opening count")
    if truth == "square":
        return Opening("square_is_true", "Square's count is the opening count", square_quantity)
    return Opening("ask", "the two sides show different numbers")
