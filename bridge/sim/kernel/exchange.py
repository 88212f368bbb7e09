"""One HTTP exchange as plain values, so that a simulator can be called with or without a socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

JSON_UTF8 = "application/json; charset=UTF-8"


@dataclass(slots=True)
class SimRequest:
    """A request as a service sees it: header names lower-case, query decoded and in order."""

    method: str
    scheme: str
    host: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes = b""

    @classmethod
    def from_url(cls, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> SimRequest:
        """Build a request from an absolute URL (``http://host/path?query``)."""
        parts = urlsplit(url)
        return cls(
            method=method.upper(),
            scheme=parts.scheme or "http",
            host=parts.netloc,
            path=unquote(parts.path) or "/",
            query=parse_qsl(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in (headers or {}).items()},
            body=body,
        )

    def arg(self, name: str, default: str = "") -> str:
        """The first value of a query argument, or ``default``."""
        return next((value for key, value in self.query if key == name), default)

    def json(self) -> Any:
        """The body as JSON (``None`` when empty); raises ``ValueError`` when it is not JSON."""
        return orjson.loads(self.body) if self.body else None


@dataclass(slots=True)
class SimResponse:
    """An answer: header names as they go on the wire, body in bytes."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, status: int, value: Any, headers: Mapping[str, str] | None = None) -> SimResponse:
        """An answer whose body is ``value`` as JSON."""
        return cls(status, orjson.dumps(value), {"Content-Type": JSON_UTF8, **(headers or {})})

    def json(self) -> Any:
        """The body as JSON (``None`` when empty)."""
        return orjson.loads(self.body) if self.body else None


class Unanswered(Exception):
    """The connection ended without an answer: the caller cannot know what happened."""

    def __init__(self, kind: Literal["timeout", "reset"]) -> None:
        super().__init__(kind)
        self.kind = kind


class SimService(Protocol):
    """What both simulators are: a function from request to answer (may raise ``Unanswered``)."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request; control-plane paths (``/_sim/…``) included."""
        ...
