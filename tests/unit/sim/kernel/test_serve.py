"""Serving a simulator on loopback: it starts and stops cleanly, also while somebody is connected."""

from __future__ import annotations

import threading

import pytest
import requests

from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.kernel.serve import LoopbackServer
from bridge.sim.kernel.service import BaseService


class Echo(BaseService):
    """Answers with the path it was asked for."""

    def answer(self, request: SimRequest) -> SimResponse:
        return SimResponse.of_json(200, request.path)


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_stopping_leaves_no_thread_behind_even_with_a_connection_open() -> None:
    before = threading.active_count()
    for _ in range(5):
        with requests.Session() as session, LoopbackServer(Echo()) as server:
            assert session.get(f"{server.url}/hello", timeout=5).json() == "/hello"
        assert threading.active_count() == before


def test_a_port_can_be_used_again_at_once() -> None:
    with LoopbackServer(Echo()) as first:
        port = first.port
    with LoopbackServer(Echo(), port=port) as second:
        assert requests.get(f"{second.url}/again", timeout=5).json() == "/again"
