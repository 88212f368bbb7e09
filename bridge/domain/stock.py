"""The stock protocol's arithmetic: what the shop should show, what a gap means, which store a change falls on.

Numbers of the shop are ints, Square's are Decimals per store. A negative effect takes goods out, a positive one puts
them in. Nothing here writes: differences come out, never absolute numbers to store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations, islice
from typing import Literal

from bridge.domain.categories import most_specific
from bridge.domain.fields import plain_sku

ZERO = Decimal(0)
MAX_SUBSETS = 10_000
"""How many subsets of orders are tried before a gap is called a staff edit (13 orders are searched in full)."""


@dataclass(frozen=True, slots=True)
class StockView:
    """One variation's stock as known now.

    ``woo_expected`` is what the shop should show by the ledger; ``counts`` maps store ids to Square's on hand;
    ``pending`` is the signed effect on Square of movements known from WooCommerce that Square's numbers do not
    contain yet (a sale of 2 = -2); ``buffer`` units are held back from the shop.
    """

    woo_expected: int
    counts: Mapping[str, Decimal]
    online_stores: tuple[str, ...]
    pending: Decimal
    buffer: int = 0
    backorders: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What the shop should show. ``raw`` is the exact sum, ``debt`` what is owed below a shown zero.

    ``refusal`` is "" or the reason for not touching the shop: ``no_counts`` or ``fractional`` (``quantity`` is 0).
    """

    quantity: int
    raw: Decimal
    debt: Decimal
    refusal: str


def target(view: StockView) -> Target:
    """Available online = on hand of the online stores + pending - buffer, shown as 0 when below, unless backorders.

    A store without a count adds nothing; when no online store has one the variation is not counted at all and
    the shop is left alone (a missing count is not a zero).
    """
    known = [view.counts[store] for store in view.online_stores if store in view.counts]
    if not known:
        return Target(0, ZERO, ZERO, "no_counts")
    raw = sum(known, ZERO) + view.pending - view.buffer
    if raw != raw.to_integral_value():
        return Target(0, raw, ZERO, "fractional")
    if raw < 0 and not view.backorders:
        return Target(0, raw, -raw, "")
    return Target(int(raw), raw, ZERO, "")


def woo_delta(view: StockView) -> int:
    """What to add to the shop's number; 0 when the target is refused."""
    wanted = target(view)
    return 0 if wanted.refusal else wanted.quantity - view.woo_expected


@dataclass(frozen=True, slots=True)
class ReducedChange:
    """How much more or less of a variation an order line has taken from the shop's stock than when last seen."""

    line_id: str
    variation_id: str
    before: Decimal
    after: Decimal

    @property
    def effect(self) -> Decimal:
        """The signed effect on stock: two more taken = -2."""
        return self.before - self.after


def reduced_changes(
    before: Mapping[str, tuple[str, Decimal]], after: Mapping[str, tuple[str, Decimal]]
) -> list[ReducedChange]:
    """What changed between two readings of an order, by line id, each line as (variation id, reduced).

    A vanished line has given everything back; a line whose variation was exchanged gives the old one back and
    takes the new one. Sorted by line id; unchanged lines are left out.
    """
    changes = []
    for line_id in sorted({*before, *after}):
        was, now = before.get(line_id), after.get(line_id)
        if was and now and was[0] == now[0]:
            changes.append(ReducedChange(line_id, was[0], was[1], now[1]))
            continue
        if was:
            changes.append(ReducedChange(line_id, was[0], was[1], ZERO))
        if now:
            changes.append(ReducedChange(line_id, now[0], ZERO, now[1]))
    return [change for change in changes if change.effect]


GapCause = Literal["none", "lost_decrement", "lost_increment", "staff_edit"]


@dataclass(frozen=True, slots=True)
class WindowOrder:
    """A movement that fell into the window of one of our writes: its cause and its signed effect on stock."""

    cause: str
    effect: int


def explain_gap(gap: int, window: Sequence[WindowOrder]) -> tuple[GapCause, tuple[str, ...]]:
    """What a gap (seen - expected, measured while nothing moved) comes from, with the causes of the lost orders.

    The shop's read-add-save can overwrite order movements that fall into it: a surplus equal to such orders is a
    lost decrement, a lack equal to such restocks a lost increment. All of them are tried first, then the fewest.
    What they do not explain is a staff edit.
    """
    if gap == 0:
        return "none", ()
    moved = sorted((order for order in window if order.effect), key=lambda order: order.cause)
    subsets = (some for size in range(1, len(moved)) for some in combinations(moved, size))
    for some in (tuple(moved), *islice(subsets, MAX_SUBSETS)):
        if some and sum(order.effect for order in some) == -gap:
            return ("lost_decrement" if gap > 0 else "lost_increment"), tuple(order.cause for order in some)
    return "staff_edit", ()


