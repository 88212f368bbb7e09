"""Undo takes back what is still right to take back, as a run of its own."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.engine.explain import explain
from bridge.engine.undo import UndoReport, undo
from bridge.errors import InputError
from bridge.ledger import history
from tests.engine.stage import edit, item_of, rows, two_products, writes_seen
from tests.world import World


def last_run(world: World) -> int:
    with world.db.reading() as conn:
        return int(history.runs(conn, 1)[0].id)


def take_back(world: World, run_id: int, **how: Any) -> UndoReport:
    world.clock.advance(1)
    return undo(world.bridge, run_id, **how)


def item_name(world: World, woo_id: int) -> str:
    return str(world.square.state.catalog.shown(item_of(world, woo_id))["item_data"]["name"])


def square_price(world: World, woo_id: int) -> int:
    return int(world.square.state.catalog.shown(world.twin(woo_id))["item_variation_data"]["price_money"]["amount"])


def renamed() -> tuple[World, int, int]:
    """A run carried a new name and a new price to Square."""
    world, cap, _ = two_products()
    edit(world, cap, name="Cap of wool", regular_price="12.00")
    world.sync()
    assert (item_name(world, cap), square_price(world, cap)) == ("Cap of wool", 1200)
    return world, cap, last_run(world)


def test_written_fields_go_back_and_stay_back() -> None:
    world, cap, run_id = renamed()
    report = take_back(world, run_id)
    assert len(report.restored) == 2 and not report.left
    assert (item_name(world, cap), square_price(world, cap)) == ("Product CAP", 1000)
    written = writes_seen(world)
    world.quiet()
    assert writes_seen(world) == written
    assert (item_name(world, cap), world.woo.state.items[cap].name) == ("Product CAP", "Cap of wool")


def test_a_field_changed_since_is_left_with_the_reason() -> None:
    world, cap, run_id = renamed()
    world.square.acts["edit_price"](world.twin(cap), 1250)
    world.sync()
    report = take_back(world, run_id)
    assert [why for _, why in report.left] == ["changed since"]
    assert (item_name(world, cap), square_price(world, cap)) == ("Product CAP", 1250)


def test_a_rehearsed_undo_says_the_same_and_writes_nothing() -> None:
    world, cap, run_id = renamed()
    written, runs = writes_seen(world), rows(world, "SELECT count(*) FROM run")
    rehearsed = take_back(world, run_id, dry_run=True)
    assert (writes_seen(world), rows(world, "SELECT count(*) FROM run")) == (written, runs)
    assert item_name(world, cap) == "Cap of wool"
    real = take_back(world, run_id)
    assert (real.restored, real.left) == (rehearsed.restored, rehearsed.left)


def test_an_undo_is_a_run_with_history_and_can_itself_be_undone() -> None:
    world, cap, run_id = renamed()
    report = take_back(world, run_id)
    with world.db.reading() as conn:
        lines = history.of_run(conn, report.run_id)
    assert {line.why for line in lines} == {f"taken back (run {run_id})"}
    again = take_back(world, report.run_id)
    assert len(again.restored) == 2
    assert (item_name(world, cap), square_price(world, cap)) == ("Cap of wool", 1200)


def test_stock_that_follows_sales_is_left() -> None:
    world, cap, mug = two_products()
    world.buy(cap, 2)
    world.sell(world.twin(mug), 1)
    world.sync()
    report = take_back(world, last_run(world))
    assert not report.restored
    assert {why for _, why in report.left} == {"follows sales; undoing it would be wrong"}
    world.quiet()
    assert (world.woo_stock(cap), int(world.on_hand(world.twin(cap))), world.woo_stock(mug)) == (8, 8, 4)


def test_a_hand_edit_carried_to_the_stores_is_taken_back_on_both_sides() -> None:
    world, cap, _ = two_products()
    world.woo.acts["staff_set_stock"](cap, 15)
    world.sync()
    run_id = last_run(world)
    world.buy(cap, 2)
    world.sync()
    report = take_back(world, run_id)
    assert len(report.restored) == 1
    world.quiet()
    assert (world.woo_stock(cap), int(world.on_hand(world.twin(cap)))) == (8, 8)
    assert any("taken back by a person" in step.what for step in explain(world.bridge, "CAP").chain)


def test_taking_back_twice_changes_a_number_once() -> None:
    world, cap, _ = two_products()
    world.woo.acts["staff_set_stock"](cap, 15)
    world.sync()
    run_id = last_run(world)
    take_back(world, run_id)
    again = take_back(world, run_id)
    assert [why for _, why in again.left] == ["was taken back before"]
    world.quiet()
    assert (world.woo_stock(cap), int(world.on_hand(world.twin(cap)))) == (10, 10)


def linked_with(opening: str) -> tuple[World, int, str]:
    """A hat both sides know with different numbers (10 and 4), opened by one side's number."""
    world = World()
    world.use(opening=opening, create_in_square=False)
    hat = world.simple("HAT", 10)
    item = {
        "type": "ITEM", "id": "#hat", "item_data": {"name": "Product HAT", "variations": [{
            "type": "ITEM_VARIATION", "id": "#hat-1", "item_variation_data": {
                "name": "Regular", "sku": "HAT", "pricing_type": "FIXED_PRICING", "track_inventory": True,
                "price_money": {"amount": 1000, "currency": "USD"},
            },
        }]},
    }  # fmt: skip
    world.bridge.square.upsert_item(item, "hat")
    variation = world.bridge.square.find_by_sku(["HAT"])[0].raw["item_data"]["variations"][0]["id"]
    world.square.acts["count"](world.stores[0], variation, 4)
    world.sync(full=True)
    return world, hat, variation


