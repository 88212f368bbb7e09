"""The daemon's one working thread: passes when something rings, pauses when a side is away, always one at a time.

Whatever goes wrong in a pass is waited out and tried again: what is due stands in the ledger. The right to write (the
lease) is held around the work and given back when a command wishes for it, when it is lost, and at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bridge.domain.times import time_text
from bridge.engine.adaptive import Watchfulness
from bridge.engine.bells import DOOR, DUE, FULL, HOOKS, LOOK, TIDY, Bells
from bridge.engine.breaker import SideHealth
from bridge.engine.context import Bridge
from bridge.engine.hook_keeper import HookKeeper
from bridge.engine.sync import Report, Scope, sync
from bridge.engine.timetable import Timetable
from bridge.engine.until_quiet import seconds_until_due
from bridge.engine.written import WriteLog
from bridge.errors import BridgeError, LedgerBusy, LedgerError
from bridge.ledger import doorbells, history, inbox, lend
from bridge.remotes.port import Call
from bridge.report.logs import log

GATHER_SECONDS = 0.3
"""Doorbells that ring together are answered by one pass."""
STANDBY_SECONDS = 2.0
LENT_SECONDS = 1.0
GLANCE_SECONDS = 1.0
"""How long a command that wishes for the ledger waits for an idle daemon at most."""
FIRST_BACKOFF, LONGEST_BACKOFF = 2.0, 300.0
KEEP_DOORBELLS = timedelta(days=7)
KEEP_QUIET_RUNS = timedelta(days=30)
MANY_DOORBELLS = 1000
_PASSES = frozenset({DOOR, LOOK, FULL, DUE})


class Held(Protocol):
    """The right to write (``bridge.ledger.lease.Lease``)."""

    def check(self) -> None:
        """Raise ``LedgerBusy`` when it is lost."""
        ...


class Stopped(BaseException):
    """Raised when the daemon is told to stop, between two steps of a pass or before a reading: to the ledger it looks
    like a crash.
    """


def no_more_reading(bells: Bells) -> Callable[[Call], None]:
    """A gate before calls (``Watched``): once the daemon is told to stop nothing new is read.

    What is being written is still written: waits have ended, so that is soon done, and need not be read back.
    """

    def gate(call: Call) -> None:
        if bells.stopping and call.method == "GET":
            raise Stopped

    return gate


@dataclass(slots=True)
class Pulse:
    """How the daemon is, for status, health pages and the watchdog. Moments are ledger text, "" for never.

    ``state``: starting, working, idle, away (a side is down or the last pass failed), standby (another bridge has
    the ledger), stopping. ``beat`` is the monotonic second of the last sign of life.
    """

    state: str = "starting"
    words: str = "starting"
    beat: float = 0.0
    passes: int = 0
    failures: int = 0
    problem: str = ""
    last_pass: str = ""
    last_full: str = ""
    pass_seconds: float = 0.0
    next_look: float = 0.0
    waiting: int = 0


@dataclass(slots=True)
class Surroundings:
    """What the daemon works with besides the bridge itself.

    ``hold`` takes the lease for as long as its block lasts and raises ``LedgerBusy`` when another has it; ``prepare``
    is run before the first pass until it succeeds (currencies); ``probes`` make one cheap call to a side; ``tell``
    hears each change of the daemon's state in words.
    """

    bells: Bells
    timetable: Timetable
    watch: Watchfulness
    sides: Mapping[str, SideHealth]
    hold: Callable[[], AbstractContextManager[Held]]
    prepare: Callable[[], None]
    probes: Mapping[str, Callable[[], object]]
    keeper: HookKeeper | None = None
    tell: Callable[[str], None] = lambda _: None


class Daemon:
    """``run`` works until told to stop; ``turn`` is one round of it, for tests on a virtual clock."""

    def __init__(self, bridge: Bridge, around: Surroundings) -> None:
        self.bridge, self.around = bridge, around
        self.pulse = Pulse(beat=bridge.clock.monotonic())
        self.wanted: set[str] = {FULL, HOOKS} if around.keeper is not None else {FULL}
        self._not_before = float("-inf")
        self._due_at: float | None = None
        self._idle_retries = 0
        self._prepared = self._lent = False
        self._writes = WriteLog(bridge.db)

    # -- the loop -------------------------------------------------------------------------
    def run(self) -> None:
        """Work whenever the lease can be had, until stopped."""
        bells = self.around.bells
        while not bells.stopping:
            self._lent = False
            try:
                with self.around.hold() as lease:
                    self._serve(lease)
            except LedgerBusy as busy:
                self._say("standby", f"waits for the ledger: {busy}")
            except Stopped:
                break
            except BridgeError as problem:
                self._failed(problem)
            except Exception as crash:
                # whatever it was, only a working daemon can try again
                log("daemon").exception("the loop crashed", kind=type(crash).__name__)
                self._failed(crash)
            self.beat()
            if not bells.stopping:
                bells.pause(LENT_SECONDS if self._lent or self._wish() else STANDBY_SECONDS)
        self._say("stopping", "stopping")

    def _serve(self, lease: Held) -> None:
        bells = self.around.bells
        while not bells.stopping and not self._lent:
            self.turn(lease)
            if not self._lent:
                bells.wait(self.pause())

    def turn(self, lease: Held) -> None:
        """Do what was rung for, as far as both sides are there. Raises ``LedgerBusy`` when the lease is lost."""
        self.beat()
        self.wanted |= self.around.bells.take()
        if who := self._wish():
            self._lent = True
            self.wanted.add(LOOK)  # what the command did is to be seen at once
            self._say("standby", f"lends the ledger to `{who}`")
            return
        try:
            lease.check()
            self._work()
        except LedgerBusy as busy:
            lease.check()  # lost: `run` waits for it; otherwise the ledger was only busy for a moment
            self._failed(busy)
        except BridgeError as problem:
            self._failed(problem)
        except Exception as crash:
            log("daemon").exception("a pass crashed", kind=type(crash).__name__)
            self._failed(crash)

    def pause(self, glance: float = GLANCE_SECONDS) -> float:
        """Seconds until something may have to be done without anybody ringing, at most ``glance``."""
        now = self.bridge.clock.monotonic()
        waits = [glance]
        if self.wanted & _PASSES:
            waits.append(self._not_before - now)
        if self._due_at is not None:
            waits.append(self._due_at - now)
        return max(0.0, min(waits))

    def beat(self, _: str = "") -> None:
        """A sign of life."""
        self.pulse.beat = self.bridge.clock.monotonic()

    # -- one round ------------------------------------------------------------------------
    def _work(self) -> None:
        now = self.bridge.clock.monotonic()
        if self._due_at is not None and now >= self._due_at:
            self.wanted.add(DUE)
        if TIDY in self.wanted:
            self._tidy()
        if now < self._not_before or not self._both_there():
            return
        if HOOKS in self.wanted:
            self._look_after_hooks()
        if self.wanted & _PASSES:
            self._pass()

    def _both_there(self) -> bool:
        """True when no side is down; a side whose pause is over is asked once more."""
        for name, side in self.around.sides.items():
            if side.open and side.seconds_until_probe() <= 0:
                self.around.probes[name]()
        down = {name: side for name, side in self.around.sides.items() if side.open}
        if not down:
            return True
        self._not_before = self.bridge.clock.monotonic() + min(side.seconds_until_probe() for side in down.values())
        self._say("away", f"{' and '.join(sorted(down))} not answering; nothing is lost")
        return False

    def _pass(self) -> None:
        if not self._prepared:
            self.around.prepare()
            self._prepared = True
        if DOOR in self.wanted:
            self.bridge.clock.sleep(GATHER_SECONDS)
            self.wanted |= self.around.bells.take()
        self._thin_out()
        full, wanted = FULL in self.wanted, self.wanted & _PASSES
        self._say("working", "compares everything" if full else "looks at what changed")
        began = self.bridge.clock.monotonic()
        self._writes.begin()
        try:
            report = sync(self.bridge, Scope(full=full), step=self._step)
        finally:
            with suppress(LedgerError):  # the log is not worth a pass
                self._writes.tell()
        self.wanted -= _PASSES
        self._passed(report, full, wanted, self.bridge.clock.monotonic() - began)

    def _step(self, _: str) -> None:
        self.beat()
        if self.around.bells.stopping:
            raise Stopped

    def _passed(self, report: Report, full: bool, wanted: set[str], seconds: float) -> None:
        pulse = self.pulse
        pulse.passes, pulse.failures, pulse.problem = pulse.passes + 1, 0, ""
        pulse.last_pass = time_text(self.bridge.clock.now())
        pulse.last_full = pulse.last_pass if full else pulse.last_full
        pulse.pass_seconds, pulse.waiting = seconds, report.waiting
        self._arrange_retry(report, wanted)
        watch = self.around.watch
        watch.learn(report.counts)
        pulse.next_look = watch.next_look(seconds)
        self.around.timetable.look_in(pulse.next_look)
        if self.around.keeper is not None and "silent" in watch.trusts().values():
            self.wanted.add(HOOKS)
        with self.bridge.db.reading() as conn:
            if inbox.count_new(conn):
                self.wanted.add(DOOR)
        log("daemon").info(
            "pass", full=full, because=",".join(sorted(wanted)), writes=report.writes, waiting=report.waiting,
            seconds=round(seconds, 2), next_look=round(pulse.next_look),
        )  # fmt: skip
        self._say("idle", f"in step; {report.waiting} writes wait" if report.waiting else "in step")

    def _arrange_retry(self, report: Report, wanted: set[str]) -> None:
        """Come back for writes that wait; ever more slowly when coming back did not help."""
        wait = seconds_until_due(self.bridge) if report.waiting else None
        if wait is None:
            self._due_at, self._idle_retries = None, 0
            return
        self._idle_retries = self._idle_retries + 1 if wanted == {DUE} and not report.writes else 0
        least = min(60.0, 0.5 * 2**self._idle_retries)
        self._due_at = self.bridge.clock.monotonic() + max(wait, least)

    def _failed(self, problem: Exception) -> None:
        pulse = self.pulse
        pulse.failures, pulse.problem = pulse.failures + 1, str(problem) or type(problem).__name__
        wait = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (pulse.failures - 1))
        down = [side.seconds_until_probe() for side in self.around.sides.values() if side.open]
        self._not_before = self.bridge.clock.monotonic() + (min(down) if down else wait)
        self.wanted.add(LOOK)
        log("daemon").warning("pass failed", reason=pulse.problem, failures=pulse.failures, tried_again_in=round(wait))
        self._say("away", f"tries again: {pulse.problem}")

    # -- beside the passes ------------------------------------------------------------------
    def _look_after_hooks(self) -> None:
        self.wanted.discard(HOOKS)
        if self.around.keeper is None:
            return
        silent = {side for side, how in self.around.watch.trusts().items() if how == "silent"}
        self.around.keeper.check(silent)

    def _tidy(self) -> None:
        self.wanted.discard(TIDY)
        with self.bridge.db.transaction() as conn:
            now = self.bridge.clock.now()
            gone = doorbells.forget_before(conn, time_text(now - KEEP_DOORBELLS))
            quiet = history.forget_quiet_runs(conn, time_text(now - KEEP_QUIET_RUNS))
        self._thin_out()
        log("daemon").debug("tidied", doorbells=gone, runs=quiet)

    def _thin_out(self) -> None:
        with self.bridge.db.reading() as conn:
            many = inbox.count_new(conn) > MANY_DOORBELLS
        if many:
            with self.bridge.db.transaction() as conn:
                doorbells.thin_out(conn)

    def _wish(self) -> str:
        """Who asks for the ledger; nobody while it cannot be read, which the work itself will find out."""
        try:
            return lend.wished_by(self.bridge.db)
        except LedgerError:
            return ""

    def _say(self, state: str, words: str) -> None:
        changed = (state, words) != (self.pulse.state, self.pulse.words)
        self.pulse.state, self.pulse.words = state, words
        if changed:
            self.around.tell(words)
