"""Decides which store gives the goods of an order, without ever giving more than it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    Per variation, both together are exactly what was ordered.
    """

    by_line: tuple[Part, ...] = ()
    shortage: tuple[Line, ...] = ()


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

    The store the shopper chose gives what it has and nothing else does. Else the steps of ``policy`` are tried in
    turn: ``single`` one store that has everything (stores of ``priority`` first, then the one with most);
    ``priority`` per line the first listed store that has all of it; ``most`` per line the store with most of it. A
    line is split over stores only with ``may_split``, and only under a policy that looks at lines. Only the stores
    named in ``counts`` and ``priority`` are thought of: leave out those that do not ship.
    """
    shelf = _Shelf(counts, priority)
    wanted = [(variation, quantity) for variation, quantity in lines if quantity > 0]
    if pickup_store:
        return _collect([shelf.split(line, [pickup_store]) for line in wanted], wanted)
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
    if may_split:
        for n, line in enumerate(wanted):
            placed[n] = placed[n] or shelf.split(line, shelf.order(line[0], *policy))
    return _collect(placed, wanted)


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

    def store_with_all(self, lines: Sequence[Line]) -> str:
        """The store that has every line in full: by ``priority``, then most of it all, then by id; "" if none."""
        needed: dict[str, Decimal] = {}
        for variation, quantity in lines:
            needed[variation] = needed.get(variation, ZERO) + quantity
        stores = {store for variation in needed for store in self.left.get(variation, {})}
        able = [s for s in stores if all(self.has(v, s) >= q for v, q in needed.items())]

        def choice(store: str) -> tuple[int, Decimal, str]:
            return self.rank(store)[0], -sum((self.has(v, store) for v in needed), ZERO), store

        return min(able, key=choice, default="")

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


def _collect(placed: Sequence[Sequence[Part]], wanted: Sequence[Line]) -> Allocation:
    shortage = []
    for parts, (variation, quantity) in zip(placed, wanted, strict=True):
        missing = quantity - sum((part for _, _, part in parts), ZERO)
        if missing:
            shortage.append((variation, missing))
    return Allocation(tuple(part for parts in placed for part in parts), tuple(shortage))
