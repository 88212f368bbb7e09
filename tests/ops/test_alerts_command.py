"""``bridge alerts``: what needs a person, test messages, and the self-check that works without a daemon."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.cli.conftest import Accounts


class Listener:
    """An address on loopback that keeps the JSON posted to it."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        outer = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.status == 200:
                    outer.got.append(json.loads(body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/canary-path"


@pytest.fixture
def listener(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    made = Listener()
    threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("HOOK", made.url)
    accounts.configure("alerts: {webhook: env:HOOK, name: corner shop}\n")
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_when_all_is_well_nothing_needs_anybody(accounts: Accounts) -> None:
    accounts.product("A-1")
    accounts.settle()
    told = accounts.bridge("alerts", "list", "--json")
    assert told.code == 0
    assert told.json["alerts"] == []
    assert "Nothing needs you." in accounts.bridge("alerts", "list").out


def test_a_test_message_arrives_or_says_why_not_without_the_address(accounts: Accounts, listener: Listener) -> None:
    assert accounts.bridge("alerts", "test").code == 0
    assert listener.got[0]["kind"] == "test"
    assert listener.got[0]["bridge"] == "corner shop"
    listener.status = 500
    ended = accounts.bridge("alerts", "test")
    assert ended.code == 1
    assert "HTTP 500" in ended.out
    assert "canary" not in ended.out + ended.err


def test_without_any_way_to_tell_the_test_says_so(accounts: Accounts) -> None:
    ended = accounts.bridge("alerts", "test")
    assert ended.code == 2
    assert "Nobody would be told" in ended.err


def test_a_comparison_that_finds_drift_is_told_once_and_writes_nothing(accounts: Accounts, listener: Listener) -> None:
    accounts.product("A-1", stock=10)
    accounts.settle()
    assert accounts.bridge("alerts", "check", "--compare").code == 0
    writes = accounts.writes()
    product = next(iter(accounts.woo.state.items))
    accounts.woo.acts["staff_set_stock"](product, 25)
    ended = accounts.bridge("alerts", "check", "--compare", "--json")
    assert ended.code == 3, ended
    assert ended.json["alerts"] == ["drift"]
    accounts.bridge("alerts", "check")
    assert [one["key"] for one in listener.got] == ["drift"]
    assert accounts.writes() == writes  # comparing reads only


def test_a_check_while_a_side_is_down_still_tells_the_rest(accounts: Accounts, listener: Listener) -> None:
    accounts.product("A-1")
    accounts.settle()
    accounts.woo_server.stop()
    ended = accounts.bridge("alerts", "check", "--compare", "--json")
    assert ended.code == 5
    assert "WooCommerce" in ended.json["problem"]


def test_a_ledger_that_cannot_be_read_is_told_by_the_check(accounts: Accounts, listener: Listener) -> None:
    accounts.product("A-1")
    accounts.settle()
    (accounts.folder / "bridge.sqlite").write_bytes(b"damaged" * 1000)
    for name in ("bridge.sqlite-wal", "bridge.sqlite-shm"):
        (accounts.folder / name).unlink(missing_ok=True)
    ended = accounts.bridge("alerts", "check", "--json")
    assert ended.code == 3
    assert ended.json["alerts"] == ["ledger"]


def test_the_week_in_short_can_be_read_at_any_time(accounts: Accounts) -> None:
    accounts.product("A-1")
    accounts.settle()
    said = accounts.bridge("alerts", "week")
    assert said.code == 0
    assert "Passes: " in said.out
    assert accounts.bridge("alerts", "week", "--json").json["passes"] >= 1
