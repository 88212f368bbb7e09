"""Concludes what a bridge did in one small object: what drifted, what nobody can explain, what was sold twice or lost.

Like everything in ``proof`` it believes the simulators' journals and state alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bridge.sim.kernel.journal import Journal, TrueEvent
from bridge.sim.order_proof import order_complaints
from bridge.sim.proof import (
    ZERO,
    Opening,
    Pair,
    Verdict,
    doubled_items,
    is_external,
    judge,
    mirrored_order,
    order_faults,
)
from bridge.sim.square.account import FakeSquare
from bridge.sim.woo.order_state import Order
from bridge.sim.woo.shop import FakeWoo

MARK = "bridge:"
KEY_META = "_bridge_key"
Moves = list[tuple[datetime, Decimal, str]]
"""What happened to one variation, oldest first: when, how many, and at which side."""


@dataclass(frozen=True, slots=True)
class Proof:
    """``drift``: variations whose numbers are wrong. ``unexplained``: changes without a cause, or numbers the
    journals do not add up to. ``duplicates``, ``lost``: orders carried twice or not wholly, products made twice.
    ``oversold_beyond_window``: units sold online though they were gone for longer than ``window`` seconds.
    ``orders_wrong``: complaints about orders and their refunds (``order_proof``).
    """

    verdicts: tuple[Verdict, ...]
    drift: int
    unexplained: int
    oversold: int
    oversold_beyond_window: int
    duplicates: int
    lost: int
    window: float
    orders_wrong: int = 0
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        numbers = self.drift or self.unexplained or self.oversold_beyond_window or self.duplicates or self.lost
        return not (numbers or self.orders_wrong)


def prove(
    woo: FakeWoo,
    square: FakeSquare,
    opening: Opening,
    *,
    window: float,
    doubled_before: Mapping[str, int] | None = None,
    online: Sequence[str] | None = None,
    buffer: int = 0,
    mirrors: Callable[[Order], bool] = lambda _: False,
    excused: Collection[int | str] = (),
) -> Proof:
    """Judge a calm world. ``window`` (seconds) is how late a number may reach the shop; ``doubled_before`` are the
    SKUs (how often) that stood more than once on a side before the bridge came; ``mirrors`` and ``excused`` are
    those of ``order_complaints``.
    """
    verdicts = judge(woo, square, opening, online=online, buffer=buffer)
    lost, doubled = order_faults(woo, square, opening)
    bad = [verdict for verdict in verdicts if not verdict.ok]
    odd = [*_writes_without_cause(woo, square, opening), *_not_accounted_for(woo, square, opening)]
    twice = [sku for sku, times in doubled_skus(woo, square).items() if times > (doubled_before or {}).get(sku, 1)]
    oversold, beyond = _oversold(woo, square, opening, window)
    orders = order_complaints(woo, square, opening, mirrors=mirrors, excused=excused)
    told = (
        *(f"{v.pair.woo_id}: truth {v.truth}, stores {v.square}, shop {v.woo}, due {v.shop_should_show}" for v in bad),
        *odd,
        *(f"lost: {name}" for name in lost),
        *(f"carried twice: {name}" for name in doubled),
        *(f"made twice: {sku}" for sku in twice),
        *orders,
    )
    return Proof(
        verdicts=tuple(verdicts),
        drift=len(bad),
        unexplained=len(odd),
        oversold=oversold,
        oversold_beyond_window=beyond,
        duplicates=len(doubled) + len(twice),
        lost=len(lost),
        window=window,
        orders_wrong=len(orders),
        notes=told,
    )


def doubled_skus(woo: FakeWoo, square: FakeSquare) -> dict[str, int]:
    """SKUs that stand on more than one live variation of a side (how many, the worse side)."""
    in_shop = Counter(
        item.sku.strip().lower()
        for item in woo.state.items.values()
        if item.sku and item.type != "variable" and item.status != "trash"
    )
    found = {sku: times for sku, times in in_shop.items() if times > 1}
    for sku, times in doubled_items(square).items():
        found[sku] = max(times, found.get(sku, 0))
    return found


def _writes_without_cause(woo: FakeWoo, square: FakeSquare, opening: Opening) -> Iterator[str]:
    """What a program wrote without saying why: no reference and no order at Square, no key in the shop."""
    for event in square.journal.since(opening.square_seq):
        named = str(event.detail.get("reference_id", "")).startswith(MARK) or mirrored_order(square, event)
        if not is_external(event) and not named:
            yield f"Square {event.kind} of {event.delta} without a reference ({event.stock_id})"
    for event in woo.journal.since(opening.woo_seq):
        if not is_external(event) and event.delta and KEY_META not in (event.detail.get("meta") or {}):
            yield f"shop {event.kind} of {event.delta} without a key ({event.stock_id})"


def _not_accounted_for(woo: FakeWoo, square: FakeSquare, opening: Opening) -> Iterator[str]:
    """Numbers that are not the opening plus everything the journals witnessed."""
    in_shop, in_stores = _moved(woo.journal, opening.woo_seq), _moved(square.journal, opening.square_seq)
    for pair, start in opening.stock.items():
        item = woo.state.items.get(int(pair.woo_id))
        if item is not None and item.stock is not None and item.stock != start + in_shop.get(pair.woo_id, ZERO):
            yield f"the shop's {pair.woo_id} shows {item.stock}, its journal adds up to another number"
        now = sum((square.state.inventory.on_hand(pair.square_id, store) for store in square.state.locations), ZERO)
        if now != start + in_stores.get(pair.square_id, ZERO):
            yield f"the stores count {now} of {pair.square_id}, their journal adds up to another number"


def _moved(journal: Journal, since: int) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for event in journal.since(since):
        total[event.stock_id] = total.get(event.stock_id, ZERO) + event.delta
    return total


def _oversold(woo: FakeWoo, square: FakeSquare, opening: Opening, window: float) -> tuple[int, int]:
    """Units sold online that were not there, and those of them that were gone for longer than the window."""
    moves = _history(opening, woo.journal, square)
    all_of_it = beyond = 0
    for pair, events in moves.items():
        for at, (when, delta, side) in enumerate(events):
            if side != "order":
                continue
            gone, known = _shortage(opening.stock[pair], events[:at], when, -delta, timedelta(seconds=window))
            all_of_it += gone
            beyond += gone if known else 0
    return all_of_it, beyond


def _shortage(start: Decimal, before: Moves, when: datetime, sold: Decimal, window: timedelta) -> tuple[int, bool]:
    """Units of one sale that were not there, and whether the shop must have known.

    The shop knows its own orders at once and what happened elsewhere up to ``window`` later; it is excused when at
    any moment of the window there was enough.
    """
    here = sum((delta for _, delta, side in before if side != "elsewhere"), start)
    elsewhere = [(at, delta) for at, delta, side in before if side == "elsewhere"]
    seen = sum((delta for at, delta in elsewhere if at <= when - window), ZERO)
    most, total = here + seen, here + seen
    for at, delta in elsewhere:
        if at > when - window:
            total += delta
            most = max(most, total)
    gone = min(sold, sold - max(total, ZERO))
    return int(max(gone, ZERO)), gone > 0 and most < sold


def _history(opening: Opening, woo: Journal, square: FakeSquare) -> dict[Pair, Moves]:
    by_woo = {pair.woo_id: pair for pair in opening.stock}
    by_square = {pair.square_id: pair for pair in opening.stock}
    found: dict[Pair, Moves] = {pair: [] for pair in opening.stock}
    for event in _external(woo, opening.woo_seq):
        if event.stock_id in by_woo:
            side = "order" if event.kind == "order_reduce" else "shop"
            found[by_woo[event.stock_id]].append((event.at, event.delta, side))
    for event in _external(square.journal, opening.square_seq):
        # what a till takes for an order of the shop was sold by the shop
        if event.stock_id in by_square and not mirrored_order(square, event):
            found[by_square[event.stock_id]].append((event.at, event.delta, "elsewhere"))
    for moves in found.values():
        moves.sort(key=lambda move: move[0])
    return found


def _external(journal: Journal, since: int) -> Iterator[TrueEvent]:
    return (event for event in journal.since(since) if event.stock_id and is_external(event))
