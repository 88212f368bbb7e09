"""``bridge doctor``: what a bridge needs that runs without anybody looking."""

from __future__ import annotations

import pytest

from bridge.engine.readiness import DAY, backed_up, hooked, reachable_at, token_lives
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
