"""Square's memory of idempotency keys: the same body gets the stored answer, another body is refused."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.square.routes import Route, refusal

RETENTION_SECONDS = 30 * 86400.0
"""How long a key is remembered. Square publishes no figure; adjustable per account."""


class KeyMemory:
    """Answers by (token, endpoint, key) with the hash of the body that earned them."""

    def __init__(self) -> None:
        self.retention_seconds = RETENTION_SECONDS
        self._known: dict[tuple[str, str, str], tuple[str, datetime, SimResponse]] = {}

    def replay(self, place: tuple[str, str, str], body: bytes, now: datetime) -> SimResponse | None:
        """The stored answer, ``None`` for a new key; ``SquareError`` when the body differs."""
        known = self._known.get(place)
        if known is None:
            return None
        digest, at, response = known
        if (now - at).total_seconds() > self.retention_seconds:
            del self._known[place]
            return None
        if digest != digest_of(body):
            raise refusal(
                "IDEMPOTENCY_KEY_REUSED",
                "The idempotency key can only be retried with the same request data.",
                "idempotency_key",
            )
        return SimResponse(response.status, response.body, dict(response.headers))

    def remember(self, place: tuple[str, str, str], body: bytes, now: datetime, answer: SimResponse) -> None:
        """Keep a successful answer; a refused request leaves its key free."""
        if answer.status < 300:
            self._known[place] = (digest_of(body), now, answer)

    def forget_all(self) -> None:
        """Empty the memory, as if the retention had passed."""
        self._known.clear()


def digest_of(body: bytes) -> str:
    """The hash by which two bodies are held to be the same."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def key_of(route: Route, body: Any) -> str:
    """The request's idempotency key, "" without one; ``SquareError`` when missing or too long."""
    if route.idempotency == "none" or not isinstance(body, dict):
        return ""
    key = body.get("idempotency_key")
    if key is None or key == "":
        if route.idempotency == "required":
            raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "idempotency_key")
        return ""
    if not isinstance(key, str):
        raise refusal("EXPECTED_STRING", "Expected a string value.", "idempotency_key")
    if len(key) > route.key_length:
        raise refusal(
            "VALUE_TOO_LONG",
            f"Field must not be greater than {route.key_length} in length",
            "idempotency_key",
        )
    return key
