"""The first day: read both sides without writing anything, and say what belongs together.

Everything happens on a copy of the ledger. What is linked already stays linked; everything else is matched afresh.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection, select

from bridge.domain.match import MatchReport, MatchRow, match
from bridge.engine.context import Bridge, Run, online_stores, store_settings
from bridge.engine.linking import HAND, IGNORE, rows_of
from bridge.engine.observe_catalog import observe_square, observe_woo
from bridge.engine.observe_square import observe_stores
from bridge.engine.rehearsal import rehearsal
from bridge.engine.sync import Step
from bridge.ledger import cursors
from bridge.ledger.schema import stock, variation

Ids = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One line of the sheet: a proposed or made pair (both rows), or one row that stands alone."""

    woo: MatchRow | None
    square: MatchRow | None
    proposal: str


@dataclass(frozen=True, slots=True)
class FirstDay:
    """The report, every variation of both sides, what is linked already (woo id → Square id), and what is open."""

    report: MatchReport
    woo: Mapping[str, MatchRow]
    square: Mapping[str, MatchRow]
    linked: Mapping[str, str]
    opened: frozenset[str]
    ignored: frozenset[tuple[str, str]]

    def sheet(self) -> Iterator[SheetRow]:
        """Every variation of both sides once: pairs first, then look-alikes, then the rest with its reason."""
        taken: set[tuple[str, str]] = set()
        for row in [*self._pairs(), *self._look_alikes(), *self._rest()]:
            ids = {(one.side, one.variation_id) for one in (row.woo, row.square) if one is not None}
            if ids & taken:
                continue
            taken |= ids
            yield row

    def _pairs(self) -> Iterator[SheetRow]:
        for pair in self.report.pairs:
            is_linked = self.linked.get(pair.woo.variation_id) == pair.square.variation_id
            differs = f"; differs: {', '.join(pair.differences)}" if pair.differences else ""
            yield SheetRow(pair.woo, pair.square, ("linked" if is_linked else f"link by {pair.by}") + differs)
        for split in self.report.split:
            for pair in split.pairs:
                yield SheetRow(pair.woo, pair.square, "not linked: its product belongs to several on the other side")

    def _look_alikes(self) -> Iterator[SheetRow]:
        for one in sorted(self.report.look_alikes, key=lambda one: -one.score):
            yield SheetRow(one.woo, one.square, f"looks alike ({one.score:.2f})")

    def _rest(self) -> Iterator[SheetRow]:
        reasons = _reasons(self.report)
        for rows in (self.woo, self.square):
            for row in rows.values():
                key = (row.side, row.variation_id)
                why = "ignored" if key in self.ignored else reasons.get(key, "alone")
                yield SheetRow(row if row.side == "woo" else None, row if row.side == "square" else None, why)


def _reasons(report: MatchReport) -> dict[tuple[str, str], str]:
    reasons: dict[tuple[str, str], str] = {(row.side, row.variation_id): "has no SKU" for row in report.missing_sku}
    reasons |= {
        (row.side, row.variation_id): f"cannot be bridged: {row.unrepresentable}" for row in report.unrepresentable
    }
    for one in report.doubled:
        reasons |= {(one.side, variation_id): "its SKU is doubled" for variation_id in one.variation_ids}
    return reasons


def first_day(bridge: Bridge, *, step: Step = lambda _: None) -> FirstDay:
    """Read both catalogs and all stock numbers, and match. Raises ``RemoteDown`` or ``AccessRefused``."""
    with rehearsal(bridge) as aside:
        run = Run(0, "match")
        step("reading stores")
        observe_stores(aside, run)
        step("reading Square's items")
        observe_square(aside, run, full=True)
        step("reading the shop's products")
        observe_woo(aside, run, full=True)
        with aside.db.reading() as conn:
            woo, square = rows_of(conn, "woo", unlinked_only=False), rows_of(conn, "square", unlinked_only=False)
            stores = online_stores(store_settings(aside, conn))
            linked, opened = _linked(conn)
            facts = cursors.facts_starting(conn, HAND)
            ignored = _ignored(conn)
        step("reading stock")
        shop_numbers, sums = _shop_numbers(bridge), _sums(bridge, stores)
    woo = [replace(row, stock=shop_numbers.get(row.variation_id)) for row in woo]
    square = [replace(row, stock=sums.get(row.variation_id)) for row in square]
    step("matching")
    by_hand = {**{name.removeprefix(HAND): value for name, value in facts.items()}, **linked}
    report = match(woo, square, by_hand=by_hand, ignore=ignored)  # type: ignore[arg-type]
    return FirstDay(report, _by_id(woo), _by_id(square), linked, opened, ignored)


def _by_id(rows: Sequence[MatchRow]) -> dict[str, MatchRow]:
    return {row.variation_id: row for row in rows}


def _linked(conn: Connection) -> tuple[dict[str, str], frozenset[str]]:
    """woo id → Square id of every link, and the woo ids whose stock is open."""
    found = select(variation.c.woo_id, variation.c.square_id, stock.c.state).join_from(
        variation, stock, stock.c.vid == variation.c.vid
    )
    rows = conn.execute(found).all()
    return {row.woo_id: row.square_id for row in rows}, frozenset(row.woo_id for row in rows if row.state == "open")


def _ignored(conn: Connection) -> frozenset[tuple[str, str]]:
    names = (name.split(":", 2) for name in cursors.facts_starting(conn, IGNORE))
    return frozenset((side, variation_id) for _, side, variation_id in names)


def _shop_numbers(bridge: Bridge) -> dict[str, Decimal]:
    return {
        one.variation_id: one.quantity for page in bridge.woo.stock_rows() for one in page if one.quantity is not None
    }


def _sums(bridge: Bridge, stores: Sequence[str]) -> dict[str, Decimal]:
    """Square's counts of the online stores, added up."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for page in bridge.square.counts():
        for one in page:
            if one.store_id in stores:
                sums[one.variation_id] += one.quantity
    return sums
