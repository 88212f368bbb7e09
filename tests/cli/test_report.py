"""``bridge report sales``: one table over both channels, as text, CSV and JSON."""

from __future__ import annotations

from tests.cli.conftest import Accounts


def _traded(accounts: Accounts) -> None:
    accounts.settle_products(["W-1", "=W-2"])
    accounts.woo.acts["checkout"]([{"id": accounts.first("W-1"), "quantity": 3}], payment="bacs", paid=True)
    accounts.till_sells("W-1", 2)
    accounts.till_sells("=W-2", 1)


def test_both_channels_and_both_own_totals_are_told(accounts: Accounts) -> None:
    _traded(accounts)
    ended = accounts.bridge("report", "sales", "--by", "channel")
    assert ended.code == 0, ended
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["online", "3", "30.00", "0.00", "30.00", "0.00"] in lines
    assert ["till", "3", "30.00", "0.00", "30.00", "0.00"] in lines
    assert ["all", "6", "60.00", "0.00", "60.00", "0.00"] in lines
    assert "The shop's own total: 30.00" in ended.out and "Square's own total: 30.00" in ended.out


def test_json_tells_minor_units_and_an_offline_report_calls_nobody(accounts: Accounts) -> None:
    _traded(accounts)
    first = accounts.bridge("report", "sales", "--by", "product", "--json")
    assert {row["product"]: row["total"] for row in first.json["rows"]} == {"W-1": 5000, "=W-2": 1000}
    assert first.json["sides"]["square"] == {"own": 3000, "counted": 3000, "counted_on_the_other_side": 0}
    calls = accounts.woo.calls["total"] + accounts.square.calls["total"]
    again = accounts.bridge("report", "sales", "--by", "product", "--json", "--offline")
    assert again.json == first.json
    assert accounts.woo.calls["total"] + accounts.square.calls["total"] == calls


def test_csv_holds_no_formula(accounts: Accounts) -> None:
    _traded(accounts)
    told = accounts.bridge("report", "sales", "--by", "product", "--csv").out.splitlines()
    assert told[0] == "product,quantity,sold,refunded,total,tax"
    assert "'=W-2,1,10.00,0.00,10.00,0.00" in told and "W-1,5,50.00,0.00,50.00,0.00" in told


def test_days_the_wrong_way_round_are_refused(accounts: Accounts) -> None:
    ended = accounts.bridge("report", "sales", "--from", "2026-02-01", "--to", "2026-01-01")
    assert ended.code != 0 and "after the last" in ended.err
