"""``bridge customers``: match, export and erase, and ``sync customers``."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import Accounts

CAROL: dict[str, Any] = {
    "first_name": "Carol", "last_name": "Quux", "email": "carol.quux@example.test", "phone": "(212) 555-0177",
    "address_1": "77 Hidden Lane", "city": "New York", "state": "NY", "postcode": "10001", "country": "US",
}  # fmt: skip


def _trade(accounts: Accounts) -> str:
    """Carol buys as a guest and is known at Square; a doorbell with her order is in the ledger."""
    accounts.configure("customers: {country: US}\n")
    accounts.settle_products(["mug"])
    order = accounts.woo.acts["checkout"]([{"id": accounts.first("mug"), "quantity": 1}], billing=CAROL)["order_id"]
    made = accounts.square.people.create({"given_name": "Carol", "email_address": CAROL["email"]})
    accounts.settle()
    _ring(accounts, str(order))
    return str(made["id"])


def _ring(accounts: Accounts, order_id: str) -> None:
    import sqlite3

    body = json.dumps({"id": int(order_id), "billing": CAROL})
    with sqlite3.connect(accounts.folder / "bridge.sqlite") as conn:
        conn.execute(
            "INSERT INTO inbox (side, topic, dedupe, object_id, body, received_at, state)"
            " VALUES ('woo', 'order.updated', 'd1', ?, ?, '2026-01-01T00:00:00.000000Z', 'seen')",
            (order_id, body),
        )
    conn.close()


def _file(accounts: Accounts) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(accounts.folder.glob("bridge.sqlite*")))


def test_customers_are_matched_without_writing_and_linked_by_a_sync(accounts: Accounts) -> None:
    carol = _trade(accounts)
    told = accounts.bridge("customers", "match", "--json").json
    assert told["counts"] == {"match": 1} and told["customers"][0]["square"] == carol
    assert accounts.bridge("sync", "customers", "--dry-run").code == 0
    done = accounts.bridge("sync", "customers", "--json")
    assert done.code == 0 and done.json["seen"]["customers linked by email"] == 1
    assert accounts.bridge("customers", "match", "--json").json["counts"] == {"linked": 1}


def test_an_export_holds_what_both_sides_and_the_ledger_know(accounts: Accounts) -> None:
    carol = _trade(accounts)
    accounts.bridge("sync", "customers")
    told = accounts.bridge("customers", "export", CAROL["email"], "--json").json
    assert told["ok"], told
    assert told["square"]["customers"][0]["id"] == carol
    assert told["shop"]["orders"][0]["billing"]["address_1"] == "77 Hidden Lane"
    assert told["ledger"]["links"][0]["square_id"] == carol and told["ledger"]["inbox"] and told["ledger"]["movements"]
    ended = accounts.bridge("customers", "export", "carol.quux@example.test", "--out", "carol.json")
    kept = accounts.folder / "carol.json"
    assert ended.code == 0 and kept.stat().st_mode & 0o077 == 0
    assert json.loads(kept.read_text())["square"]["customers"]
    assert accounts.bridge("customers", "export", "nobody").code == 2


def test_an_erased_person_is_gone_from_the_ledger_and_not_recognised_again(accounts: Accounts) -> None:
    _trade(accounts)
    accounts.bridge("sync", "customers")
    assert b"Hidden Lane" in _file(accounts)
    assert accounts.bridge("customers", "erase", CAROL["email"], "--json").code == 2, "nobody is there to say yes"
    told = accounts.bridge("customers", "erase", CAROL["email"], "--yes", "--json").json
    assert told["erased"]["inbox"] == 1 and told["erased"]["person"] == 1
    assert any("bookkeeping" in one["why"] for one in told["stays"])
    again = accounts.bridge("customers", "export", CAROL["email"], "--ledger-only", "--json").json
    assert not again["ledger"].get("inbox") and all(one["state"] == "erased" for one in again["ledger"]["links"])
    accounts.bridge("sync", "customers")
    assert accounts.bridge("customers", "match", "--json").json["counts"] == {"erased": 1}
    assert accounts.bridge("sync", "--yes", "--json").code == 0, "orders and stock go on as before"
    text = accounts.bridge("customers", "erase", "square:NOSUCH", "--ledger-only", "--yes")
    assert text.code == 0 and "What stays" in text.out
