"""``bridge plan`` and ``bridge apply``: read first, then exactly that or nothing."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Accounts


def test_a_plan_says_product_by_product_what_would_change_and_writes_nothing(accounts: Accounts) -> None:
    number = accounts.product("W-1", stock=7)
    accounts.product("W-2", stock=3)
    accounts.settle()
    ledger = (accounts.folder / "bridge.sqlite").read_bytes()
    accounts.till_sells("W-1", 2)
    accounts.woo.acts["staff_edit_product"](number, {"regular_price": "11.00"})
    before = accounts.writes()
    ended = accounts.bridge("plan")
    assert ended.code == 0, ended
    lines = ended.out.splitlines()
    assert lines[0] == "W-1"
    assert "  price of W-1 in Square: 10.00 → 11.00" in lines
    assert "  stock of W-1 in the shop: 7 → 5" in lines
    assert not any("W-2" in line for line in lines)
    assert accounts.writes() == before
    assert (accounts.folder / "bridge.sqlite").read_bytes() == ledger


def test_a_plan_for_programs_has_actions_counts_decisions_and_brakes(accounts: Accounts) -> None:
    accounts.product("W-1", stock=7)
    told = accounts.bridge("plan", "--json").json
    assert told["ok"] is True
    assert set(told) >= {"made_at", "actions", "counts", "decisions", "brakes", "scope", "skus"}
    assert set(told["actions"][0]) >= {"side", "kind", "subject", "text", "before", "after", "fingerprint"}


def test_nothing_to_do_is_said(accounts: Accounts) -> None:
    accounts.product("W-1", stock=7)
    accounts.settle()
    ended = accounts.bridge("plan")
    assert ended.code == 0
    assert "Nothing would be written: both sides agree." in ended.out


def test_a_brake_shows_in_the_plan(accounts: Accounts) -> None:
    for n in range(6):
        accounts.product(f"W-{n}", stock=7)
    accounts.settle()
    for n in range(6):
        accounts.recount(f"W-{n}", 0)
    ended = accounts.bridge("plan", "--json")
    assert ended.code == 4
    assert len(ended.json["brakes"]) == 1
    assert ended.json["actions"] == []
    assert "A brake would stop:" in accounts.bridge("plan").out


def test_a_saved_plan_is_carried_out_as_it_was_read(accounts: Accounts) -> None:
    number = accounts.product("W-1", stock=7)
    accounts.settle()
    accounts.till_sells("W-1", 2)
    assert accounts.bridge("plan", "--out", "a.plan").code == 0
    assert (accounts.folder / "a.plan").stat().st_mode & 0o777 == 0o600
    assert accounts.woo.state.items[number].stock == 7
    ended = accounts.bridge("apply", "a.plan", "--json")
    assert ended.code == 0, ended
    assert ended.json["writes"] == 1
    assert accounts.woo.state.items[number].stock == 5


def test_a_plan_is_refused_when_the_world_changed(accounts: Accounts) -> None:
    number = accounts.product("W-1", stock=7)
    accounts.settle()
    accounts.till_sells("W-1", 2)
    accounts.bridge("plan", "--out", "a.plan")
    accounts.till_sells("W-1", 1)
    ended = accounts.bridge("apply", "a.plan", "--json")
    assert ended.code == 3
    assert "The world changed" in ended.json["error"]
    assert "bridge plan --out" in ended.json["advice"]
    assert accounts.woo.state.items[number].stock == 7


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}", '{"bridge_plan": 1}', "\x00"])
def test_what_is_not_a_plan_is_a_usage_error(accounts: Accounts, text: str) -> None:
    (accounts.folder / "a.plan").write_text(text)
    ended = accounts.bridge("apply", "a.plan", "--json")
    assert ended.code == 2
    assert "plan" in ended.json["error"]


def test_a_missing_plan_is_a_usage_error(accounts: Accounts) -> None:
    ended = accounts.bridge("apply", "nowhere.plan", "--json")
    assert ended.code == 2
    assert "nowhere.plan cannot be read" in ended.json["error"]


def test_a_plan_cannot_be_made_while_a_side_is_down(accounts: Accounts) -> None:
    accounts.product("W-1")
    accounts.square.faults.add("html_503", times=None)
    ended = accounts.bridge("plan", "--json")
    assert ended.code == 5
    assert json.loads(ended.out)["ok"] is False


def test_a_plan_made_before_a_first_run_leaves_no_ledger_behind(accounts: Accounts) -> None:
    accounts.product("W-1")
    assert accounts.bridge("plan").code == 0
    assert not (accounts.folder / "bridge.sqlite").exists()
