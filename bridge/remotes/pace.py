"""How fast a host may be called: a token bucket that learns from the host's own protests."""

from __future__ import annotations

import threading

from bridge.clock import Clock

SLOWEST = 0.2
"""Calls per second below which protests no longer slow us down."""
RECOVERY = 0.02
"""Share of the wished rate won back by each answer that went well."""


class Pace:
    """At most ``rate`` calls a second after a first burst; shared by all threads calling one host.

    A 429 halves the rate and makes everybody wait; answers that go well win it back slowly. ``rate=inf`` only
    obeys pauses the host asked for. ``calls`` and ``protests`` (429) count since the start.
    """

    def __init__(self, clock: Clock, *, rate: float = 4.0, burst: int = 8) -> None:
        self._clock = clock
        self._wished = rate
        self._rate = rate
        self._burst = float(max(1, burst))
        self._tokens = self._burst
        self._filled = clock.monotonic()
        self._closed_until = float("-inf")
        self._lock = threading.Lock()
        self.calls = 0
        self.protests = 0

    @property
    def rate(self) -> float:
        """Calls per second allowed now."""
        return self._rate

    def wait(self) -> None:
        """Return when the next call may go out; the place is taken at once, the sleep is outside the lock."""
        with self._lock:
            self.calls += 1
            seconds = self._reserve()
        if seconds > 0:
            self._clock.sleep(seconds)

    def _reserve(self) -> float:
        now = self._clock.monotonic()
        pause = max(0.0, self._closed_until - now)
        if self._wished == float("inf"):
            return pause
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate) - 1.0
        self._filled = now
        return max(pause, -self._tokens / self._rate)

    def slow_down(self, seconds: float) -> None:
        """The host protested: halve the rate and let nothing out for ``seconds``."""
        with self._lock:
            self.protests += 1
            if self._wished != float("inf"):
                self._rate = max(min(SLOWEST, self._wished), self._rate / 2)
                self._tokens = min(self._tokens, 0.0)
            self._closed_until = max(self._closed_until, self._clock.monotonic() + max(0.0, seconds))

    def went_well(self) -> None:
        """The host answered in peace: win back a little of the wished rate."""
        if self._rate < self._wished:
            with self._lock:
                self._rate = min(self._wished, self._rate + self._wished * RECOVERY)
