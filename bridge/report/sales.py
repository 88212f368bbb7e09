"""What was sold, in both channels in one table; every sale and refund counted once.

An online order that also stands at a till counts online, an order the bridge made in the shop of a till sale counts at
the till, and so do their refunds. What a side counts and this table does not is told beside it, so that each side's own
total can be checked to the cent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from bridge.domain.refund import return_name
from bridge.domain.sales import ZERO, By, SalesRow, Sum, is_refund, return_of, summed
from bridge.ledger import movements, sales, till
from bridge.ledger.sales import Sale
from bridge.ledger.stores import all_stores


@dataclass(frozen=True, slots=True)
class SideTotal:
    """One side in minor units: its ``own`` total is what is ``counted`` here and what is counted ``elsewhere``."""

    side: str
    counted: int
    elsewhere: int

    @property
    def own(self) -> int:
        """What the side itself adds up to."""
        return self.counted + self.elsewhere


@dataclass(frozen=True, slots=True)
class SalesReport:
    """The table: ``groups`` by the asked columns, ``whole`` over everything, and both sides' own totals."""

    by: tuple[By, ...]
    groups: tuple[Sum, ...]
    whole: Sum
    sides: tuple[SideTotal, ...]
    rows: tuple[SalesRow, ...]


def sales_report(conn: Connection, *, by: Sequence[By], first: date, last: date) -> SalesReport:
    """The sales of some days (both included) from what the ledger has read."""
    entries = sales.every(conn, last)
    counted, elsewhere = split(conn, entries)
    names = {row.store_id: str(row.name) for row in all_stores(conn)}
    if "fulfilled" in by:
        counted = [_with_stores(conn, one, names) for one in counted]
    rows = [replace(row, store=names.get(row.store, row.store)) for row in _within(counted, first, last)]
    apart = [(one.side, _within([one], first, last)) for one in elsewhere]
    sides = []
    for side, channel in (("woo", "online"), ("square", "till")):
        here = sum(row.total for row in rows if row.channel == channel)
        there = sum(row.total for owner, held in apart if owner == side for row in held)
        sides.append(SideTotal(side, here, there))
    whole = (summed(rows, ()) or [Sum((), ZERO, 0, 0, 0)])[0]
    return SalesReport(tuple(by), tuple(summed(rows, by)), whole, tuple(sides), tuple(rows))


def split(conn: Connection, entries: Sequence[Sale]) -> tuple[list[Sale], list[Sale]]:
    """(what counts, what counts on the other side); an exchange whose return counts online is parted in two."""
    ours = {one.remote_id for one in entries if one.side == "woo" and one.kind == "order" and one.ours}
    mirrored = sales.mirrored(conn) | {one.remote_id for one in entries if one.side == "square" and one.ours}
    online = {name for name, woo_id in till.returns_in_shop(conn).items() if woo_id not in ours}
    counted: list[Sale] = []
    elsewhere: list[Sale] = []
    for one in entries:
        if one.side == "woo":
            (elsewhere if one.ours else counted).append(one)
        elif one.remote_id in mirrored:
            elsewhere.append(one)
        else:
            apart = _returned_online(one, mirrored, online)
            elsewhere.append(replace(one, rows=tuple(row for row in one.rows if return_of(row) in apart)))
            counted.append(replace(one, rows=tuple(row for row in one.rows if return_of(row) not in apart)))
    return counted, elsewhere


def _with_stores(conn: Connection, one: Sale, names: Mapping[str, str]) -> Sale:
    """The entry with the stores whose goods it was: an online sale's own, a till's own store."""
    if one.side == "square":
        return replace(one, rows=tuple(replace(row, fulfilled=names.get(row.store, row.store)) for row in one.rows))
    order_id = one.remote_id if one.kind == "order" else next(iter(one.about), "")
    given = sorted(names.get(store, store) for store in movements.stores_of_order(conn, order_id))
    return replace(one, rows=tuple(replace(row, fulfilled=" + ".join(given) or "not known") for row in one.rows))


def _returned_online(one: Sale, mirrored: Collection[str], online: Collection[str]) -> set[str]:
    """The returns of a Square order that count online: of goods sold there, or recorded in the shop."""
    if one.remote_id in online and all(is_refund(row) for row in one.rows):
        return {return_of(row) for row in one.rows}
    names = {return_name(one.remote_id, at): source for at, source in enumerate(one.about)}
    return {name for name, source in names.items() if name in online or source in mirrored}


def _within(entries: Sequence[Sale], first: date, last: date) -> list[SalesRow]:
    rows = (row for one in entries for row in one.rows if first <= row.day <= last)
    return [row for row in rows if row.total or row.tax or row.quantity]  # free shipping is no sale
