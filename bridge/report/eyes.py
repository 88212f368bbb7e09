"""Sees from the answers themselves whether a side is up, down, or refuses us; stands around its transport."""

from __future__ import annotations

import threading

import orjson

from bridge.errors import AccessRefused, BridgeError, RemoteDown
from bridge.remotes.port import Call, NoReply, Reply, Transport

IN_A_ROW = 3
"""So many calls must go wrong in the same way, with no good one between: one odd endpoint is not a side."""
_NAMES = {"woo": "WooCommerce", "square": "Square"}


class Eyes:
    """``transport = eyes.around(transport)``; ``verdict`` is ``None`` before anything is known."""

    def __init__(self, side: str) -> None:
        self.side = side
        self._lock = threading.Lock()
        self._bad = {"down": 0, "refused": 0}
        self._why = ""
        self._up: bool | None = None

    def around(self, transport: Transport) -> Transport:
        """The same transport, seen."""
        return _Seen(transport, self)

    @property
    def verdict(self) -> tuple[BridgeError | None] | None:
        """``(None,)`` when the side answers, ``(problem,)`` when it does not, ``None`` when nothing is known yet."""
        with self._lock:
            for kind, error in (("refused", AccessRefused), ("down", RemoteDown)):
                if self._bad[kind] >= IN_A_ROW:
                    return (error(self._why),)
            return (None,) if self._up else None

    def saw(self, status: int | None, why: str = "") -> None:
        """One answer: its HTTP status, ``None`` when there was none."""
        kind = "down" if status is None or status >= 500 else "refused" if status in (401, 403) else ""
        with self._lock:
            if not kind:
                self._up, self._bad = True, {"down": 0, "refused": 0}
                return
            self._bad[kind] += 1
            name = _NAMES[self.side]
            said = why or f"HTTP {status}"
            self._why = f"{name} does not answer: {said}." if kind == "down" else f"{name} says {said}."


class _Seen:
    def __init__(self, transport: Transport, eyes: Eyes) -> None:
        self._transport, self._eyes = transport, eyes

    def send(self, call: Call) -> Reply:
        """Send once, and look at the answer."""
        try:
            reply = self._transport.send(call)
        except NoReply as lost:
            self._eyes.saw(None, str(lost))
            raise
        self._eyes.saw(reply.status, _words(reply) if reply.status in (401, 403) else "")
        return reply


def _words(reply: Reply) -> str:
    """What the side said about its refusal, "" when that is not for us to read."""
    try:
        said = orjson.loads(reply.body)
        first = (said.get("errors") or [{}])[0]
        text = first.get("detail") or said.get("message") or ""
    except (ValueError, AttributeError, LookupError, TypeError):
        return ""
    return f"“{str(text)[:200].rstrip('.')}” (HTTP {reply.status})" if text else ""
