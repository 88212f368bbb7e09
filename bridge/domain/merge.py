"""Decides which side's value of a field holds, from what both last agreed on; and adds up stock changes.

With a base (what each side showed, in its own words, when they last agreed):

    woo changed   square changed   holds
    no            no               agreed
    yes           no               woo
    no            yes              square
    yes           yes              agreed when both mean the same, else what the rule says

``woo_only``/``square_only`` let the named side hold whenever anything changed. Without a base (first contact)
nothing is hidden, replaced or emptied unasked. Name, price and SKU are never emptied: that becomes a conflict.
Every function here is total, deterministic and treats the two sides alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.domain.fields import Value, is_empty, same
from bridge.domain.product import Side
from bridge.domain.times import parse_time

Rule = Literal["woo", "square", "newest", "ask", "woo_only", "square_only", "off"]
Pair = tuple[Value, Value]
"""What woo showed and what square showed when they last agreed, each in its own words (translation loses detail)."""

NEVER_EMPTIED = frozenset({"name", "price", "sku"})
KEPT_AT_FIRST_CONTACT = frozenset({"visible"})
"""Fields left as they are on both sides at first contact: nothing is hidden or shown before a person has looked."""

_ONE_WAY: dict[str, Side] = {"woo_only": "woo", "square_only": "square"}
_OWNER: dict[str, Side] = {"woo": "woo", "square": "square"}


@dataclass(frozen=True, slots=True)
class Merged:
    """Whose value holds. ``agreed``: nothing to write, the pair is the new base; ``off``: not looked at."""

    winner: Literal["agreed", "woo", "square", "conflict", "off"]
    reason: str


def merge_field(
    field: str,
    base: Pair | None,
    woo: Value,
    square: Value,
    rule: Rule,
    *,
    woo_seen: str = "",
    square_seen: str = "",
) -> Merged:
    """Whose value of ``field`` holds now.

    ``woo_seen``/``square_seen`` are the ISO times, by the bridge's own clock, at which each side's change was first
    seen; only the rule ``newest`` reads them, and without two different times it is a conflict.
    """
    if rule == "off":
        return Merged("off", "this field is not synced")
    if base is None:
        merged = _first_contact(field, woo, square, rule)
    else:
        merged = _since_base(field, base, woo, square, rule, (woo_seen, square_seen))
    if merged.winner in _OWNER and field in NEVER_EMPTIED:
        winning, losing = (woo, square) if merged.winner == "woo" else (square, woo)
        if is_empty(winning) and not is_empty(losing):
            return Merged("conflict", f"emptied in {merged.winner}; a {field} is never emptied unasked")
    return merged


def merge_stock(base: int, woo: int, square: int) -> int:
    """Both sides' changes since ``base`` together: stock has no winner."""
    return base + (woo - base) + (square - base)


def _first_contact(field: str, woo: Value, square: Value, rule: Rule) -> Merged:
    if same(field, woo, square):
        return Merged("agreed", "the same at first contact")
    if field in KEPT_AT_FIRST_CONTACT:
        return Merged("agreed", "left as it is on both sides at first contact")
    if named := _ONE_WAY.get(rule):
        if is_empty(woo if named == "woo" else square):
            return Merged("agreed", f"{named} has none to bring over at first contact")
        return Merged(named, f"the rule is {rule}")
    if is_empty(woo) or is_empty(square):
        return Merged("square" if is_empty(woo) else "woo", "the other side had none at first contact")
    if owner := _OWNER.get(rule):
        return Merged(owner, f"differed at first contact; the rule is {rule}")
    return Merged("conflict", "differed at first contact")


def _since_base(field: str, base: Pair, woo: Value, square: Value, rule: Rule, seen: tuple[str, str]) -> Merged:
    woo_changed, square_changed = woo != base[0], square != base[1]
    if not woo_changed and not square_changed:
        return Merged("agreed", "unchanged")
    if woo_changed and square_changed and same(field, woo, square):
        return Merged("agreed", "both sides changed to the same")
    if named := _ONE_WAY.get(rule):
        return Merged(named, f"the rule is {rule}")
    if not square_changed:
        return Merged("woo", "changed in woo")
    if not woo_changed:
        return Merged("square", "changed in square")
    if owner := _OWNER.get(rule):
        return Merged(owner, f"both sides changed; the rule is {rule}")
    return _newest(*seen) if rule == "newest" else Merged("conflict", "both sides changed")


def _newest(woo_seen: str, square_seen: str) -> Merged:
    woo_moment, square_moment = _moment(woo_seen), _moment(square_seen)
    if woo_moment is None or square_moment is None or woo_moment == square_moment:
        return Merged("conflict", "both sides changed and it is not known which was later")
    later: Side = "woo" if woo_moment > square_moment else "square"
    return Merged(later, f"both sides changed; {later} was later")


def _moment(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        return None
