"""``bridge doctor``: what a bridge needs that runs without anybody looking."""

from __future__ import annotations

import pytest

from bridge.engine.readiness import (
    DAY,
    backed_up,
    daemon_runs,
    hooked,
    may_manage_hooks,
    reachable_at,
    token_lives,
)
from bridge.remotes.hooks import Hook
from tests.cli.conftest import Accounts
from tests.cli.test_doctor import advised, findings, has

PUBLIC = "https://bridge.example"


def test_a_bridge_that_tells_nobody_and_was_never_backed_up_is_warned_of(accounts: Accounts) -> None:
    accounts.product("W-1")
    accounts.settle()
    ended = accounts.bridge("doctor", "--quick", "--json")
    warned = findings(ended, "warn")
    assert has(warned, "alerts: nobody is told")
    assert has(warned, "alerts: nobody notices when this machine is gone")
    assert has(warned, "backup: the ledger was never backed up")
    assert has(warned, "web: no public address")
    assert ended.code == 0
    assert advised(ended)


def test_after_a_backup_its_age_is_told(accounts: Accounts) -> None:
    accounts.product("W-1")
    accounts.settle()
    assert accounts.bridge("backup", "copy.sqlite", "--json").code == 0
    assert has(findings(accounts.bridge("doctor", "--quick", "--json"), "ok"), "backup:", "0 hours old")


def test_hooks_of_others_are_not_taken_for_ours(accounts: Accounts) -> None:
    accounts.configure(f'web: {{public_url: "{PUBLIC}"}}\n')
    ended = accounts.bridge("doctor", "--quick", "--json")
    warned = findings(ended, "warn")
    assert has(warned, "shop: none of its webhooks rings at this bridge")
    assert has(warned, "Square: none of its webhooks rings at this bridge")


@pytest.mark.parametrize(
    ("hooks", "level"), [((True, True), "ok"), ((True, False), "warn"), ((), "warn")], ids=["alive", "one off", "none"]
)
def test_our_webhooks_must_be_there_and_switched_on(hooks: tuple[bool, ...], level: str) -> None:
    standing = [Hook(str(n), ("order.updated",), f"{PUBLIC}/hooks/woo/t", on) for n, on in enumerate(hooks)]
    others = Hook("9", ("order.updated",), "https://others.example/hooks/woo/t", False)
    assert [one.level for one in hooked("woo", [*standing, others], PUBLIC)] == [level]


@pytest.mark.parametrize(
    ("url", "level"),
    [(PUBLIC, "ok"), ("http://bridge.example", "bad"), ("http://127.0.0.1:8085", "warn"), (None, "warn")],
)
def test_square_delivers_to_public_https_addresses_only(url: str | None, level: str) -> None:
    assert [one.level for one in reachable_at(url)] == [level]


def test_old_backups_and_dying_tokens_are_told_before_they_hurt() -> None:
    assert [next(backed_up(age)).level for age in (None, 4 * DAY, DAY)] == ["warn", "warn", "ok"]
    assert [next(token_lives(left, "", False)).level for left in (20 * DAY, 2 * DAY, -1)] == ["ok", "warn", "bad"]
    assert next(token_lives(20 * DAY, "revoked", True)).level == "bad"


def test_whether_a_daemon_runs_is_told_and_a_stranger_at_its_address_is_bad(accounts: Accounts) -> None:
    accounts.configure('web: {listen: "127.0.0.1:9"}\n')
    quiet = accounts.bridge("doctor", "--quick", "--json")
    assert has(findings(quiet, "warn"), "daemon: none runs (nobody answers at 127.0.0.1:9)")
    accounts.configure(f'web: {{listen: "{accounts.woo_server.url.removeprefix("http://")}"}}\n')
    taken = accounts.bridge("doctor", "--quick", "--json")
    assert has(findings(taken, "bad"), "daemon: something that is not this bridge listens")
    assert advised(taken)
    assert [one.level for one in daemon_runs("in step", "x", taken=False)] == ["ok"]


def test_a_sellers_token_alone_cannot_keep_webhooks_at_square() -> None:
    assert [one.level for one in may_manage_hooks(has_oauth=True, has_app_token=False)] == ["warn"]
    assert list(may_manage_hooks(has_oauth=True, has_app_token=True)) == []
    assert list(may_manage_hooks(has_oauth=False, has_app_token=False)) == []


def test_with_an_address_of_our_own_only_our_own_webhooks_are_spoken_of(accounts: Accounts) -> None:
    accounts.configure(f'web: {{public_url: "{PUBLIC}"}}\n')
    told = findings(accounts.bridge("doctor", "--quick", "--json"), "warn")
    assert not has(told, "no webhook: changes are found by the timetable only")
