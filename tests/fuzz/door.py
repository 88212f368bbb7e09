"""Strangers at the door: bodies and headers of every shape, against both doorbells behind the health pages.

Every request is made from a seed. What is signed rightly must be stored once; anything else must leave no trace.
"""

from __future__ import annotations

import io
import json
import random
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from hmac import new as hmac_new
from typing import Any

from sqlalchemy import func, select

from bridge.clock import VirtualClock
from bridge.ledger.database import Database
from bridge.ledger.schema import inbox
from bridge.report.health import Vitals
from bridge.web.doorbell import BODY_LIMIT, Doorbell, SquareBell, WooBell
from bridge.web.health import Health

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://bridge.example/hooks/square/sq-token"
SECRETS = {"woo": "woo-secret-canary", "square": "square-secret-canary"}
TRACES = (
    b"Traceback",
    b'File "',
    b"Error",
    b"Exception",
    b"sqlite",
    b"SELECT",
    b"INSERT",
    b"bridge.",
    b"canary",
)
METHODS = ("POST",) * 60 + ("GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW", "", "post")
PATHS = ("/hooks/woo/woo-token", "/hooks/square/sq-token")
ODD_PATHS = (
    "", "/", "//", "/hooks", "/hooks/woo", "/hooks/woo/", "/hooks/woo/wrong", "/hooks/square/woo-token",
    "/hooks/woo/woo-token/", "/hooks/woo/woo-token/..", "/hooks/../hooks/woo/woo-token", "/hooks/woo/woo-token\x00",
    "/hooks/woo/" + "x" * 5000, "/hooks/\xff\xfe/\xe6", "/metrics", "/status", "/healthz", "/readyz",
    "/_sim/state", "/.env",
)  # fmt: skip
ODD_LENGTHS = (
    "",
    "-1",
    "0",
    "1e3",
    "0x10",
    "\xb2",
    "\xb3\xb9",
    " 5",
    "5 ",
    "+5",
    "1_0",
    "9" * 5000,
    str(BODY_LIMIT + 1),
)
ODD_TEXTS = (
    "",
    "\x00",
    "\xff" * 40,
    "é",
    "'; DROP TABLE inbox; --",
    "../../etc",
    "%n%s",
    "a" * 9000,
    "\r\nX: y",
    "=" * 44,
)
ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 2**64 + 1, 10**400, 1.5, "",
    "x" * 5000, "\x00", "😀", [], {}, [[]], {"id": {"id": 1}}, "1", "null",
)  # fmt: skip
WORDS = (
    "id",
    "type",
    "event_id",
    "data",
    "created_at",
    "status",
    "date_modified_gmt",
    "arg",
    "topic",
    "object",
)
TOPICS = (
    "order.updated",
    "product.deleted",
    "action.woocommerce_updated_product_stock",
    "coupon.created",
    "x",
    "",
)


@dataclass
class Fuzzed:
    """What came of it; ``wrong`` says in words what must never happen."""

    tries: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    genuine: int = 0
    stored: int = 0
    wrong: list[str] = field(default_factory=list)


