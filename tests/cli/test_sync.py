"""``bridge sync`` against both simulators over real connections."""

from __future__ import annotations

from tests.cli.conftest import Accounts


def test_a_first_run_makes_both_sides_equal_and_a_second_writes_nothing(accounts: Accounts) -> None:
    accounts.product("W-1", stock=7)
    accounts.product("W-2", stock=3, price="4.50")
    first = accounts.bridge("sync", "--yes", "--json")
    assert first.code == 0, first
    assert first.json["done"]["square products created"] == 2
    found = accounts.square_variation("W-1")
    assert accounts.square.state.inventory.on_hand(found, accounts.stores[0]) == 7
    before = len(accounts.writes())
    second = accounts.bridge("sync", "--json")
    assert second.code == 0, second
    assert second.json["writes"] == 0
    assert accounts.writes()[before:] == []
