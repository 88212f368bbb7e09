"""Watches the bridge from beside it: renews Square's token, tells people of trouble, sends the weekly summary, and
pings the dead man's switch while all of this works.

``tick`` is one look, for tests, the self-check and the daemon's thread alike. What fails in it is logged and done
again by a later one; a channel that fails is left alone for a while, longer each time (a refused password that is
tried every minute gets an account locked).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bridge.clock import Clock
from bridge.config.secrets import redact
from bridge.domain.alerting import Condition, Manners, Message, accepted, decide
from bridge.errors import BridgeError
from bridge.ledger.database import Database
from bridge.report import alerts, summary
from bridge.report.alerts import Limits
from bridge.report.book import BookFile, Told
from bridge.report.channels import Channel, DeadMan
from bridge.report.health import Vitals, stuck
from bridge.report.logs import log

TICK_SECONDS = 60.0
FIRST_TICK = 5.0
"""Soon after the start, so that whoever asks how things stand is told."""
RENEW_SECONDS = 3600.0
PING_SECONDS = 300.0
FIRST_REST, LONGEST_REST = 60.0, 1800.0
"""Seconds a channel that failed is left alone: doubled with each failure."""


@dataclass(slots=True)
class Rest:
    """How often a channel failed in a row, and the monotonic second before which it is left alone."""

    failures: int = 0
    until: float = float("-inf")

    def note(self, sent: bool, now: float) -> None:
        """Something was sent, or could not be."""
        self.failures = 0 if sent else self.failures + 1
        self.until = now if sent else now + min(LONGEST_REST, FIRST_REST * 2 ** (self.failures - 1))


@dataclass(frozen=True, slots=True)
class Choices:
    """What the retailer chose: the bridge's name in messages, manners, limits, day and zone of the summary."""

    name: str
    manners: Manners = field(default_factory=Manners)
    limits: Limits = field(default_factory=Limits)
    weekly: str = "off"
    zone: str = "UTC"


class Overseer:
    """``probe`` takes a reading; ``renew`` renews the token when due; ``before`` runs before each reading (it notes
    which sides answer). ``more`` adds conditions only the caller knows.
    """

    def __init__(
        self,
        probe: Callable[[], Vitals],
        *,
        db: Database,
        clock: Clock,
        channels: Sequence[Channel],
        book: BookFile,
        choices: Choices,
        renew: Callable[[], Any] = lambda: None,
        before: Callable[[], None] = lambda: None,
        more: Callable[[], Iterable[Condition]] = tuple,
        dead_man: DeadMan | None = None,
    ) -> None:
        self._probe, self._db, self._clock = probe, db, clock
        self._channels, self._book, self._choices = channels, book, choices
        self._renew, self._before, self._more, self._dead_man = renew, before, more, dead_man
        self._renewed = self._pinged = float("-inf")
        self._rests: dict[str, Rest] = {}
        self.delivered = self.undelivered = 0

    def tick(self) -> Vitals:
        """One look; the reading it was about."""
        now = self._clock.monotonic()
        if now - self._renewed >= RENEW_SECONDS:
            self._renewed = now
            self._guarded("renewing", self._renew)
        self._guarded("noting", self._before)
        vitals = self._probe()
        told = self._guarded("telling", lambda: self._tell(vitals))
        if told and self._dead_man is not None and now - self._pinged >= PING_SECONDS and not stuck(vitals):
            self._pinged = now
            self._guarded("dead man's switch", self._dead_man.ping)
        return vitals

    def _guarded(self, what: str, work: Callable[[], Any]) -> bool:
        """Do something that may fail without harm; False when it did (or when it returned False)."""
        try:
            return work() is not False
        except BridgeError as problem:
            log("alerts").warning("not done", what=what, reason=redact(str(problem)))
        except Exception as crash:
            # a fault in here must not end the watch; its name and place are in the log
            log("alerts").exception("crashed", what=what, kind=type(crash).__name__)
        return False

    def _tell(self, vitals: Vitals) -> bool:
        """Tell every channel what is due there; False when something could not be delivered."""
        found = [*alerts.conditions(vitals, self._choices.limits), *self._more()]
        fine = True
        with self._book.opened() as memories:
            for channel in self._channels:
                memory = memories.setdefault(channel.name, Told())
                fine &= self._tell_one(channel, memory, found)
                fine &= self._summarize(channel, memory, vitals)
        return fine

    def _tell_one(self, channel: Channel, memory: Told, found: Sequence[Condition]) -> bool:
        now, name, fine = self._clock.now(), self._choices.name, True
        messages, memory.book = decide(found, memory.book, now, self._choices.manners)
        for message in messages:
            if self._send(
                channel,
                alerts.subject(message, name),
                alerts.as_text(message),
                alerts.as_json(message, name, now),
            ):
                memory.book = accepted(memory.book, message, now)
                self._log(channel, message)
            else:
                fine = False
        return fine

    def _summarize(self, channel: Channel, memory: Told, vitals: Vitals) -> bool:
        week = summary.due_week(self._clock.now(), self._choices.weekly, self._choices.zone)
        if not week or week == memory.week or vitals.ledger:
            return True
        if not memory.week:  # the first week is not over yet: the next one is told
            memory.week = week
            return True
        about = summary.week_of(self._db, self._clock.now())
        title, text = f"[bridge {self._choices.name}] the week in short", summary.as_text(about, vitals)
        facts = {"text": f"{title}\n\n{text}", "kind": "summary", "bridge": self._choices.name}
        if not self._send(channel, title, redact(text), facts | summary.as_facts(about, vitals)):
            return False
        memory.week = week
        return True

    def _send(self, channel: Channel, subject: str, text: str, facts: dict[str, Any]) -> bool:
        rest, now = self._rests.setdefault(channel.name, Rest()), self._clock.monotonic()
        sent = False
        if now >= rest.until:
            sent = self._guarded(f"telling by {channel.name}", lambda: channel.send(subject, text, facts))
            rest.note(sent, now)
        self.delivered, self.undelivered = self.delivered + sent, self.undelivered + (not sent)
        return sent

    def _log(self, channel: Channel, message: Message) -> None:
        log("alerts").info("told", by=channel.name, kind=message.kind, about=message.key)


class Watch:
    """Ticks in a thread of its own; ``with Watch(overseer): …``. ``wait`` returns True when it should end."""

    def __init__(self, overseer: Overseer, *, every: float = TICK_SECONDS) -> None:
        self._overseer, self._every = overseer, every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="overseer", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        wait = min(FIRST_TICK, self._every)
        while not self._done.wait(wait):
            wait = self._every
            try:
                self._overseer.tick()
            except Exception as crash:
                # nobody else would notice that alerts and renewals have ended
                log("alerts").exception("a look crashed", kind=type(crash).__name__)


def manners_of(remind_hours: float, patience_minutes: float) -> Manners:
    """The configured manners; a trouble is over when it was gone for as long as it must last to be told."""
    calm = max(timedelta(minutes=5), timedelta(minutes=min(patience_minutes, 60)))
    return Manners(remind_after=timedelta(hours=remind_hours), calm=calm)
