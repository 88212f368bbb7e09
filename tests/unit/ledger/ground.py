"""What the ledger's tests stand on: a still clock, counted ids, a way to open and to run another process."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bridge.clock import VirtualClock
from bridge.ledger.cursors import note_fact, read_fact
from bridge.ledger.database import Database

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def still_clock() -> VirtualClock:
    return VirtualClock(START)


def counted_ids(prefix: str = "epoch") -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"{prefix}-{next(numbers)}"


def opened(path: Path | str, *, prefix: str = "epoch", migrate: bool = True) -> Database:
    return Database.open(path, clock=still_clock(), ids=counted_ids(prefix), migrate=migrate)


def fact(db: Database, name: str) -> str:
    with db.reading() as connection:
        return read_fact(connection, name)


def note(db: Database, name: str, value: str) -> None:
    with db.transaction() as connection:
        note_fact(connection, name, value)


_PREAMBLE = """
import sys
from bridge.clock import SystemClock
from bridge.ledger.cursors import note_fact, read_fact
from bridge.ledger.database import Database
from bridge.ledger.lease import Lease
numbers = iter(range(1000))
clock = SystemClock()
db = Database.open(sys.argv[1], clock=clock, ids=lambda: f"other-{next(numbers)}")
def say(word):
    print(word, flush=True)
    sys.stdin.readline()
"""


def another_process(path: Path, script: str) -> subprocess.Popen[str]:
    """A second bridge on the same ledger; ``say(word)`` in the script prints it and waits for a line."""
    return subprocess.Popen(
        [sys.executable, "-c", _PREAMBLE + script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def heard(process: subprocess.Popen[str]) -> str:
    """The next word of the other process."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ended(process: subprocess.Popen[str]) -> int:
    """Let the other process go on to its end; its exit code."""
    process.communicate("\n")
    return process.returncode


def killed(process: subprocess.Popen[str]) -> None:
    """End the other process as SIGKILL does: without a word."""
    process.kill()
    process.communicate()
