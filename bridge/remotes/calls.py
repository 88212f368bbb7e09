"""Makes calls: reads are repeated until they work or the side counts as down, writes are made once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from bridge.clock import Clock
from bridge.errors import AccessRefused, RemoteDown, RemoteRefused
from bridge.remotes.pace import Pace
from bridge.remotes.port import Call, Done, Later, NoReply, Outcome, Refused, Reply, Transport

ATTEMPTS = 4
LONGEST_PAUSE = 30.0
"""A read waits at most this long between attempts, whatever the side asks: the timetable comes again."""


class Classify(Protocol):
    """``classify_woo`` or ``classify_square``."""

    def __call__(self, reply: Reply | NoReply, wrote: bool) -> Outcome:
        """What the reply means."""
        ...


class _Again(Exception):
    def __init__(self, later: Later) -> None:
        super().__init__(later.reason)
        self.later = later


def raise_refusal(refused: Refused, side: str) -> None:
    """Raise the error a person sees for a refusal."""
    kind = AccessRefused if refused.access else RemoteRefused
    raise kind(f"{side}: {refused.message}")


class Caller:
    """The calls of one side through one transport: paced, classified, and its clock remembered.

    ``headers`` of the last answer are kept by each method's result, never shared between threads.
    """

    def __init__(
        self,
        transport: Transport,
        pace: Pace,
        clock: Clock,
        classify: Classify,
        *,
        side: str,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._transport = transport
        self._pace = pace
        self._clock = clock
        self._classify = classify
        self.side = side
        self._attempts = attempts
        self._date: tuple[str, datetime, float] | None = None

    # -- reads ----------------------------------------------------------------------
    def read(self, call: Call) -> Any:
        """The parsed JSON of a read; raises ``RemoteDown``, ``AccessRefused`` or ``RemoteRefused``."""
        return self.read_page(call)[0]

    def read_page(self, call: Call) -> tuple[Any, Mapping[str, str]]:
        """Like ``read``, with the headers of the answer."""
        outcome, headers = self.ask(call)
        if isinstance(outcome, Refused):
            raise_refusal(outcome, self.side)
        assert isinstance(outcome, Done)
        return outcome.answer, headers

    def ask(self, call: Call) -> tuple[Outcome, Mapping[str, str]]:
        """``Done`` or ``Refused`` of a read with the answer's headers; raises ``RemoteDown`` only.

        For callers to whom a refusal is an answer (an unknown id, a listing the shop does not offer).
        """
        outcome, headers = self._once(call, wrote=False)
        if not isinstance(outcome, Later):
            return outcome, headers
        return self._ask_again(call, outcome)

    def _ask_again(self, call: Call, first: Later) -> tuple[Outcome, Mapping[str, str]]:
        pending: list[Later] = [first]

        def attempt() -> tuple[Outcome, Mapping[str, str]]:
            if pending:  # the first attempt was made without the machinery, which costs more than a fast read
                raise _Again(pending.pop())
            outcome, headers = self._once(call, wrote=False)
            if isinstance(outcome, Later):
                raise _Again(outcome)
            return outcome, headers

        again = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=_pause,
            sleep=self._clock.sleep,
            retry=retry_if_exception_type(_Again),
            reraise=True,
        )
        try:
            return again(attempt)
        except _Again as given_up:
            raise RemoteDown(f"{self.side} does not answer: {given_up.later.reason}.") from given_up

    # -- writes ---------------------------------------------------------------------
    def write(self, call: Call) -> Outcome:
        """What became of one attempt to write; never repeated here."""
        return self._once(call, wrote=True)[0]

    def exchange(self, call: Call) -> Reply | NoReply:
        """One paced attempt, unclassified, for a write whose answer is read otherwise (see ``observe``)."""
        self._pace.wait()
        try:
            reply = self._transport.send(call)
        except NoReply as lost:
            return lost
        self._remember(reply)
        return reply

    def observe(self, reply: Reply | NoReply, outcome: Outcome) -> None:
        """Let the pace learn from an outcome."""
        if isinstance(reply, Reply) and reply.status == 429:
            self._pace.slow_down(outcome.seconds if isinstance(outcome, Later) else 2.0)
        elif isinstance(outcome, Done):
            self._pace.went_well()

    def _once(self, call: Call, *, wrote: bool) -> tuple[Outcome, Mapping[str, str]]:
        reply = self.exchange(call)
        outcome = self._classify(reply, wrote)
        self.observe(reply, outcome)
        return outcome, reply.headers if isinstance(reply, Reply) else {}

    @property
    def pace(self) -> Pace:
        """How fast this side is called, and how often it was."""
        return self._pace

    # -- the side's clock -------------------------------------------------------------
    def _remember(self, reply: Reply) -> None:
        date = reply.headers.get("date")
        if date:
            self._date = (date, self._clock.now(), self._clock.monotonic())

    def server_time(self) -> datetime | None:
        """The side's clock at its last answer (whole seconds), ``None`` before the first."""
        if self._date is None:
            return None
        try:
            return parsedate_to_datetime(self._date[0]).astimezone(UTC)
        except ValueError:
            return None

    def server_time_at(self, moment: float) -> datetime | None:
        """The side's clock at a moment of our monotonic one, reckoned from its last answer (before or after it).

        What our own clock shows, and whether somebody sets it meanwhile, plays no part.
        """
        theirs = self.server_time()
        if theirs is None or self._date is None:
            return None
        return theirs + timedelta(seconds=moment - self._date[2])

    def clock_skew(self) -> float:
        """Seconds the side's clock is ahead of ours (0.0 when unknown); good to about a second."""
        theirs = self.server_time()
        if theirs is None or self._date is None:
            return 0.0
        return (theirs - self._date[1]).total_seconds()


def _pause(state: RetryCallState) -> float:
    """Seconds before the next attempt: what the side asked for, at least 1, 2, 4 …"""
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.later.seconds if isinstance(failure, _Again) else 0.0
    return float(min(LONGEST_PAUSE, max(asked, 2.0 ** (state.attempt_number - 1))))
