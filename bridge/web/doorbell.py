"""Doorbells: a WSGI application that checks, stores and answers webhooks of both sides; it never reads them as truth.

``POST /hooks/woo/<token>`` and ``POST /hooks/square/<token>``. The order of checks keeps strangers cheap: address,
size, signature over the raw bytes in constant time, then JSON. What fails is counted and leaves no trace in the
ledger; what passes is on disk before it is answered 200. Of the body only what names the object is kept: customers'
names and addresses have no business in the ledger, because a doorbell only says *look*.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from bridge.clock import Clock
from bridge.domain.times import time_text
from bridge.errors import LedgerError
from bridge.ledger.database import Database
from bridge.web.letterbox import Letterbox, Ring

BODY_LIMIT = 1 << 20
"""Bytes; Square's and WooCommerce's deliveries stay far below."""
_LONGEST_LENGTH = 20
"""Digits: a number that goes on for longer is not worth reading as one."""
Secrets = Callable[[], Sequence[str]]
"""The secrets in force now, newest first: two while one is being replaced. Asked at every delivery."""
StartResponse = Callable[..., Any]

_PING = re.compile(rb"webhook_id=\d+")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,100}")
_STATUS = {
    200: "200 OK",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    411: "411 Length Required",
    413: "413 Content Too Large",
    503: "503 Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class WooBell:
    """The shop's door: ``token`` is the last part of its address, ``secrets`` sign the deliveries."""

    token: str
    secrets: Secrets


@dataclass(frozen=True, slots=True)
class SquareBell:
    """Square's door. ``notification_url`` is the address as subscribed, to the byte: Square signs it with the body."""

    token: str
    secrets: Secrets
    notification_url: str


class Refusal(Exception):
    """A delivery that is not taken: the HTTP status and the word it is counted under."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Doorbell:
    """The application. ``rang`` is called after each commit; ``counts`` says how every delivery ended.

    Words in ``counts``: stored, repeated, ping, and for what was refused no_such_door, wrong_method, no_length,
    too_large, bad_signature, no_key, not_json, ledger_down.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        woo: WooBell | None = None,
        square: SquareBell | None = None,
        rang: Callable[[], None] = lambda: None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._clock, self._letterbox = clock, Letterbox(db, rang)
        self._woo, self._square = woo, square

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        more: list[tuple[str, str]] = []
        try:
            word, status = self._take(environ), 200
        except Refusal as refused:
            word, status = refused.why, refused.status
        except LedgerError:
            # the remote keeps the delivery (Square) or our own polling finds the change (WooCommerce)
            word, status, more = "ledger_down", 503, [("Retry-After", "60")]
        self.counts[word] += 1
        said = word.encode() if status == 200 else b"refused"
        start_response(_STATUS[status], [("Content-Type", "text/plain"), ("Content-Length", str(len(said))), *more])
        return [said]

    def _take(self, environ: dict[str, Any]) -> str:
        side = self._door(environ.get("PATH_INFO", ""))
        if environ.get("REQUEST_METHOD") != "POST":
            raise Refusal(405, "wrong_method")
        body = _body(environ)
        ring = self._square_ring(environ, body) if side == "square" else self._woo_ring(environ, body)
        if ring is None:
            return "ping"
        new = self._letterbox.put(ring, time_text(self._clock.now()))
        return "stored" if new else "repeated"

    def _door(self, path: str) -> str:
        """The side whose door the address names; wrong tokens look like addresses that do not exist."""
        for side, bell in (("woo", self._woo), ("square", self._square)):
            if bell is not None and hmac.compare_digest(path.encode("latin-1"), f"/hooks/{side}/{bell.token}".encode()):
                return side
        raise Refusal(404, "no_such_door")

    def _square_ring(self, environ: dict[str, Any], body: bytes) -> Ring:
        assert self._square is not None
        signed = self._square.notification_url.encode() + body
        _check_signature(environ.get("HTTP_X_SQUARE_HMACSHA256_SIGNATURE", ""), signed, self._square.secrets())
        event = _json_object(body)
        about = event.get("data")
        about = about if isinstance(about, dict) else {}
        event_id = str(event.get("event_id") or "") or hashlib.sha256(body).hexdigest()
        kept = {"type": event.get("type"), "created_at": event.get("created_at"), "data": _named(about)}
        return Ring("square", _word(event.get("type")), event_id[:200], str(about.get("id") or "")[:200], _text(kept))

    def _woo_ring(self, environ: dict[str, Any], body: bytes) -> Ring | None:
        assert self._woo is not None
        signature = environ.get("HTTP_X_WC_WEBHOOK_SIGNATURE", "")
        if not signature and _PING.fullmatch(body):
            return None  # sent while a webhook is being created, before anything could be signed
        _check_signature(signature, body, self._woo.secrets())
        topic = _word(environ.get("HTTP_X_WC_WEBHOOK_TOPIC"))
        event = _json_object(body)
        about = event.get("arg") if topic.startswith("action.") else event.get("id")
        kept = {
            "id": about,
            "date_modified_gmt": event.get("date_modified_gmt"),
            "status": event.get("status"),
        }
        dedupe = f"{topic}:{hashlib.sha256(body).hexdigest()}"
        if "date_modified_gmt" not in event:
            # a body without a time (a deletion, an action) is the same each time: the second it was sent in tells
            dedupe += f":{environ.get('HTTP_X_WC_WEBHOOK_DELIVERY_ID', '')[:64]}"
        object_id = str(about) if isinstance(about, int | str) else ""
        return Ring("woo", topic, dedupe, object_id[:200], _text(kept))


def _body(environ: dict[str, Any]) -> bytes:
    """The body, its size checked before a byte of it is read."""
    length = environ.get("CONTENT_LENGTH") or ""
    # ASCII digits: to Python "²" is a digit too, yet no number
    if not (length.isascii() and length.isdigit()):
        raise Refusal(411, "no_length")
    if len(length) > _LONGEST_LENGTH or int(length) > BODY_LIMIT:
        raise Refusal(413, "too_large")
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _check_signature(given: str, signed: bytes, secrets: Sequence[str]) -> None:
    """Compare with every secret in force, always all of them, in constant time."""
    if not secrets:
        raise Refusal(503, "no_key")  # not learnt yet since the start: Square comes again
    fits = False
    for secret in secrets:
        made = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
        fits |= hmac.compare_digest(made, given.encode("latin-1", "replace"))
    if not fits:
        raise Refusal(401, "bad_signature")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(body)
    except ValueError:
        raise Refusal(400, "not_json") from None
    if not isinstance(event, dict):
        raise Refusal(400, "not_json")
    return event


def _word(topic: object) -> str:
    """A topic as a plain word; what is not one is kept under a name of its own."""
    return topic if isinstance(topic, str) and _WORD.fullmatch(topic) else "unknown"


def _named(about: dict[str, Any]) -> dict[str, str]:
    return {name: str(about[name])[:200] for name in ("type", "id") if name in about}


def _text(kept: dict[str, Any]) -> str:
    """What is kept, as JSON; a value that should be plain and is not is left out, however deep it goes."""
    plain = {name: value for name, value in kept.items() if isinstance(value, str | int | float) or name == "data"}
    return orjson.dumps(plain).decode()[:2000]
