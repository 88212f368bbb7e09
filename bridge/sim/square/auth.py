"""Who is calling Square and in which version: bearer tokens, scopes and ``Square-Version``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.routes import refusal

DEFAULT_VERSION = "2025-08-20"
"""The version of an application whose requests name none."""
INVENTORY_SWITCH = "2026-07-15"
"""From this version on adjustments name two locations and transfers are retired."""
DEFAULT_TOKEN = "sandbox-square-token"

_VERSION = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


@dataclass(slots=True)
class Token:
    """An access token; ``scopes`` ``None`` means all of them (a personal token cannot be narrowed)."""

    token: str
    name: str = "bridge"
    scopes: frozenset[str] | None = None
    expires_at: datetime | None = None
    revoked: bool = False
    kind: Literal["personal", "oauth"] = "personal"


def authenticate(tokens: dict[str, Token], request: SimRequest, now: datetime) -> Token:
    """The caller's token; ``SquareError`` 401 when it is missing, unknown, revoked or expired."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    token = tokens.get(text.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise refusal("UNAUTHORIZED", "This request could not be authorized.")
    if token.revoked:
        raise refusal("ACCESS_TOKEN_REVOKED", "The provided access token has been revoked.")
    if token.expires_at is not None and token.expires_at <= now:
        raise refusal("ACCESS_TOKEN_EXPIRED", "The provided access token has expired.")
    return token


def require_scopes(token: Token, scopes: tuple[str, ...]) -> None:
    """``SquareError`` 403 INSUFFICIENT_SCOPES unless the token holds all of ``scopes``."""
    if token.scopes is None:
        return
    missing = [scope for scope in scopes if scope not in token.scopes]
    if missing:
        raise refusal(
            "INSUFFICIENT_SCOPES",
            f"The merchant has not given your application sufficient permissions: {', '.join(missing)}.",
        )


def request_version(request: SimRequest, default: str = DEFAULT_VERSION) -> str:
    """The request's ``Square-Version`` (dates compare as text); ``SquareError`` when it is no date."""
    version = request.headers.get("square-version", "")
    if not version:
        return default
    if not _VERSION.fullmatch(version):
        raise refusal("INVALID_SQUARE_VERSION_FORMAT", f"The Square-Version `{version}` is not of the form YYYY-MM-DD.")
    return version


def two_location_shape(request: SimRequest) -> bool:
    """True when inventory adjustments are in the shape of 2026-07-15 and later."""
    return request_version(request) >= INVENTORY_SWITCH