@pytest.mark.parametrize("truth", ["woo", "square"])
def test_an_opening_count_is_taken_back_and_then_asked_for(truth: str) -> None:
    world, hat, variation = linked_with(truth)
    agreed = 10 if truth == "woo" else 4
    assert (world.woo_stock(hat), int(world.on_hand(variation))) == (agreed, agreed)
    report = take_back(world, last_run(world))
    assert any("asked" in what for what in report.restored)
    world.quiet()
    assert (world.woo_stock(hat), int(world.on_hand(variation))) == (10, 4)
    assert [row.kind for row in rows(world, "SELECT kind FROM decision WHERE state = 'open'")] == ["opening"]


def test_a_created_product_is_hidden_and_paused_never_deleted() -> None:
    world = World()
    cap = world.simple("CAP", 10)
    world.sync(full=True)
    item_id, variation = item_of(world, cap), world.twin(cap)
    report = take_back(world, last_run(world))
    assert any("hidden there and paused" in what for what in report.restored)
    world.quiet()
    assert world.square.state.catalog.shown(item_id)["item_data"]["is_archived"] is True
    assert world.woo_stock(cap) == 10
    assert int(world.on_hand(variation)) == 0
    edit(world, cap, name="Cap of wool")
    world.quiet()
    assert item_name(world, cap) == "Product CAP"


def test_taking_back_a_hidden_creation_brings_it_back() -> None:
    world = World()
    cap = world.simple("CAP", 10)
    world.sync(full=True)
    undone = take_back(world, last_run(world))
    take_back(world, undone.run_id)
    edit(world, cap, name="Cap of wool")
    world.quiet()
    shown = world.square.state.catalog.shown(item_of(world, cap))["item_data"]
    assert (shown.get("is_archived", False), shown["name"]) == (False, "Cap of wool")
    assert (world.woo_stock(cap), int(world.on_hand(world.twin(cap)))) == (10, 10)


def test_an_undo_that_dies_while_writing_is_finished_by_the_next_run() -> None:
    world, cap, run_id = renamed()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    real, world.bridge.square.upsert_items = world.bridge.square.upsert_items, die  # type: ignore
    with pytest.raises(KeyboardInterrupt):
        take_back(world, run_id)
    world.bridge.square.upsert_items = real  # type: ignore[method-assign]
    world.restart()
    world.quiet()
    assert (item_name(world, cap), square_price(world, cap)) == ("Product CAP", 1000)


def test_an_unknown_run_is_refused() -> None:
    world, *_ = two_products()
    with pytest.raises(InputError, match="no run 999"):
        undo(world.bridge, 999)
