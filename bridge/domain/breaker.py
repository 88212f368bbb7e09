"""When a side that does not answer is called again: a circuit breaker as plain values and pure functions.

Closed: calls go through. Open: nothing is sent before ``until``. Half open: one probe decides; a failed one doubles
the pause up to ``longest``, a good one closes the breaker. Nothing is lost meanwhile: what is due stays in the outbox.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Patience:
    """``threshold`` failures in a row open the breaker; pauses grow from ``first`` to ``longest`` seconds."""

    threshold: int = 3
    first: float = 5.0
    longest: float = 300.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """One side's breaker. Times are monotonic seconds; ``since`` is when it opened (meaningless while closed)."""

    state: State = "closed"
    failures: int = 0
    pause: float = 0.0
    since: float = 0.0
    until: float = 0.0


def may_call(breaker: Breaker, now: float) -> bool:
    """True when a call may go out now: closed, or open long enough for a probe."""
    return breaker.state == "closed" or (breaker.state == "open" and now >= breaker.until)


def probing(breaker: Breaker, now: float) -> Breaker:
    """The breaker while its one probe is under way; unchanged when no probe is due."""
    return replace(breaker, state="half_open") if breaker.state == "open" and now >= breaker.until else breaker


def succeeded(breaker: Breaker) -> Breaker:
    """The side answered."""
    return breaker if breaker == _CLOSED else _CLOSED


def failed(breaker: Breaker, now: float, patience: Patience, *, given_up: bool = False, dice: float = 0.0) -> Breaker:
    """The side did not answer; ``given_up`` when it was asked several times already, which opens it at once.

    ``dice`` (0 to 1) shortens a pause by up to a fifth, so that several bridges do not knock in one instant.
    """
    failures = breaker.failures + 1
    if breaker.state == "closed" and failures < patience.threshold and not given_up:
        return replace(breaker, failures=failures)
    if breaker.state == "open" and now < breaker.until:
        return replace(breaker, failures=failures)  # an answer to a call from before it opened
    pause = patience.first if breaker.state == "closed" else min(patience.longest, breaker.pause * 2)
    since = now if breaker.state == "closed" else breaker.since
    return Breaker("open", failures, pause, since, now + pause * (1 - 0.2 * min(1.0, max(0.0, dice))))


_CLOSED = Breaker()
