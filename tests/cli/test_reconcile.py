"""``bridge reconcile``: compare everything, heal when asked."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Accounts


@pytest.fixture
def drifted(accounts: Accounts) -> Accounts:
    """A number typed over in the shop, and a sale the bridge has not seen."""
    accounts.settle_products(["W-1", "W-2", "W-3"])
    accounts.woo.acts["staff_set_stock"](accounts.first("W-1"), 12)
    accounts.till_sells("W-2", 1)
    return accounts


def test_two_equal_sides_have_no_drift(accounts: Accounts) -> None:
    accounts.settle_products(["W-1", "W-2"])
    ended = accounts.bridge("reconcile", "--json")
    assert ended.code == 0, ended
    assert ended.json == {"ok": True, "checked": 2, "products_differ": 0, "rows": [], "fixed": None}
    assert "0 numbers are not what they should be" in accounts.bridge("reconcile").out


def test_drift_is_named_with_its_likely_cause_and_nothing_is_written(drifted: Accounts) -> None:
    before = drifted.writes()
    ended = drifted.bridge("reconcile", "--json")
    assert ended.code == 3
    rows = {(row["sku"], row["store"]): row for row in ended.json["rows"]}
    assert (rows["W-1", ""]["woo"], rows["W-1", ""]["expected"]) == (12, 10)
    assert rows["W-1", ""]["cause"] == "staff_edit"
    assert "unseen" in rows["W-2", ""]["cause"]
    assert not any(sku == "W-3" for sku, _ in rows)
    assert all(set(row) == {"sku", "store", "woo", "square", "expected", "cause", "proposal"} for row in rows.values())
    assert drifted.writes() == before
    shown = drifted.bridge("reconcile")
    assert shown.code == 3
    assert "Heal with: bridge reconcile --fix" in shown.out


def test_fix_heals_by_a_normal_run(drifted: Accounts) -> None:
    ended = drifted.bridge("reconcile", "--fix", "--json")
    assert ended.code == 0, ended
    assert ended.json["fixed"]["writes"] >= 2
    assert drifted.woo.state.items[drifted.first("W-2")].stock == 9
    assert drifted.square.state.inventory.on_hand(drifted.square_variation("W-1"), drifted.stores[0]) == 12
    assert drifted.bridge("reconcile", "--json").code == 0


def test_nothing_is_compared_while_a_side_is_down(drifted: Accounts) -> None:
    drifted.woo.faults.add("html_503", times=None)
    assert drifted.bridge("reconcile", "--json").code == 5
    assert drifted.bridge("reconcile", "--fix", "--json").code == 5
