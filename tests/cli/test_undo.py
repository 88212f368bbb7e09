"""``bridge undo``: take back a run, as far as that is right."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Accounts


def last_run(accounts: Accounts) -> int:
    return int(accounts.bridge("undo", "--list", "--json").json["runs"][0]["run"])


@pytest.fixture
def repriced(accounts: Accounts) -> Accounts:
    """A price that went from the shop to Square in the last run."""
    accounts.settle_products(["W-1"])
    accounts.woo.acts["staff_edit_product"](accounts.first("W-1"), {"regular_price": "11.00"})
    assert accounts.bridge("sync", "--json").code == 0
    assert accounts.square_price("W-1") == 1100
    return accounts


def test_runs_are_listed_with_what_they_changed(repriced: Accounts) -> None:
    ended = repriced.bridge("undo", "--list", "--json")
    assert ended.code == 0
    newest = ended.json["runs"][0]
    assert (newest["kind"], newest["state"], newest["changes"]) == ("full", "done", 1)
    assert repriced.bridge("undo", "--list").out.splitlines()[0].split() == [
        "Run", "Started", "Kind", "State", "Changes",
    ]  # fmt: skip


def test_a_dry_run_says_what_would_be_taken_back_and_writes_nothing(repriced: Accounts) -> None:
    before = repriced.writes()
    ended = repriced.bridge("undo", str(last_run(repriced)), "--dry-run", "--json")
    assert ended.code == 0, ended
    assert len(ended.json["restored"]) == 1
    assert "price" in ended.json["restored"][0]
    assert repriced.writes() == before
    assert repriced.square_price("W-1") == 1100


def test_a_field_goes_back_and_the_undo_has_a_run_of_its_own(repriced: Accounts) -> None:
    run = last_run(repriced)
    ended = repriced.bridge("undo", str(run), "--json")
    assert ended.code == 0, ended
    assert ended.json["left"] == []
    assert ended.json["undo_run"] > run
    assert repriced.square_price("W-1") == 1000


def test_what_somebody_changed_since_is_left_with_its_reason(repriced: Accounts) -> None:
    run = last_run(repriced)
    repriced.reprice(repriced.square_variation("W-1"), 1500)
    ended = repriced.bridge("undo", str(run))
    assert ended.code == 3
    assert "Left as it is" in ended.out
    assert repriced.square_price("W-1") == 1500


def test_stock_that_follows_sales_is_left(accounts: Accounts) -> None:
    accounts.settle_products(["W-1"])
    accounts.till_sells("W-1", 2)
    accounts.bridge("sync")
    ended = accounts.bridge("undo", str(last_run(accounts)), "--json")
    assert ended.code == 3
    assert "sales" in ended.json["left"][0]["why"]
    assert accounts.woo.state.items[accounts.first("W-1")].stock == 8


@pytest.mark.parametrize("words", [(), ("999",), ("many",)])
def test_a_run_that_is_not_there_is_a_usage_error(accounts: Accounts, words: tuple[str, ...]) -> None:
    accounts.settle_products(["W-1"])
    assert accounts.bridge("undo", *words, "--json").code == 2


def test_nothing_is_undone_while_a_side_is_down(repriced: Accounts) -> None:
    run = last_run(repriced)
    repriced.square.faults.add("html_503", times=None)
    assert repriced.bridge("undo", str(run), "--json").code == 5
    repriced.square.faults.clear()
    assert repriced.square_price("W-1") == 1100
