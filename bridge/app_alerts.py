"""Composes what watches the bridge: the probe, the token's renewal, the channels, and the overseer over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from bridge.app import new_id
from bridge.clock import Clock
from bridge.config.model import Config
from bridge.config.tokens import TokenFile, Tokens
from bridge.engine.context import Bridge
from bridge.engine.renewal import renew_if_due, seconds_left
from bridge.errors import ConfigError
from bridge.remotes.square.oauth import TokenEndpoint
from bridge.report.alerts import Limits
from bridge.report.book import BookFile
from bridge.report.channels import DeadMan, channels_of, http_client
from bridge.report.eyes import Eyes
from bridge.report.health import Probe, TokenLife, note_side
from bridge.report.overseer import Choices, Overseer, manners_of

REFUSED_PAUSE = 300.0
"""Seconds between renewals out of turn while Square refuses the token."""


def book_of(config: Config) -> Path:
    """Where what was told is noted."""
    path = config.ledger.path
    return path.with_name(path.name + ".alerts")


def name_of(config: Config) -> str:
    """What the bridge is called in messages."""
    return config.alerts.name or urlsplit(config.woo.url).hostname or config.woo.url


def choices_of(config: Config) -> Choices:
    """The retailer's choices in the overseer's words."""
    chosen = config.alerts
    return Choices(
        name=name_of(config),
        manners=manners_of(chosen.remind_hours, chosen.patience_minutes),
        limits=Limits(timedelta(minutes=chosen.patience_minutes), chosen.lag_minutes * 60),
        weekly=chosen.weekly,
        zone=config.timetable.zone,
    )


# -- Square's token ---------------------------------------------------------------------


def token_life(config: Config, clock: Clock) -> TokenLife | None:
    """How long the kept OAuth token lives, ``None`` without OAuth or before the first login."""
    if not config.square.oauth.on:
        return None
    try:
        tokens = TokenFile(config.square.oauth.tokens).read()
    except ConfigError as problem:
        return TokenLife(0.0, str(problem), needs_person=True)
    if tokens is None:
        return TokenLife(0.0, "nobody has logged in at Square yet", needs_person=True)
    left = seconds_left(tokens, clock.now())
    return None if left is None else TokenLife(left, tokens.trouble, tokens.needs_person)


@contextmanager
def token_endpoint(config: Config) -> Iterator[TokenEndpoint]:
    """Square's token endpoint for the configured application; raises ``ConfigError`` without one."""
    square = config.square
    if square.oauth.application_id is None:
        raise ConfigError(
            "Square is used with a personal token here, which needs no login.",
            advice="To use an application of your own, set `square.oauth.application_id` in the configuration.",
        )
    secret = square.oauth.application_secret
    endpoint = TokenEndpoint(
        square.address,
        square.oauth.application_id,
        secret.reveal() if secret is not None else "",
        version=square.version,
        timeout=square.timeout,
    )
    try:
        yield endpoint
    finally:
        endpoint.close()


def renew_token(config: Config, clock: Clock, *, anyway: bool = False) -> Tokens | None:
    """Renew the kept token when it is time; ``None`` without OAuth or before the first login."""
    if not config.square.oauth.on:
        return None
    with token_endpoint(config) as endpoint:
        return renew_if_due(TokenFile(config.square.oauth.tokens), endpoint, clock, anyway=anyway)


class _Noting:
    """Before each reading: note which sides answer, and renew a refused token out of turn."""

    def __init__(self, config: Config, bridge: Bridge, eyes: Mapping[str, Eyes]) -> None:
        self._config, self._bridge, self._eyes = config, bridge, eyes
        self._tried = float("-inf")

    def __call__(self) -> None:
        for side, seen in self._eyes.items():
            verdict = seen.verdict
            if verdict is not None:
                note_side(self._bridge, side, verdict[0])
                if side == "square" and verdict[0] is not None:
                    self._renew_refused(verdict[0])

    def _renew_refused(self, problem: Exception) -> None:
        from bridge.errors import AccessRefused

        now = self._bridge.clock.monotonic()
        if isinstance(problem, AccessRefused) and now - self._tried >= REFUSED_PAUSE:
            self._tried = now
            renew_token(self._config, self._bridge.clock, anyway=True)


# -- all of it --------------------------------------------------------------------------


def probe_of(
    config: Config,
    bridge: Bridge,
    *,
    heartbeat: Callable[[], float | None] = lambda: None,
    counts: Callable[[], Mapping[str, int]] = dict,
    hooks: Callable[[], Mapping[str, str]] = dict,
) -> Probe:
    """The probe of a bridge; the daemon gives what only it knows."""
    return Probe(
        bridge, heartbeat=heartbeat, counts=counts, hooks=hooks, token=lambda: token_life(config, bridge.clock)
    )


@contextmanager
def open_overseer(
    config: Config, bridge: Bridge, probe: Probe, *, eyes: Mapping[str, Eyes] | None = None
) -> Iterator[Overseer]:
    """The overseer; start its thread with ``Watch``, or ``tick`` it yourself."""
    http = http_client()
    dead_man = config.alerts.dead_man
    try:
        yield Overseer(
            probe,
            db=bridge.db,
            clock=bridge.clock,
            channels=channels_of(config, bridge.clock, new_id, http),
            book=BookFile(book_of(config)),
            choices=choices_of(config),
            renew=lambda: renew_token(config, bridge.clock),
            before=_Noting(config, bridge, eyes or {}),
            dead_man=DeadMan(dead_man, http) if dead_man is not None else None,
        )
    finally:
        with suppress(Exception):
            http.close()
