"""A person who is erased leaves no trace in the ledger, wherever their words had got to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bridge.engine.person_file import erase, export
from bridge.engine.settings import CustomerSettings
from bridge.ledger import inbox
from bridge.ledger.schema import metadata
from tests.orders.mirror_stage import mirroring, only_order, pay_at_the_till
from tests.scenarios.stage import both
from tests.world import World

CANARIES = ("Ingeborg", "Kvæfjord", "ingeborg.kvaefjord", "212) 555-0199", "2125550199", "9 Canary Lane", "blue parrot")
PERSON: dict[str, Any] = {
    "first_name": "Ingeborg", "last_name": "Kvæfjord", "email": "Ingeborg.Kvaefjord@example.test",
    "phone": "(212) 555-0199", "address_1": "9 Canary Lane", "address_2": "2nd floor", "city": "New York",
    "state": "NY", "postcode": "10001", "country": "US",
}  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The person fetched one order, was asked about, gave one thing back, and rang every doorbell."""
    customers = CustomerSettings(sync=True, country="US")
    made, (mug,) = mirroring("mug", ledger=str(tmp_path / "bridge.sqlite"), till="always", customers=customers)
    for name in ("one", "two"):
        made.square.people.create({"given_name": name, "email_address": PERSON["email"]})
    order = made.buy(mug, 2, pickup="Oslo", payment="cod", billing=PERSON, note="the one with the blue parrot")
    _ring(made, "order.updated", str(order), {"id": order, "billing": PERSON, "customer_note": "blue parrot"})
    made.sync()
    till = only_order(made, order)
    pay_at_the_till(made, till)
    made.sync(full=True)
    _ring(made, "payment.updated", "P", {"buyer_email_address": PERSON["email"].lower()}, side="square")
    made.square.acts["refund_amount"](_payment(made, till["id"]), 500, reason="Ingeborg Kvæfjord came back")
    made.quiet()
    yield made
    made.db.close()


def _payment(world: World, square_order: str) -> str:
    return next(one["id"] for one in world.square.state.payments.values() if one.get("order_id") == square_order)


def _ring(world: World, topic: str, object_id: str, body: dict[str, Any], *, side: str = "woo") -> None:
    text = json.dumps(body)  # as PHP writes it: everything beyond ASCII escaped
    with world.db.transaction() as conn:
        key = str(len(text))
        inbox.store(conn, side=side, topic=topic, dedupe=key, object_id=object_id, body=text, now=world.bridge.now())


def everything(world: World) -> str:
    """Every row of every table, as text."""
    with world.db.reading() as conn:
        return "\n".join(
            f"{table.name}: {tuple(row)}" for table in metadata.sorted_tables for row in conn.execute(select(table))
        )


def found_in(text: str) -> list[str]:
    return [line[:300] for line in text.splitlines() if any(one.casefold() in line.casefold() for one in CANARIES)]


def test_no_table_says_a_word_of_an_erased_person_and_trade_goes_on(world: World) -> None:
    assert found_in(everything(world)), "the person was somewhere before"
    erase(world.bridge, PERSON["email"])
    assert found_in(everything(world)) == []
    world.clock.advance(700)
    world.sync(full=True)
    world.quiet()
    assert found_in(everything(world)) == [], "nothing brings them back by itself"
    (mug,) = [one for one in world.woo.state.items if world.woo.state.items[one].sku == "mug"]
    assert both(world, mug)[0] == both(world, mug)[1]


def bytes_with(world: World) -> list[str]:
    """Which of the words stand in any of the ledger's files."""
    assert world.db.path is not None
    held = b"".join(path.read_bytes().lower() for path in world.db.path.parent.glob("bridge.sqlite*"))
    return [one for one in CANARIES if one.lower().encode() in held]


def test_no_byte_of_the_ledgers_files_holds_an_erased_person(world: World) -> None:
    assert len(bytes_with(world)) >= 4
    erase(world.bridge, PERSON["email"])
    assert bytes_with(world) == []


def test_while_somebody_reads_the_ledger_it_is_said_that_traces_may_be_left_in_the_file(world: World) -> None:
    with closing(sqlite3.connect(world.db.path or "")) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM inbox").fetchone()
        done = erase(world.bridge, PERSON["email"])
    assert any("unused parts of the ledger's file" in what for what, _ in done.stays)
    assert erase(world.bridge, PERSON["email"]).rows.keys() <= {"person"}
    assert bytes_with(world) == []


def test_what_is_handed_out_holds_what_would_be_erased(world: World) -> None:
    told = json.dumps(export(world.bridge, PERSON["email"]), default=str, ensure_ascii=False)
    for line in found_in(everything(world)):
        table = line.partition(":")[0]
        assert f'"{table}"' in told, line
