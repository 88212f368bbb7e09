"""``bridge doctor``: one finding for everything that can be wrong, each with what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.cli.doctor import secrets
from bridge.config.load import load_config
from bridge.engine.doctor import SCOPES
from bridge.sim.kernel.serve import LoopbackServer
from bridge.sim.square.account import FakeSquare
from tests.cli.conftest import KEY, TOKEN, Accounts, Ended


def findings(ended: Ended, level: str) -> list[str]:
    return [f"{one['area']}: {one['what']}" for one in ended.json["findings"] if one["level"] == level]


def advised(ended: Ended) -> bool:
    return all(one["advice"] for one in ended.json["findings"] if one["level"] != "ok")


def has(texts: list[str], *words: str) -> bool:
    return any(all(word in text for word in words) for text in texts)


def test_a_healthy_pair_has_nothing_bad_and_nothing_is_written(accounts: Accounts) -> None:
    accounts.product("W-1")
    accounts.settle()
    stock_before = len(accounts.woo.journal.as_json(0)) + len(accounts.square.journal.as_json(0))
    ended = accounts.bridge("doctor", "--json")
    assert ended.code == 0, ended
    assert findings(ended, "bad") == []
    fine = findings(ended, "ok")
    for words in (
        ("keys:", "private"),
        ("shop:", "key reads products"),
        ("shop:", "may write"),
        ("shop:", "WooCommerce 9.9"),
        ("shop:", "no other Square sync"),
        ("shop:", "USD, 2 decimals"),
        ("shop:", "shop-wide listings"),
        ("Square:", "token works"),
        ("Square:", "3 active stores"),
        ("currency:", "USD on both"),
        ("products:", "every one of 1 variations in the shop"),
        ("ledger:", "structure is whole"),
        ("ledger:", "last good run"),
    ):
        assert has(fine, *words), words
    assert advised(ended)
    assert len(accounts.woo.journal.as_json(0)) + len(accounts.square.journal.as_json(0)) == stock_before
    assert accounts.woo.state.items.keys() == {next(iter(accounts.woo.state.items))}


def test_for_a_person_each_finding_is_a_line_with_what_to_do(accounts: Accounts) -> None:
    ended = accounts.bridge("doctor", "--quick")
    assert ended.code == 0
    assert "warn  ledger    no run has come to its end yet" in ended.out
    assert "→ bridge match, then bridge sync" in ended.out
    assert "0 bad." in ended.out


def test_the_official_plugin_is_warned_of(accounts: Accounts) -> None:
    plugin = ("woocommerce-square/woocommerce-square.php", "WooCommerce Square", "4.8.2")
    accounts.woo.acts["set_setting"]("extra_plugins", [plugin])
    ended = accounts.bridge("doctor", "--quick", "--json")
    assert has(findings(ended, "warn"), "official Square plugin is active (4.8.2)")


def test_a_key_that_may_only_read_is_bad(accounts: Accounts) -> None:
    keys = accounts.woo.state.keys
    keys[KEY] = replace(keys[KEY], permissions="read")
    ended = accounts.bridge("doctor", "--quick", "--json")
    assert ended.code == 1
    assert has(findings(ended, "bad"), "shop:", "may not write")


@pytest.mark.parametrize(("variable", "area"), [("BRIDGE_WOO_SECRET", "shop"), ("BRIDGE_SQUARE_TOKEN", "Square")])
def test_a_wrong_key_is_bad_and_never_printed(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, variable: str, area: str
) -> None:
    monkeypatch.setenv(variable, "cs_wrong_wrong_wrong")
    ended = accounts.bridge("doctor", "--json")
    assert ended.code == 1
    assert has(findings(ended, "bad"), f"{area}:")
    assert "cs_wrong" not in ended.out + ended.err


def test_a_missing_key_names_its_place(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BRIDGE_WOO_KEY")
    ended = accounts.bridge("doctor", "--json")
    assert ended.code == 1
    assert has(findings(ended, "bad"), "keys: woo.key", "BRIDGE_WOO_KEY (not set)")


def test_a_key_file_that_others_can_read_is_warned_of(accounts: Accounts) -> None:
    (accounts.folder / "token").write_text(TOKEN)
    (accounts.folder / "token").chmod(0o644)
    text = (accounts.folder / "bridge.yaml").read_text().replace("square: {", "square: {token: file:token, ")
    (accounts.folder / "bridge.yaml").write_text(text)
    found = list(secrets(load_config(accounts.folder / "bridge.yaml")))
    assert [(one.level, one.advice.split()[:2]) for one in found] == [("warn", ["chmod", "600"])]


def test_missing_permissions_at_square_are_bad(accounts: Accounts) -> None:
    accounts.square.acts["set_scopes"](TOKEN, ["ITEMS_READ", "MERCHANT_PROFILE_READ"])
    ended = accounts.bridge("doctor", "--quick", "--json")
    assert ended.code == 1
    assert has(findings(ended, "bad"), "Square: the token may not", "write stock (INVENTORY_WRITE)")


def test_a_mode_that_can_cost_money_is_told_and_needs_its_permissions(accounts: Accounts) -> None:
    accounts.square.acts["set_scopes"](TOKEN, sorted(SCOPES))
    assert has(findings(accounts.bridge("doctor", "--quick", "--json"), "warn"), "mirror online orders (ORDERS_WRITE)")
    accounts.configure("orders: {mode: mirror_pickups}\n")
    ended = accounts.bridge("doctor", "--quick", "--json")
    assert ended.code == 1
    assert has(findings(ended, "bad"), "mirror online orders (ORDERS_WRITE)")
    assert has(findings(ended, "ok"), "`orders.mode` is mirror_pickups", "fee", "1 %")


def test_a_side_that_is_down_ends_with_5(accounts: Accounts) -> None:
    accounts.woo.faults.add("server_error", times=None)
    ended = accounts.bridge("doctor", "--json")
    assert ended.code == 5
    assert has(findings(ended, "bad"), "shop:", "does not answer")
    assert has(findings(ended, "ok"), "Square:", "token works")


def test_two_currencies_are_bad(accounts: Accounts) -> None:
    other = FakeSquare(currency="CAD")
    with LoopbackServer(other) as server:
        accounts.square_server = server
        accounts.configure()
        ended = accounts.bridge("doctor", "--json")
    assert ended.code == 1
    assert has(findings(ended, "bad"), "currency:", "CAD", "USD")


def test_stores_that_square_does_not_have_or_that_sleep_are_named(accounts: Accounts) -> None:
    asleep = accounts.stores[2]
    accounts.square.state.locations[asleep]["status"] = "INACTIVE"
    accounts.configure(f"stores: [{{id: {accounts.stores[0]}}}, {{id: LNOWHERE}}, {{id: {asleep}}}]\n")
    ended = accounts.bridge("doctor", "--quick", "--json")
    assert ended.code == 1
    assert has(findings(ended, "bad"), "LNOWHERE", "Square does not have")
    assert has(findings(ended, "warn"), asleep, "not active")


def test_bad_skus_and_untracked_products_are_named(accounts: Accounts) -> None:
    accounts.product("", name="Nameless")
    accounts.product("W-1")
    accounts.settle_anyhow()
    accounts.woo.acts["staff_edit_product"](accounts.first("W-1"), {"manage_stock": False})
    ended = accounts.bridge("doctor", "--json")
    assert findings(ended, "bad") == []
    warned = findings(ended, "warn")
    assert has(warned, "1 of 2 variations in the shop have no SKU")
    assert has(warned, "does not track 1 variations (W-1)")


def test_a_clock_that_is_far_off_is_bad_where_calls_are_signed(accounts: Accounts) -> None:
    from bridge.engine.doctor import skew

    assert [one.level for one in skew("shop", 3, signed=True)] == ["ok"]
    assert [one.level for one in skew("shop", -120, signed=True)] == ["warn"]
    assert [one.level for one in skew("shop", 1000, signed=False)] == ["warn"]
    assert [one.level for one in skew("shop", 1000, signed=True)] == ["bad"]


def test_a_damaged_ledger_is_bad(accounts: Accounts, tmp_path: Any) -> None:
    (tmp_path / "bridge.sqlite").write_bytes(b"not a ledger at all, but long enough to be looked at" * 100)
    ended = accounts.bridge("doctor", "--quick", "--json")
    assert ended.code == 1
    assert has(findings(ended, "bad"), "ledger:", "not a ledger")
