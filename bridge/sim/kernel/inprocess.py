"""Calls a simulator without a socket: transports for requests (WooCommerce) and httpx (the Square SDK)."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import httpx
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from bridge.sim.kernel.exchange import SimRequest, SimService, Unanswered


class SimAdapter(BaseAdapter):
    """A ``requests`` adapter whose server is a simulator in this process."""

    def __init__(self, service: SimService) -> None:
        super().__init__()
        self._service = service

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Answer as the simulator does; an unanswered request raises as the network would."""
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        sim_request = SimRequest.from_url(request.method or "GET", request.url or "", request.headers, raw)
        try:
            answer = self._service.handle(sim_request)
        except Unanswered as lost:
            if lost.kind == "timeout":
                raise requests.exceptions.ReadTimeout(request=request) from lost
            raise requests.exceptions.ConnectionError("connection reset", request=request) from lost
        response = requests.Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers)
        response.raw = BytesIO(answer.body)
        response._content = answer.body
        response.url, response.request = request.url or "", request
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Nothing is held open."""


def httpx_transport(service: SimService) -> httpx.MockTransport:
    """An httpx transport whose server is a simulator in this process."""

    def answer(request: httpx.Request) -> httpx.Response:
        sim_request = SimRequest.from_url(request.method, str(request.url), dict(request.headers), request.read())
        try:
            made = service.handle(sim_request)
        except Unanswered as lost:
            if lost.kind == "timeout":
                raise httpx.ReadTimeout("timed out", request=request) from lost
            raise httpx.RemoteProtocolError("connection reset", request=request) from lost
        return httpx.Response(made.status, headers=made.headers, content=made.body)

    return httpx.MockTransport(answer)
