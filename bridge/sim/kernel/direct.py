"""Calls a simulator straight from the bridge's port, no HTTP library in between: for fast simulations.

Everything above the transport (classification, paging, batching) is the real code; what is skipped is only
requests, httpx and their parsing, which cost more than the simulated shop itself.
"""

from __future__ import annotations

from base64 import b64encode
from email.utils import format_datetime

import httpx
import orjson

from bridge.remotes.port import Call, NoReply, Reply
from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.exchange import SimRequest, SimResponse, SimService, Unanswered


class _Direct:
    """Shared by both sides: builds the request, lower-cases the answer's headers, adds its ``Date``."""

    def __init__(self, service: SimService, *, scheme: str, host: str, prefix: str) -> None:
        self.service = service
        self._clock: SimClock | None = getattr(service, "clock", None)  # a checker around a service has none
        self._scheme, self._host, self._prefix = scheme, host, prefix

    def headers(self, call: Call) -> dict[str, str]:
        raise NotImplementedError

    def send(self, call: Call) -> Reply:
        """Send once; an unanswered request may have been applied, as on a real network."""
        headers = self.headers(call)
        body = b""
        if call.files is not None:
            encoded = httpx.Request("POST", "http://127.0.0.1/", files=call.files)
            body = encoded.read()
            headers["content-type"] = encoded.headers["content-type"]
        elif call.body is not None:
            body = orjson.dumps(call.body)
            headers["content-type"] = "application/json"
        request = SimRequest(
            call.method, self._scheme, self._host, self._prefix + call.path, list(call.query), headers, body
        )
        try:
            answer = self.service.handle(request)
        except Unanswered as lost:
            raise NoReply("the connection broke" if lost.kind == "reset" else "no answer in time", sent=True) from lost
        return self._reply(answer)

    def _reply(self, answer: SimResponse) -> Reply:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if self._clock is not None and "date" not in headers:
            headers["date"] = format_datetime(self._clock.now(), usegmt=True)
        return Reply(answer.status, headers, answer.body)


class InProcessWoo(_Direct):
    """A ``Transport`` to a simulated WooCommerce, https and Basic authentication as far as it can tell."""

    def __init__(self, service: SimService, key: str, secret: str) -> None:
        super().__init__(service, scheme="https", host="shop.test", prefix="/wp-json/")
        self._basic = "Basic " + b64encode(f"{key}:{secret}".encode()).decode()

    def headers(self, call: Call) -> dict[str, str]:
        """Basic authentication."""
        return {"authorization": self._basic, "host": self._host}


class InProcessSquare(_Direct):
    """A ``Transport`` to a simulated Square; ``call.version`` overrides ``version``."""

    def __init__(self, service: SimService, token: str, version: str = "2026-09-16") -> None:
        super().__init__(service, scheme="https", host="connect.squareup.com", prefix="/")
        self._token, self._version = token, version

    def headers(self, call: Call) -> dict[str, str]:
        """Bearer token and version."""
        return {
            "authorization": f"Bearer {self._token}",
            "square-version": call.version or self._version,
            "host": self._host,
        }
