"""Decides which store gives the goods of an order, without ever giving more than it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Step = Literal["single", "priority", "most"]
Line = tuple[str, Decimal]
Part = tuple[str, str, Decimal]

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Allocation:
    """``by_line``: (variation id, store id, quantity) in the order of the lines; ``shortage``: what no store gives.

    Per variation, both together are exactly what was ordered. ``home`` is the store that has to answer for the
    shortage: the one chosen by the shopper, or the one an order that is not split goes to; "" when there is none.
    """

    by_line: tuple[Part, ...] = ()
    shortage: tuple[Line, ...] = ()
    home: str = ""


def allocate(
    lines: Sequence[Line],
    counts: Mapping[str, Mapping[str, Decimal]],
    *,
    pickup_store: str = "",
    policy: Sequence[Step] = ("single", "priority", "most"),
    priority: Sequence[str] = (),
    may_split: bool = False,
) -> Allocation:
    """Allocate order lines (variation id, quantity) to stores; ``counts`` maps variation -> store -> on hand.

    The store the shopper chose gives what it has and nothing else does. Else, unless the order ``may_split``, one
    store gives everything: of those that have it all, the one the first step of ``policy`` names (``single`` stores
    of ``priority`` first, then the one with most; ``priority`` the first listed; ``most`` the one with most); where
    none has it all, the one that lacks least, and what it lacks is short.

    An order that may be split is tried whole first, if ``single`` is the first step, then line by line: ``priority``
    the first listed store that has all of the line, ``most`` the store with most of it; what is left is split. Only
    the stores named in ``counts`` and ``priority`` are thought of: leave out those that do not ship.
    """
    shelf = _Shelf(counts, priority)
    wanted = [(variation, quantity) for variation, quantity in lines if quantity > 0]
    home = pickup_store or ("" if may_split else shelf.one_store(wanted, policy))
    if home or not may_split:
        return _collect([shelf.split(line, [home]) for line in wanted], wanted, home)
    return _collect(_line_by_line(shelf, wanted, policy), wanted)


def _line_by_line(shelf: _Shelf, wanted: Sequence[Line], policy: Sequence[Step]) -> list[list[Part]]:
    placed: list[list[Part]] = [[] for _ in wanted]
    for step in policy:
        open_lines = [n for n, parts in enumerate(placed) if not parts]
        if step == "single":
            store = shelf.store_with_all([wanted[n] for n in open_lines])
            stores_of = {n: [store] for n in open_lines}
        else:
            stores_of = {n: shelf.order(wanted[n][0], step) for n in open_lines}
        for n in open_lines:
            placed[n] = shelf.whole(wanted[n], stores_of[n])
    by_line = [step for step in policy if step != "single"] or ["priority", "most"]
    return [
        parts or shelf.split(line, shelf.order(line[0], *by_line)) for line, parts in zip(wanted, placed, strict=True)
    ]


class _Shelf:
    """What the stores still have while lines are being placed."""

    def __init__(self, counts: Mapping[str, Mapping[str, Decimal]], priority: Sequence[str]) -> None:
        self.left = {v: {s: max(n, ZERO) for s, n in stores.items()} for v, stores in counts.items()}
        self.priority = list(dict.fromkeys(priority))

    def has(self, variation: str, store: str) -> Decimal:
        return self.left.get(variation, {}).get(store, ZERO)

    def rank(self, store: str) -> tuple[int, str]:
        place = self.priority.index(store) if store in self.priority else len(self.priority)
        return place, store

    def order(self, variation: str, *steps: str) -> list[str]:
        """Stores to ask for a line: the listed ones for ``priority``, then all, most first, for ``most``."""
        listed = self.priority if "priority" in steps else []
        stores = self.left.get(variation, {}) if "most" in steps else {}
        most = sorted(stores, key=lambda s: (-stores[s], *self.rank(s)))
        return list(dict.fromkeys([*listed, *most]))

    def store_with_all(self, lines: Sequence[Line], step: Step = "single") -> str:
        """The store that has every line in full, as ``step`` prefers them; "" if none.

        ``single``: by ``priority``, then most of it all, then by id. ``priority``: listed stores only. ``most``: most.
        """
        needed = _needed(lines)
        able = [s for s in self._stores(needed) if all(self.has(v, s) >= q for v, q in needed.items())]
        if step == "priority":
            able = [store for store in able if store in self.priority]

        def choice(store: str) -> tuple[Decimal, Decimal, str]:
            most, rank = -sum((self.has(v, store) for v in needed), ZERO), Decimal(self.rank(store)[0])
            return (most, rank, store) if step == "most" else (rank, most, store)

        return min(able, key=choice, default="")

    def one_store(self, lines: Sequence[Line], policy: Sequence[Step]) -> str:
        """The store of an order that is not split: one that has it all, else the one that lacks least."""
        for step in policy:
            store = self.store_with_all(lines, step)
            if store:
                return store
        needed = _needed(lines)

        def gives(store: str) -> Decimal:
            return sum((min(self.has(v, store), q) for v, q in needed.items()), ZERO)

        stores = {*self._stores(needed), *self.priority} if needed else set[str]()
        return min(stores, key=lambda store: (-gives(store), self.rank(store)), default="")

    def _stores(self, variations: Iterable[str]) -> set[str]:
        return {store for variation in variations for store in self.left.get(variation, {})}

    def whole(self, line: Line, stores: Sequence[str]) -> list[Part]:
        """The line from the first of the stores that has all of it; nothing when none has."""
        able = [store for store in stores if self.has(line[0], store) >= line[1]]
        return self.split(line, able[:1])

    def split(self, line: Line, stores: Sequence[str]) -> list[Part]:
        """As much of the line as the stores have, in their order; taken off the shelf."""
        variation, missing = line
        parts = []
        for store in stores:
            part = min(missing, self.has(variation, store))
            if part:
                self.left[variation][store] -= part
                missing -= part
                parts.append((variation, store, part))
        return parts


def _needed(lines: Sequence[Line]) -> dict[str, Decimal]:
    needed: dict[str, Decimal] = {}
    for variation, quantity in lines:
        needed[variation] = needed.get(variation, ZERO) + quantity
    return needed


def _collect(placed: Sequence[Sequence[Part]], wanted: Sequence[Line], home: str = "") -> Allocation:
    shortage = []
    for parts, (variation, quantity) in zip(placed, wanted, strict=True):
        missing = quantity - sum((part for _, _, part in parts), ZERO)
        if missing:
            shortage.append((variation, missing))
    return Allocation(tuple(part for parts in placed for part in parts), tuple(shortage), home)
