"""The first-day match: which variation is which on the other side, and everything that stands in the way.

Links are made by hand, by SKU or by GTIN, never by name: look-alikes are only shown. Every row ends in exactly one
place: a pair, a split, or one of the lists doubled, unrepresentable, missing_sku, alone (or it was ignored).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from bridge.domain.fields import plain_gtin, plain_sku, same
from bridge.domain.look_alikes import like
from bridge.domain.product import Side

By = Literal["hand", "sku", "gtin"]


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One variation of one side, as far as matching goes: price in minor units, ``None`` where there is none."""

    side: Side
    product_id: str
    variation_id: str
    sku: str = ""
    gtin: str = ""
    name: str = ""
    title: str = ""
    price: int | None = None
    stock: Decimal | None = None
    kind: str = "simple"
    unrepresentable: str = ""


@dataclass(frozen=True, slots=True)
class Paired:
    """Two rows that are one variation, what showed it, and the fields in which they differ."""

    woo: MatchRow
    square: MatchRow
    by: By
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubled:
    """A SKU that several variations of one side carry; it links nothing."""

    side: Side
    sku: str
    variation_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Two rows with similar names (``score`` 0-1): a hint for a person, never a link."""

    woo: MatchRow
    square: MatchRow
    score: float


@dataclass(frozen=True, slots=True)
class Split:
    """Products whose variations belong to several products of the other side; none of ``pairs`` is linked."""

    woo_products: tuple[str, ...]
    square_products: tuple[str, ...]
    pairs: tuple[Paired, ...]


@dataclass(slots=True)
class MatchReport:
    """The first-day report. ``refused_by_hand`` are hand-made links that name an unknown or doubly used row."""

    pairs: list[Paired] = field(default_factory=list)
    doubled: list[Doubled] = field(default_factory=list)
    missing_sku: list[MatchRow] = field(default_factory=list)
    look_alikes: list[LookAlike] = field(default_factory=list)
    alone: list[MatchRow] = field(default_factory=list)
    unrepresentable: list[MatchRow] = field(default_factory=list)
    split: list[Split] = field(default_factory=list)
    refused_by_hand: list[tuple[str, str]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many of each, by the names of the report; pairs also as ``by_hand``, ``by_sku``, ``by_gtin``."""
        by = Counter(pair.by for pair in self.pairs)
        return {
            "pairs": len(self.pairs),
            "by_hand": by["hand"],
            "by_sku": by["sku"],
            "by_gtin": by["gtin"],
            "different": sum(1 for pair in self.pairs if pair.differences),
            "doubled": len(self.doubled),
            "missing_sku": len(self.missing_sku),
            "look_alikes": len(self.look_alikes),
            "alone_woo": sum(1 for row in self.alone if row.side == "woo"),
            "alone_square": sum(1 for row in self.alone if row.side == "square"),
            "unrepresentable": len(self.unrepresentable),
            "split": len(self.split),
            "refused_by_hand": len(self.refused_by_hand),
        }

    def product_pairs(self) -> list[tuple[str, str]]:
        """(woo product id, square item id) of all linked pairs, each once, in the order of the pairs."""
        return list(dict.fromkeys((pair.woo.product_id, pair.square.product_id) for pair in self.pairs))


def match(
    woo: Sequence[MatchRow],
    square: Sequence[MatchRow],
    *,
    by_hand: Mapping[str, str] | None = None,
    ignore: Collection[tuple[Side, str]] = (),
) -> MatchReport:
    """Match all variations of both sides.

    ``by_hand`` maps woo variation ids to square ones and goes before everything; ``ignore`` names (side, variation
    id) rows to leave out. SKUs are compared trimmed and without regard to case; a GTIN only links rows whose SKU
    found nothing, and only when one row of each side carries it. Time grows linearly with the rows.
    """
    return _Matching(woo, square, ignore).report(by_hand or {})


