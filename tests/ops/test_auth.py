"""``bridge auth`` against Square's simulator on loopback: both flows, and a sync that goes on after a new login."""

from __future__ import annotations

import stat
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.app_daemon import open_daemon
from bridge.config.load import load_config
from bridge.engine import daemon
from bridge.engine.bells import LOOK
from bridge.engine.systemd_notify import Notify
from tests.cli.conftest import Accounts


def use_oauth(accounts: Accounts, monkeypatch: pytest.MonkeyPatch, *, pkce: bool) -> None:
    """An application instead of the personal token, which is no longer anywhere."""
    monkeypatch.delenv("BRIDGE_SQUARE_TOKEN")
    monkeypatch.setenv("BRIDGE_SQUARE_APP_SECRET", accounts.square.state.application_secret)
    secret = "null" if pkce else "env:BRIDGE_SQUARE_APP_SECRET"
    file = accounts.folder / "bridge.yaml"
    app = accounts.square.state.application_id
    text = file.read_text().replace(
        "timeout: 5}\nstock", f"timeout: 5, oauth: {{application_id: {app}, application_secret: {secret}}}}}\nstock"
    )
    file.write_text(text)


def agree(accounts: Accounts, address: str) -> str:
    """The seller agrees in a browser; the address it ends at."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    code = accounts.square.acts["authorize"](asked.get("code_challenge", ""))
    return f"https://shop.example/done?code={code}&response_type=code&state={asked['state']}"


@pytest.fixture(params=[False, True], ids=["secret", "pkce"])
def oauth(request: pytest.FixtureRequest, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    use_oauth(accounts, monkeypatch, pkce=request.param)
    return accounts


def log_in(accounts: Accounts) -> None:
    address = accounts.bridge("auth", "url", "--json").json["url"]
    ended = accounts.bridge("auth", "finish", agree(accounts, address), "--json")
    assert ended.code == 0, ended


def test_after_a_login_the_bridge_works_with_the_token_it_keeps(oauth: Accounts) -> None:
    oauth.product("A-1")
    log_in(oauth)
    assert stat.S_IMODE((oauth.folder / "square-tokens.json").stat().st_mode) == 0o600
    oauth.settle()
    told = oauth.bridge("auth", "status", "--json").json
    assert not told["needs_person"]
    assert told["merchant_id"] == oauth.square.state.merchant["id"]


def test_before_a_login_everything_says_how_to_log_in(oauth: Accounts) -> None:
    ended = oauth.bridge("sync", "--yes")
    assert ended.code == 2
    assert "bridge auth url" in ended.err
    assert oauth.bridge("auth", "status").code == 2
    assert oauth.bridge("auth", "finish", "https://x.example/?code=c&state=s").code == 2
    assert oauth.bridge("alerts", "list", "--json").json["alerts"][0]["key"] == "token"


def test_a_revoked_token_stops_nothing_for_good(oauth: Accounts) -> None:
    oauth.product("A-1")
    log_in(oauth)
    oauth.settle()
    product = next(iter(oauth.woo.state.items))
    oauth.square.acts["revoke_token"]()
    oauth.woo.acts["checkout"]([{"id": product, "quantity": 2}])
    refused = oauth.bridge("sync", "--yes")
    assert refused.code == 1
    assert "revoked" in refused.err
    log_in(oauth)
    oauth.settle()
    twin = oauth.square_variation("A-1")
    assert sum(oauth.square.state.inventory.on_hand(twin, place) for place in oauth.stores) == 8


def test_renewing_by_hand_gives_a_new_token(oauth: Accounts) -> None:
    log_in(oauth)
    before = len(oauth.square.state.tokens)
    assert oauth.bridge("auth", "renew").code == 0
    assert len(oauth.square.state.tokens) == before + 1


def test_a_code_used_twice_is_refused_and_the_login_begins_again(oauth: Accounts) -> None:
    address = agree(oauth, oauth.bridge("auth", "url", "--json").json["url"])
    assert oauth.bridge("auth", "finish", address).code == 0
    assert oauth.bridge("auth", "finish", address).code == 2  # no login is under way any more
    second = oauth.bridge("auth", "url", "--json").json["url"]
    stale = address.replace(parse_qs(urlsplit(address).query)["state"][0], parse_qs(urlsplit(second).query)["state"][0])
    ended = oauth.bridge("auth", "finish", stale)
    assert ended.code == 1
    assert "begin again" in ended.err
    assert oauth.bridge("auth", "status").code == 0  # the token in force still is


def test_no_token_and_no_secret_is_ever_printed(oauth: Accounts) -> None:
    log_in(oauth)
    shown = "".join(
        ended.out + ended.err
        for ended in (oauth.bridge("auth", "status"), oauth.bridge("auth", "renew"), oauth.bridge("auth", "url"))
    )
    for token in [
        *oauth.square.state.tokens,
        *oauth.square.state.refresh_tokens,
        oauth.square.state.application_secret,
    ]:
        assert token not in shown


def test_with_a_personal_token_there_is_nothing_to_log_in_to(accounts: Accounts) -> None:
    ended = accounts.bridge("auth", "url")
    assert ended.code == 2
    assert "personal token" in ended.err


def test_a_running_daemon_waits_out_a_revoked_token_and_goes_on_by_itself_after_the_new_login(
    oauth: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "FIRST_BACKOFF", 0.0)  # it may come back at once
    file = oauth.folder / "bridge.yaml"
    file.write_text(file.read_text() + 'web: {listen: "127.0.0.1:0"}\n')
    oauth.product("A-1")
    log_in(oauth)
    oauth.settle()
    product, twin = next(iter(oauth.woo.state.items)), oauth.square_variation("A-1")

    def in_the_stores() -> int:
        return int(sum(oauth.square.state.inventory.on_hand(twin, place) for place in oauth.stores))

    config = load_config(file)
    with open_daemon(config, notify=Notify({}), alarm=False) as running, running.daemon.around.hold() as lease:
        working = running.daemon
        working.turn(lease)
        oauth.square.acts["revoke_token"]()
        oauth.woo.acts["checkout"]([{"id": product, "quantity": 2}])
        for _ in range(3):
            working.around.bells.ring(LOOK)
            working.turn(lease)
        assert working.pulse.failures == 3
        assert in_the_stores() == 10
        log_in(oauth)  # another process, on the same machine; nobody tells the daemon
        working.turn(lease)
        assert working.pulse.failures == 0
        for _ in range(3):
            working.around.bells.ring(LOOK)
            working.turn(lease)
        assert in_the_stores() == 8
