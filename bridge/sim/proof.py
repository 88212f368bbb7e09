"""Judges what a bridge did, from the simulators' own record of what truly happened: never from the bridge's tables.

For every linked variation the truth is: what there was at the opening, plus every effect that people caused on either
side since (till sales, refunds that restock, receipts, waste, counts, online orders and their returns, edits by the
shop's staff). What the bridge itself wrote is no cause. After quiet both sides must show that truth.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from bridge.domain.order import TILL_VIA
from bridge.sim.kernel.journal import Journal, TrueEvent
from bridge.sim.square.account import FakeSquare
from bridge.sim.woo.shop import FakeWoo

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pair:
    """One variation under its two names."""

    woo_id: str
    square_id: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a world stood when the bridge had opened its stock: numbers, and how far the journals were.

    ``orders`` of the shop and ``refunds`` at Square were there before; nobody judges them.
    """

    stock: Mapping[Pair, Decimal]
    woo_seq: int
    square_seq: int
    orders: frozenset[int] = frozenset()
    refunds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One variation judged. ``truth`` is what there really is; ``square`` the sum of the stores, ``woo`` the shop."""

    pair: Pair
    truth: Decimal
    square: Decimal
    woo: int | None
    by_store: Mapping[str, Decimal]
    shop_should_show: int

    @property
    def square_drift(self) -> Decimal:
        """How far the stores are off the truth."""
        return self.square - self.truth

    @property
    def woo_drift(self) -> int:
        """How far the shop is off what it should show."""
        return (self.woo if self.woo is not None else 0) - self.shop_should_show

    @property
    def ok(self) -> bool:
        """True when both sides show the truth."""
        return not self.square_drift and not self.woo_drift


def take_opening(woo: FakeWoo, square: FakeSquare, pairs: Iterable[Pair]) -> Opening:
    """The world as it stands now, when both sides were just brought in step."""
    stock = {pair: sum(stores_of(square, pair.square_id).values(), ZERO) for pair in pairs}
    before = frozenset(woo.state.orders), frozenset(square.state.refunds)
    return Opening(stock, len(woo.journal), len(square.journal), *before)


def stores_of(square: FakeSquare, variation_id: str) -> dict[str, Decimal]:
    """On hand per location."""
    return {store: square.state.inventory.on_hand(variation_id, store) for store in square.state.locations}


def is_external(event: TrueEvent) -> bool:
    """True for what people did; false for what a program wrote through an API key."""
    return not event.actor.startswith("api:") or event.kind in (
        "order_reduce",
        "order_restore",
        "refund_restock",
        "line_edit",
    )


def effects(
    journal: Journal, since: int, *, images: Callable[[TrueEvent], bool] = lambda _: False
) -> dict[str, Decimal]:
    """Sum of people's effects per stock id after a sequence number; ``images`` of what the other side did are none."""
    total: dict[str, Decimal] = {}
    for event in journal.since(since):
        if event.stock_id and is_external(event) and not images(event):
            total[event.stock_id] = total.get(event.stock_id, ZERO) + event.delta
    return total


Echoes = Mapping[tuple[int, str], Decimal]
"""Units of an order of the shop (its id, the stock id) that both sides wrote down as come back: they came once."""


def judge(
    woo: FakeWoo,
    square: FakeSquare,
    opening: Opening,
    *,
    online: Sequence[str] | None = None,
    buffer: int = 0,
    echoes: Echoes | None = None,
) -> list[Verdict]:
    """Judge every variation of the opening. ``online`` are the stores that sell online (all by default); ``echoes``
    count once (``order_proof.came_back_twice``).
    """
    by_woo = effects(woo.journal, opening.woo_seq, images=partial(_of_till_sale, woo))
    by_square = effects(square.journal, opening.square_seq, images=lambda event: bool(mirrored_order(square, event)))
    stores = list(online) if online is not None else list(square.state.locations)
    verdicts = []
    for pair, start in opening.stock.items():
        on_hand = stores_of(square, pair.square_id)
        item = woo.state.items.get(int(pair.woo_id))
        truth = start + by_woo.get(pair.woo_id, ZERO) + by_square.get(pair.square_id, ZERO)
        truth -= sum((units for (_, one), units in (echoes or {}).items() if one == pair.woo_id), ZERO)
        sellable = truth - sum((n for store, n in on_hand.items() if store not in stores), ZERO) - buffer
        allows_debt = item is not None and item.backorders in ("yes", "notify")
        verdicts.append(
            Verdict(
                pair=pair,
                truth=truth,
                square=sum(on_hand.values(), ZERO),
                woo=int(item.stock) if item is not None and item.stock is not None else None,
                by_store=on_hand,
                shop_should_show=int(sellable if allows_debt else max(sellable, ZERO)),
            )
        )
    return verdicts


