"""Which stores can fill a cart: now, later (after a transfer), or not; as data for shoppers, staff and allocation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from bridge.domain.hours import Hours, is_open, ready_by

ZERO = Decimal(0)
Answer = Literal["now", "later", "no"]
Wanted = tuple[str, Decimal]


@dataclass(frozen=True, slots=True)
class StoreShelf:
    """A store and what it has: ``counts`` by variation, missing where it does not count that variation.

    ``buffers`` are units never promised, ``reserved`` units already promised to orders. ``lead`` is the opening time
    needed to prepare a pickup; ``gives`` says whether other stores may be supplied from here.
    """

    store_id: str
    name: str
    counts: Mapping[str, Decimal]
    hours: Hours
    lead: timedelta = timedelta(hours=2)
    buffers: Mapping[str, Decimal] = field(default_factory=dict)
    reserved: Mapping[str, Decimal] = field(default_factory=dict)
    active: bool = True
    pickups: bool = True
    gives: bool = True

    def free(self, variation: str) -> Decimal:
        """Units that may be promised, never below zero."""
        held = self.counts.get(variation, ZERO) - self.buffers.get(variation, ZERO)
        return max(ZERO, held - self.reserved.get(variation, ZERO))


@dataclass(frozen=True, slots=True)
class StoreAnswer:
    """What one store can say to a cart.

    ``missing`` is what it does not have itself; ``from_stores`` says which stores would send how much of it (only
    for ``later``). ``ready`` is when the goods can be fetched, ``None`` when they cannot.
    """

    store_id: str
    name: str
    answer: Answer
    ready: datetime | None
    open_now: bool
    missing: tuple[Wanted, ...] = ()
    from_stores: tuple[tuple[str, str, Decimal], ...] = ()


def availability(
    cart: Sequence[Wanted],
    shelves: Sequence[StoreShelf],
    now: datetime,
    *,
    transfer: timedelta | None = None,
) -> list[StoreAnswer]:
    """An answer of every active store that hands out pickups, soonest first; doubled cart lines are added up.

    ``transfer`` is how long goods take from store to store (around the clock); ``None`` means they never travel.
    """
    wanted: dict[str, Decimal] = {}
    for variation, quantity in cart:
        if quantity > 0:
            wanted[variation] = wanted.get(variation, ZERO) + quantity
    answers = [_answer(wanted, shelf, shelves, now, transfer) for shelf in shelves if shelf.active and shelf.pickups]
    far = now + timedelta(days=10_000)
    rank = {"now": 0, "later": 1, "no": 2}
    return sorted(answers, key=lambda found: (rank[found.answer], found.ready or far, found.name, found.store_id))


def _answer(
    wanted: Mapping[str, Decimal],
    shelf: StoreShelf,
    shelves: Sequence[StoreShelf],
    now: datetime,
    transfer: timedelta | None,
) -> StoreAnswer:
    missing = {v: n - shelf.free(v) for v, n in wanted.items() if n > shelf.free(v)}
    open_now = is_open(shelf.hours, now)
    said = shelf.store_id, shelf.name
    if not missing:
        ready = ready_by(shelf.hours, now, shelf.lead) if wanted else None
        return StoreAnswer(*said, "now" if ready else "no", ready, open_now)
    lacks = tuple(missing.items())
    sent = _supplies(missing, shelf, shelves) if transfer is not None else None
    if sent is None or transfer is None:
        return StoreAnswer(*said, "no", None, open_now, lacks)
    ready = ready_by(shelf.hours, now + transfer, shelf.lead)
    if ready is None:
        return StoreAnswer(*said, "no", None, open_now, lacks)
    return StoreAnswer(*said, "later", ready, open_now, lacks, tuple(sent))


def _supplies(
    missing: Mapping[str, Decimal], shelf: StoreShelf, shelves: Sequence[StoreShelf]
) -> list[tuple[str, str, Decimal]] | None:
    """(variation, store, quantity) that would cover what is missing, from as few stores as it takes; or ``None``."""
    givers = [other for other in shelves if other.active and other.gives and other.store_id != shelf.store_id]
    sent = []
    for variation, needed in missing.items():
        for other in sorted(givers, key=lambda s: (-s.free(variation), s.store_id)):
            part = min(needed, other.free(variation))
            if part > 0:
                sent.append((variation, other.store_id, part))
                needed -= part
        if needed > 0:
            return None
    return sent
