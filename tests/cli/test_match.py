"""``bridge match``: what belongs together, to be corrected in a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from tests.cli.conftest import Accounts, LoopbackReader


def item(accounts: Accounts, sku: str, name: str, price: int = 1000) -> str:
    """An item at Square with one variation; the variation's id."""
    body = {
        "type": "ITEM",
        "id": "#item",
        "item_data": {
            "name": name,
            "variations": [
                {
                    "type": "ITEM_VARIATION",
                    "id": "#variation",
                    "item_variation_data": {
                        "item_id": "#item",
                        "name": "Regular",
                        "sku": sku,
                        "track_inventory": True,
                        "pricing_type": "FIXED_PRICING",
                        "price_money": {"amount": price, "currency": "USD"},
                    },
                }
            ],
        },
    }
    made = accounts.square_call("POST", "/v2/catalog/object", {"idempotency_key": f"k-{sku}-{name}", "object": body})
    return str(made["catalog_object"]["item_data"]["variations"][0]["id"])


def sheet(path: Path) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def save(path: Path, rows: list[dict[str, Any]], between: str = ",") -> None:
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]), delimiter=between)
        out.writeheader()
        out.writerows(rows)


def test_the_report_says_what_pairs_what_is_alone_and_what_stands_in_the_way(accounts: Accounts) -> None:
    accounts.product("W-1", price="10.00")
    accounts.product("W-2", price="12.00")
    accounts.product("", name="Nameless")
    item(accounts, "W-1", "Product W-1")
    item(accounts, "W-2", "Product W-2", price=1100)
    item(accounts, "S-1", "Only here")
    ended = accounts.bridge("match", "--json")
    assert ended.code == 3
    counts = ended.json["counts"]
    assert (counts["pairs"], counts["different"], counts["missing_sku"], counts["alone_square"]) == (2, 1, 1, 1)
    assert ended.json["different"][0]["differences"] == ["price"]
    text = accounts.bridge("match").out
    assert "Without a SKU" in text
    assert "W-2 Product W-2: price" in text


def test_nothing_is_written_on_the_first_day(accounts: Accounts, tmp_path: Path) -> None:
    accounts.product("W-1")
    before = accounts.writes()
    assert accounts.bridge("match", "--out", "m.csv", "--json").code == 0
    assert accounts.writes() == before
    assert not (tmp_path / "bridge.sqlite").exists()


def test_every_variation_of_both_sides_is_in_the_sheet_once(accounts: Accounts, tmp_path: Path) -> None:
    accounts.product("W-1")
    accounts.product("=cmd", name="=SUM(A1)")
    item(accounts, "W-1", "Product W-1")
    lonely = item(accounts, "S-1", "Only here")
    accounts.bridge("match", "--out", "m.csv")
    rows = sheet(tmp_path / "m.csv")
    assert [row["proposal"] for row in rows if row["woo_sku"] == "W-1"] == ["link by sku"]
    assert [row["square_id"] for row in rows if not row["woo_id"]] == [lonely]
    assert [row["woo_name"] for row in rows if row["woo_sku"] == "'=cmd"] == ["'=SUM(A1)"]
    assert len(rows) == 3
    assert {row["woo_stock"] for row in rows if row["woo_id"]} == {"10"}


def test_a_link_an_ignored_row_and_an_opening_come_into_force_with_the_next_run(
    accounts: Accounts, tmp_path: Path
) -> None:
    accounts.configure(opening="ask")
    mug = accounts.product("MUG-OLD", name="Blue mug", stock=4)
    cup = accounts.product("CUP", name="Cup")
    square_mug = item(accounts, "MUG", "Completely else")
    accounts.bridge("match", "--out", "m.csv")
    rows = sheet(tmp_path / "m.csv")
    for row in rows:
        if row["woo_id"] == str(mug):
            row |= {"square_id": square_mug, "decision": "link; Opening:woo"}
        if row["woo_id"] == str(cup):
            row["decision"] = "IGNORE"
    save(tmp_path / "m.csv", rows, between=";")
    ended = accounts.bridge("match", "--in", "m.csv", "--json")
    assert ended.code == 0, ended
    assert ended.json == {"ok": True, "links": 1, "ignored": 1, "openings": 1}
    synced = accounts.bridge("sync", "--yes", "--json")
    assert synced.json["done"]["linked variations"] == 1, synced
    with LoopbackReader(tmp_path) as conn:
        links = conn.execute("SELECT woo_id, square_id FROM variation").fetchall()
    assert links == [(str(mug), square_mug)]
    assert accounts.square.state.inventory.on_hand(square_mug, accounts.stores[0]) == 4
    assert synced.json["skipped"] == {"not created: left out by hand": 1}


def test_one_bad_line_refuses_the_whole_sheet_and_every_bad_line_is_named(accounts: Accounts, tmp_path: Path) -> None:
    accounts.product("W-1")
    accounts.product("W-2")
    accounts.product("W-3")
    accounts.bridge("match", "--out", "m.csv")
    rows = sheet(tmp_path / "m.csv")
    rows[0]["decision"] = "ignore"
    rows[1]["decision"] = "perhaps"
    rows[2] |= {"decision": "link", "square_id": "NOWHERE"}
    save(tmp_path / "m.csv", rows)
    ended = accounts.bridge("match", "--in", "m.csv", "--json")
    assert ended.code == 2
    assert "line 3: `perhaps` is not a decision" in ended.json["error"]
    assert "line 4: Square has no variation NOWHERE" in ended.json["error"]
    with LoopbackReader(tmp_path) as conn:
        assert conn.execute("SELECT count(*) FROM meta WHERE name LIKE 'ignore:%'").fetchone() == (0,)


def test_what_is_linked_and_open_is_not_decided_again(accounts: Accounts, tmp_path: Path) -> None:
    accounts.product("W-1")
    accounts.settle()
    accounts.bridge("match", "--out", "m.csv")
    rows = sheet(tmp_path / "m.csv")
    assert rows[0]["proposal"].startswith("linked")
    rows[0]["decision"] = "opening: square; ignore"
    save(tmp_path / "m.csv", rows)
    error = accounts.bridge("match", "--in", "m.csv", "--json").json["error"]
    assert "its opening count was taken already" in error
    assert "it is linked already" in error


def test_what_is_not_a_sheet_is_a_usage_error(accounts: Accounts, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("a,b\n1,2\n")
    ended = accounts.bridge("match", "--in", "m.csv", "--json")
    assert ended.code == 2
    assert "no column woo_id, square_id, decision" in ended.json["error"]
    assert accounts.bridge("match", "--in", "nowhere.csv").code == 2
    assert accounts.bridge("match", "--in", "a", "--out", "b").code == 2
