"""Stands between the bridge and each side: counts, times, and lets a side that does not answer rest.

``Watched`` wraps a transport. What the calls teach is kept in ``SideHealth``, which the timetable, the status line and
the metrics read; the decisions are pure (``bridge.domain.breaker``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from bridge.clock import Clock
from bridge.domain import breaker as rules
from bridge.domain import rhythm
from bridge.domain.breaker import Breaker, Patience
from bridge.remotes.ahead import read_ahead
from bridge.remotes.port import Call, NoReply, Reply, Transport

T = TypeVar("T")

RESTS = "it did not answer and is left alone for a moment"
_LEARNING = 0.1
"""Weight of the newest answer in the running mean of answer times."""


def _nobody(side: str) -> None:
    pass


@dataclass(slots=True)
class SideHealth:
    """One side as its calls show it; safe to use from several threads.

    ``calls`` counts what was sent, ``failures`` what was not answered or failed inside, ``limited`` the 429s;
    ``answer_seconds`` is a running mean.
    """

    side: str
    clock: Clock
    patience: Patience = field(default_factory=Patience)
    dice: Callable[[], float] = lambda: 0.0
    breaker: Breaker = field(default_factory=Breaker)
    calls: int = 0
    failures: int = 0
    limited: int = 0
    answer_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def open(self) -> bool:
        """True while the side counts as down."""
        return self.breaker.state != "closed"

    def may_call(self) -> bool:
        """True when a call may go out; of an open breaker this takes the one probe that is due."""
        with self._lock:
            now = self.clock.monotonic()
            allowed = rules.may_call(self.breaker, now)
            self.breaker = rules.probing(self.breaker, now)
            return allowed

    @property
    def slow(self) -> bool:
        """True while the side takes long for its answers."""
        return rhythm.is_slow(self.answer_seconds)

    def seconds_until_probe(self) -> float:
        """Seconds until the next probe is due, 0 when calls may go out now."""
        with self._lock:
            return 0.0 if self.breaker.state != "open" else max(0.0, self.breaker.until - self.clock.monotonic())

    def seconds_down(self) -> float:
        """For how long the side has counted as down, 0 when it does not."""
        with self._lock:
            return self.clock.monotonic() - self.breaker.since if self.open else 0.0

    def answered(self, seconds: float, *, limited: bool = False) -> None:
        """An answer came: whatever it said, the side is there."""
        with self._lock:
            self.calls += 1
            self.limited += limited
            self.answer_seconds += (seconds - self.answer_seconds) * (_LEARNING if self.calls > 1 else 1.0)
            self.breaker = rules.succeeded(self.breaker)

    def failed(self, *, given_up: bool = False) -> None:
        """No answer, or one that says the side is broken; ``given_up`` when it had been asked several times."""
        with self._lock:
            self.failures += 1
            self.calls += not given_up
            self.breaker = rules.failed(
                self.breaker, self.clock.monotonic(), self.patience, given_up=given_up, dice=self.dice()
            )


class Watched:
    """A transport that reports to ``health`` and refuses at once, without a call, while the side rests.

    A side that answers slowly is left alone for a moment after each answer.

    ``alive`` is told the side before and after every call: a sign of life for whoever watches this process. ``gate``
    sees each call first, and may raise to keep it from being made.
    """

    def __init__(
        self,
        inner: Transport,
        health: SideHealth,
        alive: Callable[[str], None] = _nobody,
        gate: Callable[[Call], None] = lambda _: None,
    ) -> None:
        self._inner, self._health, self._alive, self._gate = inner, health, alive, gate

    def send(self, call: Call) -> Reply:
        """Send once, unless the side rests: then ``NoReply`` that was certainly never sent."""
        health = self._health
        self._gate(call)
        if not health.may_call():
            raise NoReply(RESTS, sent=False)
        self._alive(health.side)
        began = health.clock.monotonic()
        try:
            reply = self._inner.send(call)
        except Exception:  # also a key that cannot be read: a probe must end, one way or the other
            health.failed()
            raise
        finally:
            self._alive(health.side)
        if reply.status >= 500 and reply.status != 501:  # 501 is WooCommerce's word for "delete needs force"
            health.failed()
        else:
            health.answered(health.clock.monotonic() - began, limited=reply.status == 429)
        if rest := rhythm.rest_after(health.answer_seconds):
            health.clock.sleep(rest)
        return reply


class Sparing:
    """Reads listings ahead, so that comparing costs no time, unless a side is slow: then one thing at a time."""

    def __init__(self, sides: Mapping[str, SideHealth]) -> None:
        self._sides = sides

    def __call__(self, pages: Iterator[T], /) -> Iterator[T]:
        """The same pages in the same order."""
        return pages if any(side.slow for side in self._sides.values()) else read_ahead(pages)
