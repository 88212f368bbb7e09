"""``bridge status``: from the ledger, and from a daemon where one runs."""

from __future__ import annotations

from tests.cli.conftest import Accounts


def test_before_the_first_run_nothing_is_there_and_nothing_is_made(accounts: Accounts) -> None:
    ended = accounts.bridge("status", "--json")
    assert ended.code == 0, ended
    assert ended.json["last_run"] is None
    assert not (accounts.folder / "bridge.sqlite").exists()
    assert "none yet: bridge sync" in accounts.bridge("status").out


def test_it_tells_how_things_stand_without_calling_anybody(accounts: Accounts) -> None:
    accounts.product("W-1", stock=7)
    accounts.product("W-2", stock=None)
    accounts.settle()
    calls = len(accounts.woo.log) + len(accounts.square.log)
    ended = accounts.bridge("status", "--json")
    assert ended.code == 0, ended
    told = ended.json
    assert (told["linked_products"], told["linked_variations"], told["waiting"], told["decisions"]) == (2, 2, 0, 0)
    assert told["stock"] == {"off": 1, "open": 1}
    assert told["last_run"]["state"] == "done"
    assert told["read_until"]["woo_catalog"] <= told["now"]
    assert len(accounts.woo.log) + len(accounts.square.log) == calls
    assert "2 products, 2 variations" in accounts.bridge("status").out


def test_without_a_daemon_it_says_that_none_runs_and_where_it_was_asked(accounts: Accounts) -> None:
    accounts.configure('web: {listen: "127.0.0.1:9"}\n')
    accounts.product("W-1")
    accounts.settle()
    assert accounts.bridge("status", "--json").json["daemon"] is None
    assert "does not run (nobody answers at 127.0.0.1:9)" in accounts.bridge("status").out


def test_a_stranger_at_the_daemons_address_is_not_taken_for_the_daemon(accounts: Accounts) -> None:
    accounts.configure(f'web: {{listen: "{accounts.woo_server.url.removeprefix("http://")}"}}\n')
    assert accounts.bridge("status", "--json").json["daemon"] is None


def test_it_needs_no_keys(accounts: Accounts) -> None:
    accounts.product("W-1")
    accounts.settle()
    accounts.without_keys()
    assert accounts.bridge("status", "--json").code == 0


def test_open_decisions_end_with_3_and_a_brake_with_4(accounts: Accounts) -> None:
    number = accounts.product("W-0", stock=7)
    for n in range(1, 6):
        accounts.product(f"W-{n}", stock=7)
    accounts.settle()
    accounts.woo.acts["staff_edit_product"](number, {"regular_price": "11.00"})
    accounts.reprice(accounts.square_variation("W-0"), 1200)
    accounts.bridge("sync")
    assert accounts.bridge("status", "--json").code == 3
    for n in range(6):
        accounts.recount(f"W-{n}", 0)
    accounts.bridge("sync")
    ended = accounts.bridge("status", "--json")
    assert ended.code == 4
    assert (ended.json["brakes"], ended.json["decisions"]) == (1, 2)