class _Matching:
    """One matching in progress: rows by id per side, and which of them are taken."""

    def __init__(
        self, woo: Sequence[MatchRow], square: Sequence[MatchRow], ignore: Collection[tuple[Side, str]]
    ) -> None:
        left_out = set(ignore)
        self.woo = {r.variation_id: r for r in woo if ("woo", r.variation_id) not in left_out}
        self.square = {r.variation_id: r for r in square if ("square", r.variation_id) not in left_out}
        self.found: list[Paired] = []
        self.taken: set[tuple[Side, str]] = set()
        self.doubled_skus: set[str] = set()

    def report(self, by_hand: Mapping[str, str]) -> MatchReport:
        report = MatchReport()
        report.refused_by_hand = self.link_by_hand(by_hand)
        report.doubled = self.find_doubled()
        self.link("sku", lambda row: plain_sku(row.sku))
        self.link("gtin", lambda row: plain_gtin(row.gtin))
        report.pairs, report.split = _part_splits(self.found)
        self.sort_the_rest(report)
        report.look_alikes = _look_alikes([*report.alone, *report.missing_sku])
        return report

    def link_by_hand(self, by_hand: Mapping[str, str]) -> list[tuple[str, str]]:
        refused = []
        uses = Counter(by_hand.values())
        for woo_id, square_id in by_hand.items():
            if woo_id in self.woo and square_id in self.square and uses[square_id] == 1:
                self.pair(self.woo[woo_id], self.square[square_id], "hand")
            else:
                refused.append((woo_id, square_id))
        return refused

    def find_doubled(self) -> list[Doubled]:
        doubled = []
        sides: tuple[tuple[Side, dict[str, MatchRow]], ...] = (("woo", self.woo), ("square", self.square))
        for side, rows in sides:
            for sku, holders in _grouped(rows.values(), lambda row: plain_sku(row.sku)).items():
                if len(holders) > 1:
                    self.doubled_skus.add(sku)
                    ids = tuple(row.variation_id for row in holders)
                    doubled.append(Doubled(side, holders[0].sku.strip(), ids))
        return doubled

    def link(self, by: By, key: Callable[[MatchRow], str]) -> None:
        on_woo, on_square = _grouped(self.woo.values(), key), _grouped(self.square.values(), key)
        for value, rows in on_woo.items():
            others = on_square.get(value, [])
            if len(rows) == len(others) == 1 and self.free(rows[0]) and self.free(others[0]):
                self.pair(rows[0], others[0], by)

    def free(self, row: MatchRow) -> bool:
        """Whether a row may still be linked: representable, not linked, and its SKU not doubled anywhere."""
        taken = (row.side, row.variation_id) in self.taken
        return not (taken or row.unrepresentable or plain_sku(row.sku) in self.doubled_skus)

    def pair(self, woo: MatchRow, square: MatchRow, by: By) -> None:
        self.taken |= {("woo", woo.variation_id), ("square", square.variation_id)}
        self.found.append(Paired(woo, square, by, _differences(woo, square)))

    def sort_the_rest(self, report: MatchReport) -> None:
        held = {(d.side, variation_id) for d in report.doubled for variation_id in d.variation_ids}
        for row in (*self.woo.values(), *self.square.values()):
            place = (row.side, row.variation_id)
            if place in self.taken:
                continue
            if row.unrepresentable:
                report.unrepresentable.append(row)
            elif not plain_sku(row.sku):
                report.missing_sku.append(row)
            elif place not in held:
                report.alone.append(row)


def _grouped(rows: Collection[MatchRow], key: Callable[[MatchRow], str]) -> dict[str, list[MatchRow]]:
    """Rows by their key, in order; rows with an empty key are left out."""
    groups: dict[str, list[MatchRow]] = defaultdict(list)
    for row in rows:
        if value := key(row):
            groups[value].append(row)
    return groups


def _differences(woo: MatchRow, square: MatchRow) -> tuple[str, ...]:
    """Fields in which two rows differ; stock only where both count it, titles only of variable products."""
    fields = [
        name for name in ("sku", "gtin", "name", "price") if not same(name, getattr(woo, name), getattr(square, name))
    ]
    if woo.kind == "variable" and not same("title", woo.title, square.title):
        fields.append("title")
    if woo.stock is not None and square.stock is not None and woo.stock != square.stock:
        fields.append("stock")
    return tuple(fields)


def _look_alikes(rows: Sequence[MatchRow]) -> list[LookAlike]:
    woo, square = ([row for row in rows if row.side == side] for side in ("woo", "square"))
    texts = ([f"{row.name} {row.title}" for row in side] for side in (woo, square))
    return [LookAlike(woo[here], square[there], score) for here, there, score in like(*texts)]


def _part_splits(found: Sequence[Paired]) -> tuple[list[Paired], list[Split]]:
    """Keep pairs whose products belong to each other alone; gather the others by the products they tie together."""
    items_of: dict[str, set[str]] = defaultdict(set)
    products_of: dict[str, set[str]] = defaultdict(set)
    for pair in found:
        items_of[pair.woo.product_id].add(pair.square.product_id)
        products_of[pair.square.product_id].add(pair.woo.product_id)
    pairs: list[Paired] = []
    tangled: list[Paired] = []
    for pair in found:
        clean = len(items_of[pair.woo.product_id]) == len(products_of[pair.square.product_id]) == 1
        (pairs if clean else tangled).append(pair)
    return pairs, [_split(group) for group in _tied(tangled, items_of, products_of)]


def _split(group: Sequence[Paired]) -> Split:
    woo = tuple(dict.fromkeys(pair.woo.product_id for pair in group))
    return Split(woo, tuple(dict.fromkeys(pair.square.product_id for pair in group)), tuple(group))


def _tied(
    tangled: Sequence[Paired], items_of: Mapping[str, set[str]], products_of: Mapping[str, set[str]]
) -> Iterator[list[Paired]]:
    """Groups of pairs whose products hang together, over any number of steps, in the order of the pairs."""
    group_of: dict[str, str] = {}
    for pair in tangled:
        waiting = [pair.woo.product_id]
        while waiting:
            product = waiting.pop()
            if product not in group_of:
                group_of[product] = pair.woo.product_id
                waiting.extend(p for item in items_of[product] for p in products_of[item])
    groups: dict[str, list[Paired]] = defaultdict(list)
    for pair in tangled:
        groups[group_of[pair.woo.product_id]].append(pair)
    yield from groups.values()
