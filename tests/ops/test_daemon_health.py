"""The daemon's health pages over loopback: alive, ready, measured, and refused tokens told with what to do."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from bridge.app_daemon import open_daemon
from bridge.config.load import load_config
from bridge.engine.systemd_notify import Notify
from bridge.errors import BridgeError
from tests.cli.conftest import SECRET, TOKEN, Accounts

WEB = 'web: {listen: "127.0.0.1:0"}\n'


def get(address: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


@pytest.fixture
def shop(accounts: Accounts) -> Accounts:
    accounts.configure(WEB)
    accounts.product("A-1")
    accounts.settle()
    return accounts


def test_a_daemon_without_webhooks_still_has_its_health_pages(shop: Accounts) -> None:
    with open_daemon(load_config(shop.folder / "bridge.yaml"), notify=Notify({}), alarm=False) as running:
        assert get(f"{running.url}/healthz")[0] == 200
        assert json.loads(get(f"{running.url}/readyz")[1]) == {"ok": True, "why": []}
        status, text = get(f"{running.url}/metrics")
        assert status == 200
        assert "bridge_up 1.0" in text
        assert 'bridge_outbox_writes{side="woo",state="waiting"} 0.0' in text
        assert "bridge_heartbeat_age_seconds" in text
        assert get(f"{running.url}/metrics", **{"X-Forwarded-For": "203.0.113.9"})[0] == 404
        assert get(f"{running.url}/hooks/woo/x")[0] == 404
        assert TOKEN not in text and SECRET not in text


def test_a_refused_token_makes_it_unready_and_a_good_one_ready_again(shop: Accounts) -> None:
    from bridge.app_alerts import open_overseer, probe_of
    from bridge.report.eyes import Eyes

    config = load_config(shop.folder / "bridge.yaml")
    with open_daemon(config, notify=Notify({}), alarm=False) as running:
        bridge = running.daemon.bridge
        eyes = {"square": Eyes("square")}
        with open_overseer(config, bridge, probe_of(config, bridge), eyes=eyes) as overseer:
            caller = bridge.square.caller  # type: ignore[attr-defined]
            caller._transport = eyes["square"].around(caller._transport)
            shop.square.acts["revoke_token"]()
            for _ in range(3):
                with pytest.raises(BridgeError):
                    bridge.square.stores()
            overseer.tick()
            assert json.loads(get(f"{running.url}/readyz")[1])["why"] == ["Square refuses our key or token"]
            assert get(f"{running.url}/healthz")[0] == 200  # no reason to start the process anew
            shop.square.state.tokens[TOKEN].revoked = False
            bridge.square.stores()
            overseer.tick()
            assert get(f"{running.url}/readyz")[0] == 200
