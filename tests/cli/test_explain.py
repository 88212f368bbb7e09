"""``bridge explain``: the chain of causes behind a number."""

from __future__ import annotations

from tests.cli.conftest import Accounts


def test_it_tells_numbers_formula_and_what_happened_without_calling_anybody(accounts: Accounts) -> None:
    accounts.settle_products(["W-1"])
    accounts.till_sells("W-1", 2)
    assert accounts.bridge("sync", "--json").code == 0
    calls = len(accounts.woo.log) + len(accounts.square.log)
    ended = accounts.bridge("explain", "w-1")
    assert ended.code == 0, ended
    assert "The shop shows 8" in ended.out
    assert "What happened:" in ended.out
    told = accounts.bridge("explain", "W-1", "--store", "Downtown", "--json").json
    assert told["sku"].lower() == "w-1"
    assert any(step for step in told["chain"])
    assert len(accounts.woo.log) + len(accounts.square.log) == calls


def test_an_unknown_sku_gets_the_ones_that_look_alike(accounts: Accounts) -> None:
    accounts.settle_products(["WINE-RED"])
    ended = accounts.bridge("explain", "WINE-RDE", "--json")
    assert ended.code == 2
    assert "wine-red" in ended.json["error"].lower()


def test_an_unknown_store_gets_the_stores_there_are(accounts: Accounts) -> None:
    accounts.settle_products(["W-1"])
    ended = accounts.bridge("explain", "W-1", "--store", "Nowhere", "--json")
    assert ended.code == 2
    assert "Downtown" in ended.json["error"]


def test_before_the_first_run_nothing_can_be_explained(accounts: Accounts) -> None:
    assert accounts.bridge("explain", "W-1", "--json").code == 2