class Stranger:
    """Draws requests. ``draw`` gives a WSGI environment, and whether it is a genuine delivery."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def draw(self) -> tuple[dict[str, Any], bool]:
        dice = self.dice
        side = dice.choice(("woo", "square"))
        path = PATHS[side == "square"] if dice.random() < 0.9 else dice.choice(ODD_PATHS)
        method, body = dice.choice(METHODS), self._body()
        headers, signed = self._headers(side, body)
        length = str(len(body)) if dice.random() < 0.95 else dice.choice(ODD_LENGTHS)
        whole = length == str(len(body))
        sent = body if dice.random() < 0.97 else body[: len(body) // 2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "wsgi.input": io.BytesIO(sent),
            **headers,
        }
        if dice.random() < 0.98:
            environ["CONTENT_LENGTH"] = length
        genuine = signed and whole and sent == body and method == "POST" and path == PATHS[side == "square"]
        return environ, genuine and "CONTENT_LENGTH" in environ and _is_object(body)

    def _headers(self, side: str, body: bytes) -> tuple[dict[str, str], bool]:
        dice, headers = self.dice, {}
        secret = SECRETS[side] if dice.random() < 0.5 else dice.choice(("", "wrong", SECRETS["woo"], SECRETS["square"]))
        to_sign = body if side == "woo" else URL.encode() + body
        signature = b64encode(hmac_new(secret.encode(), to_sign, sha256).digest()).decode()
        right = secret == SECRETS[side]
        if dice.random() < 0.25:
            signature, right = self._spoiled(signature), False
        name = "HTTP_X_WC_WEBHOOK_SIGNATURE" if side == "woo" else "HTTP_X_SQUARE_HMACSHA256_SIGNATURE"
        if signature or dice.random() < 0.5:
            headers[name] = signature
        headers["HTTP_X_WC_WEBHOOK_TOPIC"] = dice.choice((*TOPICS, *ODD_TEXTS))
        if dice.random() < 0.5:
            headers["HTTP_X_WC_WEBHOOK_DELIVERY_ID"] = dice.choice(ODD_TEXTS)
        if dice.random() < 0.2:
            headers[dice.choice(("HTTP_TRANSFER_ENCODING", "HTTP_X_FORWARDED_FOR", "CONTENT_TYPE", "HTTP_EXPECT"))] = (
                dice.choice(ODD_TEXTS)
            )
        return headers, right

    def _spoiled(self, signature: str) -> str:
        dice = self.dice
        return dice.choice((signature[:-2], signature.lower(), signature + "=", signature[1:], *ODD_TEXTS))

    def _body(self) -> bytes:
        dice, kind = self.dice, self.dice.random()
        if kind < 0.45:
            return json.dumps(self._event()).encode()
        if kind < 0.60:  # a good body with a few bytes changed
            body = bytearray(json.dumps(self._event()).encode())
            for _ in range(dice.randint(1, 4)):
                body[dice.randrange(len(body))] = dice.randrange(256)
            return bytes(body)
        if kind < 0.75:
            return dice.randbytes(dice.choice((0, 1, 2, 7, 64, 500)))
        if kind < 0.80:
            depth = dice.choice((10, 200, 300, 900, 1500, 20_000))
            opened, closed = dice.choice((("[", "]"), ('{"a":', "}")))
            inner = opened * depth + "1" + closed * depth
            return (f'{{"{dice.choice(WORDS)}":{inner}}}' if dice.random() < 0.7 else inner).encode()
        return dice.choice(
            (
                b"webhook_id=12", b"webhook_id=12&x=1", b"webhook_id=\xb2", b"null", b"[]", b"{}", b'"x"', b"1", b"NaN",
                b'{"id":NaN}', b'{"id":"\\ud800"}', b'{"id":1,"id":2}', b"\xef\xbb\xbf{}", b"{}{}", b" {} ", b"\x00",
                b'{"id":1' + b"0" * 5000 + b"}", b'{"a":"' + b"x" * 100_000 + b'"}', b"<?xml version='1.0'?><a/>",
            )
        )  # fmt: skip

    def _event(self) -> Any:
        dice = self.dice
        event: dict[str, Any] = {word: self._value() for word in dice.sample(WORDS, dice.randint(0, 6))}
        if dice.random() < 0.4:
            event |= {"event_id": f"e{dice.randrange(10**9)}", "id": dice.randrange(10**6)}
        if dice.random() < 0.3:
            event["data"] = {"type": self._value(), "id": self._value(), "object": {"a": self._value()}}
        return event

    def _value(self) -> Any:
        if self.dice.random() < 0.6:
            return self.dice.choice(ODD_VALUES)
        return {self.dice.choice(WORDS): self.dice.choice(ODD_VALUES) for _ in range(2)}


def _is_object(body: bytes) -> bool:
    """Whether a body is a JSON object, by another reader than the doorbell's; unsure ones are no matter of it."""
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def fuzz(tries: int, *, seed: int) -> Fuzzed:
    """Ring ``tries`` times and look at every answer, and at the ledger in between."""
    clock, found, stranger = VirtualClock(NOW), Fuzzed(), Stranger(seed)
    with Database.open(":memory:", clock=clock, ids=lambda: "fuzz") as db:
        bell = Doorbell(
            db,
            clock,
            woo=WooBell("woo-token", lambda: [SECRETS["woo"]]),
            square=SquareBell("sq-token", lambda: [SECRETS["square"]], URL),
        )
        app = Health(lambda: Vitals(NOW), behind=bell)
        for number in range(tries):
            environ, genuine = stranger.draw()
            _one(app, environ, genuine, found, f"seed {seed}, request {number}")
            found.genuine += genuine
            if (number + 1) % 1000 == 0 or number + 1 == tries:
                _look(db, bell, found, f"seed {seed}, up to request {number}")
        found.words.update(bell.counts)
    return found


def _one(app: Health, environ: dict[str, Any], genuine: bool, found: Fuzzed, where: str) -> None:
    said: list[tuple[str, list[tuple[str, str]]]] = []
    found.tries += 1
    try:
        answer = b"".join(app(environ, lambda status, headers, *_: said.append((status, headers))))
    except Exception as problem:
        found.wrong.append(f"{where}: {type(problem).__name__}: {problem}")
        return
    status = int(said[0][0].split()[0])
    found.answers[status] += 1
    pages = environ["PATH_INFO"] in ("/metrics", "/status", "/healthz", "/readyz")
    if status >= 500 and not pages:
        found.wrong.append(f"{where}: {status}")
    if not pages and (any(trace in answer for trace in TRACES) or len(answer) > 20):
        found.wrong.append(f"{where}: tells {answer[:80]!r}")
    if any("\n" in value or "\r" in value for _, value in said[0][1]):
        found.wrong.append(f"{where}: a header with a line break")
    if not genuine and answer in (b"stored", b"repeated") and not _maybe_genuine(environ):
        found.wrong.append(f"{where}: took what was not signed")
    if genuine and status != 200 and status != 400:
        found.wrong.append(f"{where}: a genuine one was answered {status}")


def _maybe_genuine(environ: dict[str, Any]) -> bool:
    """Judged by itself from what was sent: does the signature fit what a reader of ``Content-Length`` bytes read?"""
    environ["wsgi.input"].seek(0)
    length = str(environ.get("CONTENT_LENGTH", ""))
    body = environ["wsgi.input"].read(int(length)) if length.isascii() and length.isdigit() else b""
    woo = environ["PATH_INFO"] == PATHS[0]
    name = "HTTP_X_WC_WEBHOOK_SIGNATURE" if woo else "HTTP_X_SQUARE_HMACSHA256_SIGNATURE"
    secret, signed = (SECRETS["woo"], body) if woo else (SECRETS["square"], URL.encode() + body)
    return bool(environ.get(name) == b64encode(hmac_new(secret.encode(), signed, sha256).digest()).decode())


def _look(db: Database, bell: Doorbell, found: Fuzzed, where: str) -> None:
    """As many on disk as were answered "stored"; each of them readable JSON or cut where too long."""
    with db.reading() as conn:
        found.stored = int(conn.execute(select(func.count()).select_from(inbox)).scalar() or 0)
    if found.stored != bell.counts["stored"]:
        found.wrong.append(f"{where}: {found.stored} on disk, {bell.counts['stored']} answered")
