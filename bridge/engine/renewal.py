"""Keeps Square's OAuth token alive: renews it in time, notes why it did not work, and never loses a renewed one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bridge.clock import Clock
from bridge.config.tokens import TokenFile, Tokens
from bridge.domain.renewal import is_due
from bridge.domain.times import parse_time, time_text
from bridge.errors import AccessRefused, RemoteDown
from bridge.remotes.square.oauth import Granted, TokenEndpoint


def tokens_of(granted: Granted, now: datetime) -> Tokens:
    """What Square granted, as it is kept."""
    return Tokens(
        access_token=granted.access_token,
        refresh_token=granted.refresh_token,
        expires_at=granted.expires_at,
        refresh_expires_at=granted.refresh_expires_at,
        obtained_at=time_text(now),
        merchant_id=granted.merchant_id,
    )


def renew_if_due(file: TokenFile, endpoint: TokenEndpoint, clock: Clock, *, anyway: bool = False) -> Tokens | None:
    """Renew the kept token when it is time (or ``anyway``); what is kept then, ``None`` before the first login.

    A failure is noted in the file (``trouble``; ``needs_person`` when Square said no) and raises nothing: the token
    in force goes on working until its end. Raises ``ConfigError`` when the file cannot be read or written.
    """
    with file.locked():
        tokens = file.read()
        if tokens is None or not (anyway or _is_due(tokens, clock.now())):
            return tokens
        try:
            fresh = tokens_of(endpoint.renew(tokens.refresh_token), clock.now())
        except AccessRefused as refused:
            fresh = replace(tokens, trouble=str(refused), needs_person=True)
        except RemoteDown as down:
            fresh = replace(tokens, trouble=str(down), needs_person=False)
        if fresh != tokens:
            file.write(fresh)
        return fresh


def seconds_left(tokens: Tokens, now: datetime) -> float | None:
    """Seconds until the access token ends, ``None`` when it has no end."""
    return (parse_time(tokens.expires_at) - now).total_seconds() if tokens.expires_at else None


def _is_due(tokens: Tokens, now: datetime) -> bool:
    obtained = parse_time(tokens.obtained_at) if tokens.obtained_at else None
    ends = parse_time(tokens.expires_at) if tokens.expires_at else None
    return is_due(obtained, ends, now)
