"""Health pages as a WSGI application before another one: ``/healthz``, ``/readyz``, ``/metrics``, ``/status``.

``/healthz`` asks whether the process gets on (a supervisor restarts it when not), ``/readyz`` whether it can do its
work now, ``/metrics`` is for Prometheus, ``/status`` for ``bridge status``. The last two are answered to whoever calls
this address directly, not through a proxy: numbers about a business are nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from bridge.report.health import Vitals, not_ready, stuck
from bridge.report.metrics import CONTENT_TYPE, metrics_text

PATHS = ("/healthz", "/readyz", "/metrics", "/status")
_PRIVATE = ("/metrics", "/status")
App = Callable[..., Iterable[bytes]]
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
_STATUS = {200: "200 OK", 404: "404 Not Found", 405: "405 Method Not Allowed", 503: "503 Service Unavailable"}


class Health:
    """``Health(probe, behind=doorbell)``: answers its own addresses and hands everything else on.

    ``status`` gives what ``/status`` tells.
    """

    def __init__(
        self,
        probe: Callable[[], Vitals],
        *,
        behind: App | None = None,
        status: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self._probe, self._behind, self._status = probe, behind, status

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path not in PATHS:
            if self._behind is not None:
                return self._behind(environ, start_response)
            return _answer(start_response, 404, b"not found\n")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return _answer(start_response, 405, b"GET only\n")
        status, body, kind = self._page(path, forwarded=any(environ.get(name) for name in _FORWARDED))
        return _answer(start_response, status, body if environ["REQUEST_METHOD"] == "GET" else b"", kind)

    def _page(self, path: str, *, forwarded: bool) -> tuple[int, bytes, str]:
        if path in _PRIVATE and forwarded:
            return 404, b"not found\n", "text/plain"
        if path == "/metrics":
            return 200, metrics_text(self._probe()), CONTENT_TYPE
        if path == "/status":
            return 200, orjson.dumps(self._status()) + b"\n", "application/json"
        vitals = self._probe()
        why = stuck(vitals) if path == "/healthz" else not_ready(vitals)
        told = {"ok": not why, "why": why}
        return 503 if why else 200, orjson.dumps(told) + b"\n", "application/json"


def _answer(start_response: Callable[..., Any], status: int, body: bytes, kind: str = "text/plain") -> list[bytes]:
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(_STATUS[status], headers)
    return [body]
