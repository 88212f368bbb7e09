"""Serves a simulator over HTTP on loopback (waitress), and sends its webhook deliveries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from waitress import wasyncore
from waitress.server import create_server

from bridge.sim.kernel.exchange import SimRequest, Unanswered
from bridge.sim.kernel.service import BaseService

_REASONS = {
    200: "OK",
    201: "Created",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
}


def wsgi(service: BaseService) -> Callable[..., Iterable[bytes]]:
    """A WSGI application around a simulator; an unanswered request closes the connection."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = _request_of(environ)
        try:
            answer = service.handle(request)
        except Unanswered:
            # waitress hangs up when fewer bytes come than were promised
            start_response("200 OK", [("Content-Length", "1000000")])
            return [b" "]
        reason = _REASONS.get(answer.status, "Status")
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        # the service's own time, which may be virtual, not that of the machine it is simulated on
        headers.setdefault("Date", format_datetime(service.clock.now(), usegmt=True))
        headers.pop("Transfer-Encoding", None)
        start_response(f"{answer.status} {reason}", list(headers.items()))
        return [answer.body]

    return app


def _request_of(environ: dict[str, Any]) -> SimRequest:
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    for key, name in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length")):
        if environ.get(key):
            headers[name] = environ[key]
    target = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
    query = environ.get("QUERY_STRING", "")
    request = SimRequest.from_url(
        environ["REQUEST_METHOD"],
        f"{environ['wsgi.url_scheme']}://{headers.get('host', 'localhost')}/?{query}",
        headers,
        environ["wsgi.input"].read(),
    )
    request.path = unquote(target)
    return request


class LoopbackServer:
    """One simulator listening on 127.0.0.1; ``with LoopbackServer(service) as server: server.url``."""

    def __init__(self, service: BaseService, *, port: int = 0, deliver_every: float = 0.05) -> None:
        self._service = service
        logging.getLogger("waitress").setLevel(logging.ERROR)  # it would tell of every answer dropped on purpose
        self._sockets: dict[int, Any] = {}
        self._server = create_server(
            wsgi(service),
            map=self._sockets,
            host="127.0.0.1",
            port=port,
            threads=8,
            ident=None,
            max_request_body_size=64 << 20,
        )
        self.port = int(self._server.effective_port)
        self.url = f"http://127.0.0.1:{self.port}"
        self._stop = threading.Event()
        self._deliver_every = deliver_every
        self._threads = [
            threading.Thread(target=self._server.run, name=f"sim-{service.name}", daemon=True),
            threading.Thread(target=self._deliver, name=f"sim-{service.name}-hooks", daemon=True),
        ]

    def __enter__(self) -> LoopbackServer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop serving and wait for both threads."""
        self._stop.set()
        # closed by the serving thread itself: it must not wait on a socket that another thread closed
        with suppress(OSError):  # it may have closed, woken by a request, before it is rung
            self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._sockets, ignore_all=True))
        for thread in self._threads:
            thread.join(timeout=5)
        self._server.task_dispatcher.shutdown(timeout=1)

    def _deliver(self) -> None:
        with requests.Session() as session:
            while not self._stop.wait(self._deliver_every):
                self._service.deliver_due(lambda url, headers, body: post_loopback(session, url, headers, body))


def post_loopback(session: requests.Session, url: str, headers: dict[str, str], body: bytes) -> int:
    """POST to a loopback address only; 0 for any other address and when nobody answers."""
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        return 0
    try:
        return session.post(url, data=body, headers=headers, timeout=10, allow_redirects=False).status_code
    except requests.RequestException:
        return 0
