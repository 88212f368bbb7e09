"""What is judged at each simulated night, from the simulators' journals and state (I5, I19: the ledger)."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import requests

from bridge.sim.busy_counter import CounterDay, is_pickup
from bridge.sim.prove import Proof, prove
from tests.soak.town import Town

WINDOW = 900.0
QUIET_HOURS = 5
ROUNDS = 6


def close(town: Town) -> None:
    """Whoever still waits at a counter is served: until then his goods are sold in the shop, and in no till's count."""
    if isinstance(town.day, CounterDay):
        for _ in range(ROUNDS):
            if not town.day.close():
                return
            town.live_until(town.now() + timedelta(minutes=20))


def settle(town: Town) -> None:
    """Nobody trades and nothing fails; long enough for every retry, and for the daily full pass."""
    town.live_until(town.now() + timedelta(hours=QUIET_HOURS))


def judge_night(town: Town) -> tuple[Proof, list[str]]:
    """Everything that is wrong, each with the number of the invariant it breaks."""
    assert town.opening is not None
    proof = prove(
        town.woo,
        town.square,
        town.opening,
        window=WINDOW,
        doubled_before=town.doubled_before,
        mirrors=is_pickup if town.counters else lambda _: False,
    )
    wrong: list[str] = [f"I1/I2/I4/I8/I16 {note}" for note in proof.notes]
    wrong += _still_moving(town)
    wrong += _not_on_disk(town)
    wrong += _prices(town)
    wrong += _secrets_told(town)
    wrong += _bounds(town)
    return proof, wrong


def _still_moving(town: Town) -> list[str]:
    """I6, I7, I9: in an hour without trade not one number is written."""
    before = [len(side.journal) for side in town.sides]
    town.live_until(town.now() + timedelta(hours=1))
    after = [len(side.journal) for side in town.sides]
    return [f"I6/I7/I9 something was written in a quiet hour: {before} -> {after}"] if before != after else []


def _not_on_disk(town: Town) -> list[str]:
    """I5: every doorbell that was answered 200 stands in the ledger."""
    conn = sqlite3.connect(f"file:{town.folder / 'bridge.sqlite'}?mode=ro", uri=True)
    try:
        there = [(str(side), str(dedupe)) for side, dedupe in conn.execute("SELECT side, dedupe FROM inbox")]
    finally:
        conn.close()
    # a body without a time is told apart by its second too: the name the town knows it by comes first
    names = {(side, ":".join(dedupe.split(":")[:2]) if side == "woo" else dedupe) for side, dedupe in there}
    lost = town.taken - names
    town.taken.clear()
    return [f"I5 {len(lost)} doorbells answered 200 are not on disk: {sorted(lost)[:2]}"] if lost else []


def _prices(town: Town) -> list[str]:
    """I14: every price the same to the cent."""
    wrong = []
    for pair in town.pairs:
        item = town.woo.state.items.get(int(pair.woo_id))
        row = town.square.state.catalog.live(pair.square_id)
        if item is None or row is None or not item.regular_price:
            continue
        cents = (row["item_variation_data"].get("price_money") or {}).get("amount")
        whole, _, part = item.regular_price.partition(".")
        if cents != int(whole) * 100 + int((part + "00")[:2]):
            wrong.append(f"I14 {pair}: {item.regular_price} in the shop, {cents} at Square")
    return wrong


def _secrets_told(town: Town) -> list[str]:
    """I18: no key in logs, ledger files or health pages."""
    places = {path.name: path.read_bytes() for path in town.folder.glob("*") if path.name not in town.secrets}
    for page in ("healthz", "readyz", "metrics"):
        places[page] = requests.get(f"http://127.0.0.1:{town.port}/{page}", timeout=20).content
    return [
        f"I18 {name} stands in {place}"
        for place, content in places.items()
        for name, secret in town.secrets.items()
        if secret.encode() in content
    ]


def _bounds(town: Town) -> list[str]:
    """I19: nothing waits, and the ledger stays small."""
    conn = sqlite3.connect(f"file:{town.folder / 'bridge.sqlite'}?mode=ro", uri=True)
    try:
        waiting = conn.execute("SELECT count(*) FROM outbox WHERE state IN ('due', 'sent', 'unknown')").fetchone()[0]
        unseen = conn.execute("SELECT count(*) FROM inbox WHERE state = 'new'").fetchone()[0]
    finally:
        conn.close()
    return [f"I19 {waiting} writes and {unseen} doorbells wait after the night"] if waiting or unseen else []
