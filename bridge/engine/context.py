"""What every step of the engine is handed: the ledger, the two sides, the clock, the choices and the run's tally."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from bridge.clock import Clock
from bridge.domain.times import normal_time, parse_time, time_text
from bridge.engine.settings import Settings, StoreSetting
from bridge.ledger import cursors
from bridge.ledger.database import Database
from bridge.ledger.stores import all_stores
from bridge.remotes.port import SquareSide, WooSide

MARK = "bridge:"
"""Every reference of ours at Square starts with this; so do our keys in the shop's meta."""


T = TypeVar("T")


class Ahead(Protocol):
    """How the pages of a listing come: ``read_ahead`` by a thread, ``one_by_one`` when they are asked for."""

    def __call__(self, pages: Iterator[T], /) -> Iterator[T]:
        """The same pages in the same order."""
        ...


def one_by_one(pages: Iterator[T], /) -> Iterator[T]:
    """Each page is fetched when it is asked for: nothing happens at the same time as anything else."""
    return pages


@dataclass(slots=True)
class Bridge:
    """The engine's surroundings; nothing in here decides. ``fetch`` reads a picture: (bytes, MIME type) or ``None``.

    ``ahead`` may fetch the next page of a listing while the current one is looked at.
    """

    db: Database
    woo: WooSide
    square: SquareSide
    clock: Clock
    settings: Settings
    ids: Callable[[], str]
    fetch: Callable[[str], tuple[bytes, str] | None] = lambda _: None
    ahead: Ahead = one_by_one

    def now(self) -> str:
        """The moment as ledger text."""
        return time_text(self.clock.now())

    def after(self, seconds: float) -> str:
        """A moment from now as ledger text."""
        return time_text(self.clock.now() + timedelta(seconds=seconds))


@dataclass(slots=True)
class Run:
    """One run: its number and what it counted. Nothing is skipped without a reason in here.

    ``waiting`` are the outbox ids of writes that are none of this run's business and wait until it ends.
    """

    id: int
    kind: str
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    waiting: set[int] = field(default_factory=set)

    def skip(self, reason: str, by: int = 1) -> None:
        """Count something left out, with its reason."""
        self.counts[f"skipped: {reason}"] += by

    def add(self, what: str, by: int = 1) -> None:
        """Count something done or seen."""
        self.counts[what] += by


def store_settings(bridge: Bridge, conn: Connection) -> tuple[StoreSetting, ...]:
    """The stores in force, most wanted first: as configured, else every active location by name."""
    if bridge.settings.stores:
        return tuple(sorted(bridge.settings.stores, key=lambda s: s.priority))
    return tuple(StoreSetting(row.store_id) for row in all_stores(conn) if row.active)


def online_stores(stores: Iterable[StoreSetting]) -> tuple[str, ...]:
    """Ids of the stores whose stock is sold online, most wanted first."""
    return tuple(store.store_id for store in stores if store.online)


def overlap_before(bridge: Bridge, moment: str) -> str:
    """A moment moved back by the overlap: listings are eventually consistent and clocks differ."""
    return time_text(parse_time(moment) - timedelta(seconds=bridge.settings.overlap_seconds))


def read_up_to(bridge: Bridge, conn: Connection, name: str, mark: str) -> None:
    """Note a finished reading of one of Square's listings that began at ``mark`` (Square's own time).

    The next one reaches back to before the *previous* reading, so that everything is read twice: Square's answers may
    be some moments old, and what one of them missed must not wait for the daily full pass.
    """
    mark, last = normal_time(mark), f"{name}:last"
    before = min(cursors.read_cursor(conn, last) or mark, mark)
    cursors.move_cursor(conn, name, overlap_before(bridge, before), bridge.now())
    cursors.move_cursor(conn, last, mark, bridge.now())


def shop_time(bridge: Bridge, moment: float) -> datetime:
    """The shop's own time at a moment of our monotonic clock, as far as any answer told it; else ours."""
    told = bridge.woo.time_at(moment)
    return told or bridge.clock.now() - timedelta(seconds=bridge.clock.monotonic() - moment)


def shop_read_up_to(bridge: Bridge, conn: Connection, name: str, began: float) -> None:
    """Note a finished reading of one of the shop's listings that began at ``began`` (our monotonic clock).

    The shop's time is what counts, not ours: a cursor that ran ahead of it would pass over what changes meanwhile. One
    that stands ahead all the same (the shop's clock was set back) has passed over something, and goes back far.
    """
    moment, since = shop_time(bridge, began), cursor_time(conn, name)
    if since is not None and since > moment:
        moment -= timedelta(days=bridge.settings.look_back_days)
    moved = moment - timedelta(seconds=bridge.settings.overlap_seconds)
    cursors.move_cursor(conn, name, time_text(moved), bridge.now())


def cursor_time(conn: Connection, name: str) -> datetime | None:
    """A time cursor as a moment, ``None`` before its first success."""
    stored = cursors.read_cursor(conn, name)
    return parse_time(stored) if stored else None
