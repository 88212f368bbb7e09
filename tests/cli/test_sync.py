"""``bridge sync`` against both simulators over real connections."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from bridge.cli.options import Cli
from bridge.cli.sync import sync
from bridge.ledger.lease import Holder, LockFile
from bridge.sim.kernel.serve import LoopbackServer
from bridge.sim.square.account import FakeSquare
from tests.cli.conftest import Accounts, Ended, LoopbackReader

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT.parent / "shared/data/sample_products.csv"


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
    assert "Nothing had to be written" in accounts.bridge("sync", "stock", "--incremental").out


def test_a_sale_at_the_till_reaches_the_shop(accounts: Accounts) -> None:
    number = accounts.product("W-1", stock=7)
    accounts.settle()
    accounts.till_sells("W-1", 2)
    ended = accounts.bridge("sync", "stock", "--incremental", "--json")
    assert ended.code == 0, ended
    assert ended.json["done"]["woo stock written"] == 1
    assert accounts.woo.state.items[number].stock == 5


def test_products_only_leaves_stock_alone(accounts: Accounts) -> None:
    number = accounts.product("W-1", stock=7)
    accounts.settle()
    accounts.till_sells("W-1", 2)
    accounts.woo.acts["staff_edit_product"](number, {"name": "Another name"})
    ended = accounts.bridge("sync", "products", "--json")
    assert ended.json["done"] == {"square products written": 1}
    assert accounts.woo.state.items[number].stock == 7


def test_only_the_named_sku_is_written(accounts: Accounts) -> None:
    one, two = accounts.product("W-1", stock=7), accounts.product("W-2", stock=7)
    accounts.settle()
    accounts.till_sells("W-1", 1)
    accounts.till_sells("W-2", 1)
    ended = accounts.bridge("sync", "--sku", "w-2", "--json")
    assert ended.code == 0, ended
    assert (accounts.woo.state.items[one].stock, accounts.woo.state.items[two].stock) == (7, 6)


def test_an_unknown_sku_is_told(accounts: Accounts) -> None:
    accounts.product("W-1")
    ended = accounts.bridge("sync", "--sku", "W-9", "--yes", "--json")
    assert ended.code == 2
    assert "W-9" in ended.json["error"]


def test_a_dry_run_writes_nothing_anywhere(accounts: Accounts) -> None:
    accounts.product("W-1")
    ended = accounts.bridge("sync", "--dry-run", "--json")
    assert ended.code == 0, ended
    assert [action["kind"] for action in ended.json["actions"]] == ["create"]
    assert accounts.writes() == []
    assert not (accounts.folder / "bridge.sqlite").exists()


# -- asking ---------------------------------------------------------------------------


def test_the_first_run_needs_a_yes_when_nobody_can_be_asked(accounts: Accounts) -> None:
    accounts.product("W-1")
    ended = accounts.bridge("sync", "--json")
    assert ended.code == 2
    assert "--yes" in ended.json["advice"]
    assert accounts.writes() == []


@pytest.mark.parametrize(("answer", "writes"), [("n\n", False), ("y\n", True)])
def test_a_person_sees_the_plan_before_the_first_run(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, answer: str, writes: bool
) -> None:
    accounts.product("W-1")
    monkeypatch.setattr(Cli, "interactive", property(lambda self: True))
    ended = CliRunner().invoke(sync, [], input=answer, obj=Cli(), standalone_mode=False)
    assert "create “Product W-1” in Square (W-1); opening stock W-1: 10" in ended.output
    assert "This is the first run" in ended.output
    assert bool(accounts.writes()) is writes


# -- what goes wrong ------------------------------------------------------------------


@pytest.mark.parametrize("side", ["woo", "square"])
def test_a_side_that_is_down_ends_with_5_and_the_next_run_goes_on(accounts: Accounts, side: str) -> None:
    number = accounts.product("W-1", stock=7)
    accounts.settle()
    accounts.till_sells("W-1", 2)
    service = getattr(accounts, side)
    service.faults.add("html_503", times=None)
    ended = accounts.bridge("sync", "--json")
    assert ended.code == 5
    assert "does not answer" in ended.json["error"]
    assert "Nothing is lost" in ended.json["advice"]
    service.faults.clear()
    assert accounts.bridge("sync", "--json").code == 0
    assert accounts.woo.state.items[number].stock == 5


def test_a_busy_side_is_waited_for(accounts: Accounts) -> None:
    number = accounts.product("W-1", stock=7)
    accounts.settle()
    accounts.till_sells("W-1", 2)
    accounts.woo.faults.add("rate_limited", method="POST|PUT", times=2, options={"retry_after": 5})
    ended = accounts.bridge("sync", "--json")
    assert ended.code == 0, ended
    assert ended.json["waiting"] == 0
    assert accounts.woo.state.items[number].stock == 5


def test_an_unanswered_write_is_read_back_before_the_command_ends(accounts: Accounts) -> None:
    number = accounts.product("W-1", stock=7)
    accounts.settle()
    accounts.till_sells("W-1", 2)
    accounts.woo.faults.add("reset_applied", method="POST|PUT")
    ended = accounts.bridge("sync", "--json")
    assert ended.code == 0, ended
    assert accounts.woo.state.items[number].stock == 5
    assert accounts.bridge("sync", "--json").json["writes"] == 0


def test_writes_that_keep_failing_stay_in_the_outbox_and_end_with_5(accounts: Accounts) -> None:
    accounts.product("W-1", stock=7)
    accounts.settle()
    accounts.till_sells("W-1", 2)
    accounts.woo.faults.add("rate_limited", method="POST|PUT", times=None, options={"retry_after": 30})
    ended = accounts.bridge("sync", "--json")
    assert ended.code == 5
    assert ended.json["waiting"] == 1
    assert ended.json["ok"] is False


def test_a_wrong_key_is_told_without_being_printed(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_WOO_SECRET", "cs_wrong_wrong_wrong")
    ended = accounts.bridge("sync", "--yes", "--json")
    assert ended.code == 1
    assert "WooCommerce" in ended.json["error"]
    assert "bridge doctor" in ended.json["advice"]
    assert "cs_wrong" not in ended.out + ended.err


def test_a_key_that_may_not_write_is_told(accounts: Accounts) -> None:
    accounts.product("W-1", stock=7)
    accounts.settle()
    accounts.till_sells("W-1", 2)
    keys = accounts.woo.state.keys
    for name in keys:
        keys[name] = replace(keys[name], permissions="read")
    ended = accounts.bridge("sync", "--json")
    assert ended.code == 1
    assert "refused access" in ended.json["notes"][0]


def test_two_currencies_are_refused_before_anything_is_written(accounts: Accounts) -> None:
    accounts.product("W-1")
    with LoopbackServer(FakeSquare(currency="CAD")) as server:
        accounts.square_server = server
        accounts.configure()
        ended = accounts.bridge("sync", "--yes", "--json")
    assert ended.code == 2
    assert "USD" in ended.json["error"]
    assert "CAD" in ended.json["error"]
    assert accounts.writes() == []


def test_a_store_that_square_does_not_have_is_refused(accounts: Accounts) -> None:
    accounts.product("W-1")
    accounts.configure("stores: [{id: LNOWHERE}]\n")
    ended = accounts.bridge("sync", "--yes", "--json")
    assert ended.code == 2
    assert "no store LNOWHERE" in ended.json["error"]
    assert accounts.stores[0] in ended.json["advice"]
    assert accounts.writes() == []


def test_a_second_bridge_is_told_who_works_on_the_ledger(accounts: Accounts) -> None:
    accounts.product("W-1")
    accounts.settle()
    lock = LockFile(accounts.folder / "bridge.sqlite")
    lock.take(Holder("daemon", 4711, "elsewhere", "2026-03-02T09:00:00.000000Z"))
    try:
        ended = accounts.bridge("sync", "--json")
    finally:
        lock.drop()
    assert ended.code == 1
    assert "in use by daemon (process 4711 on elsewhere)" in ended.json["error"]


def test_a_brake_ends_with_4_and_nothing_of_it_is_written(accounts: Accounts) -> None:
    numbers = [accounts.product(f"W-{n}", stock=7) for n in range(6)]
    accounts.settle()
    for n in range(6):
        accounts.recount(f"W-{n}", 0)
    ended = accounts.bridge("sync", "--json")
    assert ended.code == 4
    assert ended.json["brakes"] == {"mass_zero": 1}
    assert [accounts.woo.state.items[number].stock for number in numbers] == [7] * 6
    told = accounts.bridge("sync")
    assert told.code == 4
    assert "Brake on: mass zero" in told.out


def test_an_open_decision_ends_with_3(accounts: Accounts) -> None:
    accounts.configure(opening="ask")
    number = accounts.product("W-1", stock=7)
    accounts.settle()
    item = accounts.square_variation("W-1")
    accounts.woo.acts["staff_edit_product"](number, {"regular_price": "11.00"})
    accounts.reprice(item, 1200)
    ended = accounts.bridge("sync", "--json")
    assert ended.code == 3
    assert ended.json["open_decisions"] == 1


# -- the real sample ------------------------------------------------------------------


@pytest.mark.process
def test_the_sample_shop_in_a_sandbox_ends_equal_and_a_second_run_writes_nothing(bridge: Any, tmp_path: Path) -> None:
    if not SAMPLE.exists():
        pytest.skip("the shared sample of products is not here")
    process = subprocess.Popen(
        [
            sys.executable, "-m", "bridge.cli.main", "sandbox", "--json",
            "--woo-products", str(SAMPLE), "--write-config", str(tmp_path / "x.yaml"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        give_stock(told["woo_url"])
        first: Ended = bridge("--config", "x.yaml", "sync", "--yes", "--json")
        assert first.code == 0, first
        assert first.json["done"]["square products created"] > 10
        second: Ended = bridge("--config", "x.yaml", "sync", "--json")
        assert (second.code, second.json["writes"], second.json["done"]) == (0, 0, {}), second
        assert_equal(told, tmp_path)
        report = bridge("--config", "x.yaml", "match", "--json").json
        assert [(pair["woo"]["sku"], pair["differences"]) for pair in report["different"]] == []
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def give_stock(woo_url: str) -> None:
    """The sample counts nothing: let the staff type a number for everything that has no children."""
    items = requests.get(f"{woo_url}/_sim/state", timeout=20).json()["items"]
    for number, one in enumerate(items):
        if one["type"] in ("simple", "variation"):
            act = {"id": one["id"], "quantity": number % 23}
            requests.post(f"{woo_url}/_sim/act/staff_set_stock", json=act, timeout=20).raise_for_status()


def assert_equal(told: dict[str, Any], folder: Path) -> None:
    """Both simulators' own states agree about the stock, the SKU and the product of every linked variation."""
    shop = requests.get(f"{told['woo_url']}/_sim/state", timeout=20).json()
    account = requests.get(f"{told['square_url']}/_sim/state", timeout=20).json()
    items = {str(one["id"]): one for one in shop["items"]}
    on_hand: Counter[str] = Counter()
    for count in account["counts"]:
        if count["state"] == "IN_STOCK":
            on_hand[count["variation_id"]] += int(Decimal(count["quantity"]))
    skus = {
        variation["id"]: variation["item_variation_data"].get("sku", "")
        for one in account["catalog"]
        if one["type"] == "ITEM"
        for variation in one["item_data"]["variations"]
    }
    with LoopbackReader(folder) as conn:
        links = conn.execute("SELECT woo_id, square_id, state FROM variation JOIN stock USING (vid)").fetchall()
    counted = [(woo_id, square_id) for woo_id, square_id, state in links if state == "open"]
    assert len(links) > 20
    assert len(counted) == len(links)
    assert {items[woo]["sku"]: on_hand[square] for woo, square in counted} == {
        items[woo]["sku"]: max(0, items[woo]["stock"]) for woo, _ in counted
    }
    assert [items[woo]["sku"] for woo, _, _ in links] == [skus[square] for _, square, _ in links]
