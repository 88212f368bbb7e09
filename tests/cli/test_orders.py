"""``bridge orders`` and ``bridge picklist``: online orders at the stores."""

from __future__ import annotations

from tests.cli.conftest import Accounts


def _order(accounts: Accounts) -> str:
    accounts.settle_products(["W-1"])
    line = {"id": accounts.first("W-1"), "quantity": 2}
    order = accounts.woo.acts["checkout"]([line], payment="cod", note="ring <twice>")["order_id"]
    assert accounts.bridge("sync", "--json").code == 0
    return str(order)


def test_orders_are_listed_shown_and_explained_from_the_ledger(accounts: Accounts) -> None:
    order = _order(accounts)
    calls = len(accounts.woo.log) + len(accounts.square.log)
    listed = accounts.bridge("orders", "list", "--json").json["orders"]
    assert [row["order"] for row in listed] == [order]
    assert accounts.bridge("orders", "--json").json["orders"] == listed
    shown = accounts.bridge("orders", "show", order)
    assert shown.code == 0
    assert "sold online" in shown.out
    assert accounts.bridge("explain", f"#{order}").out == shown.out
    assert len(accounts.woo.log) + len(accounts.square.log) == calls


def test_an_order_nobody_knows_is_said_plainly(accounts: Accounts) -> None:
    _order(accounts)
    ended = accounts.bridge("orders", "show", "424242", "--json")
    assert ended.code == 2
    assert "424242" in ended.json["error"]
    assert accounts.bridge("orders", "retry", "424242", "--json").code == 2


def test_the_pick_list_can_be_read_and_printed(accounts: Accounts) -> None:
    order = _order(accounts)
    assert f"Order {order}" in accounts.bridge("picklist").out
    page = accounts.bridge("picklist", "--format", "html").out
    assert page.startswith("<!doctype html>")
    assert "ring &lt;twice&gt;" in page
    told = accounts.bridge("picklist", "--json").json["orders"]
    assert told[0]["lines"][0]["quantity"] == "2"
    assert accounts.bridge("picklist", "--store", "Nowhere", "--json").code == 2