def doubled_items(square: FakeSquare) -> dict[str, int]:
    """SKUs that more than one live Square variation holds (how many)."""
    seen: dict[str, int] = {}
    for variation_id in square.state.catalog.live_ids("ITEM_VARIATION"):
        row = square.state.catalog.live(variation_id)
        sku = str((row or {}).get("item_variation_data", {}).get("sku", "")).strip().lower()
        if sku:
            seen[sku] = seen.get(sku, 0) + 1
    return {sku: times for sku, times in seen.items() if times > 1}


def carried(
    square: FakeSquare, since: int, mark: str = "bridge:order:", *, only: Collection[str] | None = None
) -> dict[str, Decimal]:
    """What was carried to Square for each online order line (``order id:line id``), by the references left there."""
    total: dict[str, Decimal] = {}
    for event in square.journal.since(since):
        reference = _carried_as(square, event)
        if only is not None and event.stock_id not in only:
            continue
        if reference.startswith(mark):
            order_id, line_id = reference.removeprefix(mark).split(":")[:2]
            name = f"{order_id}:{line_id}"
            total[name] = total.get(name, ZERO) + event.delta
    return total


def _carried_as(square: FakeSquare, event: TrueEvent) -> str:
    """The reference an event carries; Square's own decrement of a mirrored order carries that order's."""
    reference = str(event.detail.get("reference_id", ""))
    if reference.startswith("bridge:till:") and event.actor.startswith("api:"):
        return f"bridge:order:{reference.removeprefix('bridge:till:')}"
    mirrored = mirrored_order(square, event)
    if mirrored:
        return f"bridge:order:{mirrored}:till"
    return reference if event.actor.startswith("api:") else ""


def mirrored_order(square: FakeSquare, event: TrueEvent) -> str:
    """The shop's order whose order at Square gave these goods, "" for any other event."""
    order = square.state.orders.get(str(event.detail.get("transaction_id", "")))
    name = str(order.get("reference_id") or "") if order else ""
    return name.removeprefix("woo-") if event.kind == "sale" and name.startswith("woo-") else ""


def _of_till_sale(woo: FakeWoo, event: TrueEvent) -> bool:
    """True for what the shop's own order of a till sale did to its number: the goods moved at the till, once."""
    side, _, number = event.reference.partition(":")
    order = woo.state.orders.get(int(number)) if side == "order" and number.isdecimal() else None
    return getattr(order, "created_via", "") == TILL_VIA


def order_faults(
    woo: FakeWoo, square: FakeSquare, opening: Opening, *, echoes: Echoes | None = None
) -> tuple[list[str], list[str]]:
    """(lost, doubled) order lines made after the opening: what Square was told is less or more than what they took."""
    sold = carried(square, opening.square_seq, only={pair.square_id for pair in opening.stock})
    ours = {pair.woo_id for pair in opening.stock}
    took: dict[str, Decimal] = {}
    for event in woo.journal.since(opening.woo_seq):
        if _of_till_sale(woo, event):
            continue
        if event.kind in ("order_reduce", "order_restore", "refund_restock", "line_edit") and event.stock_id in ours:
            took[event.reference] = took.get(event.reference, ZERO) + event.delta
    for (number, _), units in (echoes or {}).items():
        took[f"order:{number}"] = took.get(f"order:{number}", ZERO) - units
    told: dict[str, Decimal] = {}
    for name, quantity in sold.items():
        order = f"order:{name.partition(':')[0]}"
        told[order] = told.get(order, ZERO) + quantity
    names = sorted(set(took) | set(told))
    lost = [name for name in names if told.get(name, ZERO) > took.get(name, ZERO)]
    doubled = [name for name in names if told.get(name, ZERO) < took.get(name, ZERO)]
    return lost, doubled