def spread(quantity: Decimal, counts: Mapping[str, Decimal], preferred: Sequence[str]) -> list[tuple[str, Decimal]]:
    """Lay a signed change over stores; the parts sum to ``quantity`` exactly.

    What comes in goes to the first preferred store. What goes out is taken from one store where possible
    (preferred ones first, then the one with most), else from several in that order; what nobody has is taken from
    the first preferred store, which may go below zero. Raises ``ValueError`` when no store is known at all.
    """
    if not quantity:
        return []
    rest = sorted((store for store in counts if store not in preferred), key=lambda s: (-counts[s], s))
    order = [*dict.fromkeys(preferred), *rest]
    if not order:
        raise ValueError("a stock change needs at least one store")
    if quantity > 0:
        return [(order[0], quantity)]
    needed = -quantity
    for store in order:
        if counts.get(store, ZERO) >= needed:
            return [(store, quantity)]
    return _take_from_several(needed, counts, order)


def _take_from_several(
    needed: Decimal, counts: Mapping[str, Decimal], order: Sequence[str]
) -> list[tuple[str, Decimal]]:
    taken = {}
    for store in order:
        taken[store] = min(needed, max(counts.get(store, ZERO), ZERO))
        needed -= taken[store]
    taken[order[0]] += needed
    return [(store, -part) for store, part in taken.items() if part]


@dataclass(frozen=True, slots=True)
class Buffers:
    """Units held back from the shop: per SKU, else per category, else ``default``; and per store on top."""

    default: int = 0
    by_store: Mapping[str, int] = field(default_factory=dict)
    by_category: Mapping[str, int] = field(default_factory=dict)
    by_sku: Mapping[str, int] = field(default_factory=dict)

    def total(self, sku: str, categories: Sequence[str], online_stores: Sequence[str]) -> int:
        """All units held back of one SKU; of several equally specific categories the largest buffer counts."""
        by_sku = {plain_sku(key): units for key, units in self.by_sku.items()}
        here = [by_sku[plain_sku(sku)]] if plain_sku(sku) in by_sku else []
        own = max(here or most_specific(self.by_category, categories) or [self.default])
        return own + sum(self.by_store.get(store, 0) for store in online_stores)


@dataclass(frozen=True, slots=True)
class DriftHints:
    """What is known around a drifting number.

    ``in_flight`` are our writes not confirmed yet and ``unseen`` movements one side knows and the number does not
    contain yet (effects as they will show); ``window`` are orders that fell into one of our writes; ``buffer_change``
    is how much the safety buffer grew since the number was last written; ``debt`` what is owed below a shown zero.
    """

    in_flight: Sequence[WindowOrder] = ()
    unseen: Sequence[WindowOrder] = ()
    window: Sequence[WindowOrder] = ()
    buffer_change: int = 0
    debt: int = 0
    untracked: bool = False
    fractional: bool = False


def explain_drift(shown: int | None, expected: int, hints: DriftHints | None = None) -> list[str]:
    """Likely causes of ``shown`` != ``expected``, likeliest first; empty when there is no drift.

    Each is a word, then after a colon the causes it rests on: untracked, fractional, in_flight, unseen,
    lost_decrement, lost_increment, buffer, debt, staff_edit (when nothing else explains it).
    """
    hints = hints or DriftHints()
    if shown is None or hints.untracked:
        return ["untracked"]
    gap = shown - expected
    if not gap:
        return []
    causes = ["fractional"] if hints.fractional else []
    for word, waiting in (("in_flight", hints.in_flight), ("unseen", hints.unseen)):
        _, missing = explain_gap(gap, waiting)
        if missing:
            causes.append(f"{word}: {', '.join(missing)}")
    kind, lost = explain_gap(gap, hints.window)
    if lost:
        causes.append(f"{kind}: {', '.join(lost)}")
    if hints.buffer_change and gap == hints.buffer_change:
        causes.append(f"buffer: {hints.buffer_change:+d}")
    if hints.debt and gap == hints.debt:
        causes.append(f"debt: {hints.debt}")
    return causes or ["staff_edit"]
