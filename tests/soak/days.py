"""Simulated days: trade under faults with kills, a wrong clock and an outage; then a night in which all is judged.

The first half of the days has SIGKILLs; in the second half one process lives on, so that its growth can be measured.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bridge.sim.busy_day import EVERYTHING, peace, trouble
from tests.soak.night import close, judge_night, settle
from tests.soak.process import Size
from tests.soak.town import Town

WIDE = (
    "timeout_applied", "timeout_not_applied", "reset_applied", "reset_not_applied", "rate_limited", "server_error",
    "server_error_applied", "html_200", "html_200_applied", "html_503", "truncated_json", "empty_200",
)  # fmt: skip
SQUARE_OWN = ("stale_read", "empty_page_with_cursor", "expired_cursor", "version_mismatch", "catalog_partly_applied")
OPEN_HOURS = 10
KILL_SHARE = 0.03


@dataclass
class Soaked:
    """What came of it."""

    days: int = 0
    wrong: list[str] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)
    """At the end of each day of the process that was not killed."""
    trades: int = 0
    kills: int = 0
    passes: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    oversold: int = 0
    seconds: float = 0.0

    @property
    def leaked(self) -> bool:
        """Threads or files were left behind; the timetable's one thread begins with its first job."""
        if len(self.sizes) < 2:
            return False
        first, last = self.sizes[0], self.sizes[-1]
        return last.threads > first.threads + 1 or last.files > first.files + 2

    @property
    def growth(self) -> float:
        """Share by which memory grew after the first whole day of the process that lived on."""
        held = [one.resident for one in self.sizes]
        return held[-1] / held[0] - 1 if len(held) > 1 else 0.0


def soak(
    days: int,
    seconds: float,
    *,
    seed: int,
    at_least: float = 0.0,
    counters: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Soaked:
    """Live through ``days``; trade is cut short where the ``seconds`` (of this machine) would not suffice.

    ``at_least``: more days follow until this many seconds are over. ``counters``: with pickups at the tills.
    """
    began, found = time.monotonic(), Soaked()
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        Town(Path(folder), seed=seed, counters=counters) as town,
    ):
        town.engine.start()
        town.live_until(town.now() + timedelta(hours=1))
        town.open_for_trade()
        while found.days < days or found.seconds < at_least:
            day = found.days
            _one_day(town, day, days, found, began + seconds * (day + 1) / days)
            found.seconds = time.monotonic() - began
            size = found.sizes[-1] if found.sizes else ""
            tell(
                f"day {day + 1}: {found.trades} trades, {town.passes} passes, {town.engine.kills} kills, {size}, "
                f"{found.seconds:.0f} s, wrong: {len(found.wrong)}"
            )
        found.kills, found.passes = town.engine.kills, town.passes
        for side in town.sides:
            for name, number in side.faults.struck.items():
                found.faults[name] = found.faults.get(name, 0) + number
    return found


def _one_day(town: Town, day: int, days: int, found: Soaked, until: float) -> None:
    kills = day < max(1, days // 2)
    _storm(town, outage=day == 1)
    town.kill_share = KILL_SHARE if kills else 0.0
    town.wrong_by = (0.0, 90.0, -90.0)[day % 3]
    closing = town.now() + timedelta(hours=OPEN_HOURS)
    night = until - (until - time.monotonic()) * 0.45  # the quiet hours cost real time too
    while town.now() < closing and time.monotonic() < night:
        trade = town.dice.randint(1, 4)
        town.turn(trade)
        found.trades += trade
        town.live_until(town.now() + timedelta(minutes=town.dice.uniform(5, 25)))
    peace(*town.sides)
    town.kill_share = town.wrong_by = 0.0
    close(town)
    settle(town)
    proof, wrong = judge_night(town)
    found.wrong += [f"day {day + 1}: {one}" for one in wrong]
    found.oversold, found.days = proof.oversold, day + 1
    if not kills:
        found.sizes.append(town.engine.size())
    town.live_until(town.now() + timedelta(hours=24 - OPEN_HOURS - 6))


def _storm(town: Town, *, outage: bool) -> None:
    """Everything may fail; on one day the shop does not answer at all."""
    trouble(*town.sides)
    for side in town.sides:
        with side.lock:
            for name in WIDE + (SQUARE_OWN if side is town.square else ()):
                side.faults.add(name, path=EVERYTHING, times=None, probability=0.002)
    if outage:
        with town.woo.lock:
            town.woo.faults.clear()
            town.woo.faults.add("server_error", times=None, options={"status": 503})
