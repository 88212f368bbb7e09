"""What was told to whom: a small file beside the ledger, shared by the daemon and the self-check.

It lies outside the ledger so that a broken ledger can still be told of once, and not every minute. A file that is
lost or damaged means that standing troubles are told again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.domain.alerting import Entry
from bridge.domain.times import parse_time, time_text
from bridge.report.logs import log


@dataclass(slots=True)
class Told:
    """One channel's memory: its book of troubles, and the week its last summary was about."""

    book: dict[str, Entry] = field(default_factory=dict)
    week: str = ""


class BookFile:
    """The file; ``opened`` reads it, and writes back what was changed. Without a path it lives in memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._last: dict[str, Told] | None = None

    @contextmanager
    def opened(self) -> Iterator[dict[str, Told]]:
        """Memories by channel, to be changed in place; nobody else has them meanwhile."""
        with self._alone():
            told = self._last if self._last is not None else self._read()
            try:
                yield told
            finally:
                # what cannot be written (a full disk) is remembered by this process at least
                self._last = None if self._write(told) else told

    @contextmanager
    def _alone(self) -> Iterator[None]:
        number = -1
        if self._path is not None:
            with suppress(OSError):
                number = os.open(self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(number, fcntl.LOCK_EX)
        try:
            yield
        finally:
            if number >= 0:
                os.close(number)

    def _read(self) -> dict[str, Told]:
        if self._path is None:
            return {}
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {name: _told(one) for name, one in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
            log("alerts").warning("what was told is forgotten", reason=type(problem).__name__)
            return {}

    def _write(self, told: dict[str, Told]) -> bool:
        if self._path is None:
            return False
        beside = self._path.with_name(f".{self._path.name}.new")
        try:
            content = json.dumps({name: _plain(one) for name, one in told.items()}, indent=1)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(content)
            beside.replace(self._path)
        except OSError as problem:
            log("alerts").warning("what was told cannot be noted", reason=problem.strerror)
            return False
        return True


def _told(one: dict[str, Any]) -> Told:
    book = {
        key: Entry(
            title=str(row["title"]),
            since=parse_time(row["since"]),
            seen=parse_time(row["seen"]),
            told=parse_time(row["told"]) if row["told"] else None,
            due=bool(row.get("due", row["told"])),
        )
        for key, row in one["book"].items()
    }
    return Told(book, str(one["week"]))


def _plain(told: Told) -> dict[str, Any]:
    rows = {
        key: {
            "title": entry.title,
            "since": time_text(entry.since),
            "seen": time_text(entry.seen),
            "told": time_text(entry.told) if entry.told else "",
            "due": entry.due,
        }
        for key, entry in told.book.items()
    }
    return {"book": rows, "week": told.week}
