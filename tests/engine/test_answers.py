"""Answers to open questions: what the next run then does."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.engine.answers import resolve
from bridge.errors import InputError
from bridge.remotes.port import Refused
from tests.engine.stage import edit, item_of, rows, two_products
from tests.world import World


def open_ones(world: World) -> list[Any]:
    return rows(world, "SELECT * FROM decision WHERE state = 'open' ORDER BY id")


def answer(world: World, kind: str, word: str) -> str:
    """Answer the only open question, which must be of a kind."""
    (row,) = open_ones(world)
    assert row.kind == kind
    return resolve(world.bridge, row.id, word)


def square_price(world: World, woo_id: int) -> int:
    shown = world.square.state.catalog.shown(world.twin(woo_id))
    return int(shown["item_variation_data"]["price_money"]["amount"])


def conflicting_prices() -> tuple[World, int]:
    world, cap, _ = two_products()
    edit(world, cap, regular_price="12.00")
    world.square.acts["edit_price"](world.twin(cap), 1300)
    world.sync()
    return world, cap


def test_choosing_the_shop_in_a_conflict_writes_its_price_to_square() -> None:
    world, cap = conflicting_prices()
    assert "Square" in answer(world, "conflict", "woo")
    world.quiet()
    assert (world.woo.state.items[cap].regular_price, square_price(world, cap)) == ("12.00", 1200)
    assert open_ones(world) == []


def test_choosing_square_in_a_conflict_writes_its_price_to_the_shop() -> None:
    world, cap = conflicting_prices()
    answer(world, "conflict", "square")
    world.quiet()
    assert (world.woo.state.items[cap].regular_price, square_price(world, cap)) == ("13.00", 1300)
    assert open_ones(world) == []


def test_a_price_chosen_with_both_before_ones_eyes_needs_no_second_word() -> None:
    world, cap, _ = two_products()
    edit(world, cap, regular_price="99.00")
    world.square.acts["edit_price"](world.twin(cap), 1300)
    world.sync()
    answer(world, "conflict", "woo")
    world.quiet()
    assert square_price(world, cap) == 9900
    assert open_ones(world) == []


def test_an_empty_price_cannot_be_chosen() -> None:
    world, cap, _ = two_products()
    edit(world, cap, regular_price="")
    world.sync()
    with pytest.raises(InputError, match="never emptied"):
        answer(world, "conflict", "woo")
    answer(world, "conflict", "square")
    world.quiet()
    assert world.woo.state.items[cap].regular_price == "10.00"


@pytest.mark.parametrize(("word", "shop", "stores"), [("woo", 10, 10), ("square", 4, 4)])
def test_the_named_sides_number_becomes_the_opening_count(word: str, shop: int, stores: int) -> None:
    world = World()
    world.use(opening="ask")
    hat = world.simple("HAT", 10)
    world.use(create_in_square=False)
    item = {"type": "ITEM", "id": "#hat", "item_data": {"name": "Hat", "variations": []}}
    item["item_data"]["variations"].append({  # type: ignore[index]
        "type": "ITEM_VARIATION", "id": "#hat-1",
        "item_variation_data": {
            "name": "Regular", "sku": "HAT", "pricing_type": "FIXED_PRICING", "track_inventory": True,
            "price_money": {"amount": 1000, "currency": "USD"},
        },
    })  # fmt: skip
    world.bridge.square.upsert_item(item, "hat")
    found = world.bridge.square.find_by_sku(["HAT"])[0]
    variation = found.raw["item_data"]["variations"][0]["id"]
    world.square.acts["count"](world.stores[0], variation, 4)
    world.sync(full=True)
    answer(world, "opening", word)
    world.quiet()
    assert (world.woo_stock(hat), int(world.on_hand(variation))) == (shop, stores)
    assert open_ones(world) == []


@pytest.mark.parametrize(("word", "shop", "stores"), [("apply", 15, 15), ("revert", 10, 10)])
def test_a_reported_staff_edit_is_applied_or_taken_back(word: str, shop: int, stores: int) -> None:
    world, cap, _ = two_products()
    world.use(staff_edits="report")
    world.woo.acts["staff_set_stock"](cap, 15)
    world.sync()
    answer(world, "staff_edit", word)
    world.quiet()
    assert (world.woo_stock(cap), int(world.on_hand(world.twin(cap)))) == (shop, stores)
    assert open_ones(world) == []


def test_an_answer_about_a_staff_edit_does_not_hold_for_another_one() -> None:
    world, cap, _ = two_products()
    world.use(staff_edits="report")
    world.woo.acts["staff_set_stock"](cap, 15)
    world.sync()
    answer(world, "staff_edit", "apply")
    world.woo.acts["staff_set_stock"](cap, 90)
    world.quiet()
    assert int(world.on_hand(world.twin(cap))) == 10
    (row,) = open_ones(world)
    assert "+80" in row.question


def test_a_sale_between_question_and_answer_does_not_spoil_the_answer() -> None:
    world, cap, _ = two_products()
    world.use(staff_edits="report")
    world.woo.acts["staff_set_stock"](cap, 15)
    world.sync()
    answer(world, "staff_edit", "apply")
    world.buy(cap, 2)
    world.quiet()
    assert (world.woo_stock(cap), int(world.on_hand(world.twin(cap)))) == (13, 13)


def test_a_released_price_brake_lets_the_price_through() -> None:
    world, cap, _ = two_products()
    edit(world, cap, regular_price="99.00")
    world.sync()
    assert square_price(world, cap) == 1000
    answer(world, "brake", "release")
    world.quiet()
    assert square_price(world, cap) == 9900
    assert open_ones(world) == []


def test_a_price_kept_back_for_good_is_not_asked_about_again() -> None:
    world, cap, _ = two_products()
    edit(world, cap, regular_price="99.00")
    world.sync()
    answer(world, "brake", "keep")
    edit(world, cap, name="Cap of wool")
    world.quiet()
    assert square_price(world, cap) == 1000
    assert open_ones(world) == []


def test_a_released_mass_zero_is_written() -> None:
    world = World()
    ids = [world.simple(f"S{n}", 3) for n in range(8)]
    world.quiet()
    for one in ids:
        world.square.acts["count"](world.stores[0], world.twin(one), 0)
        for store in world.stores[1:]:
            if world.on_hand(world.twin(one), store):
                world.square.acts["count"](store, world.twin(one), 0)
    world.sync()
    assert [world.woo_stock(one) for one in ids] == [3] * 8
    answer(world, "brake", "release")
    world.quiet()
    assert [world.woo_stock(one) for one in ids] == [0] * 8


@pytest.mark.parametrize(("word", "archived"), [("hide", True), ("keep", False)])
def test_hiding_travels_only_when_asked_for(word: str, archived: bool) -> None:
    world, cap, _ = two_products()
    edit(world, cap, status="draft")
    world.sync()
    answer(world, "hide", word)
    world.quiet()
    item = world.square.state.catalog.shown(item_of(world, cap))
    assert bool(item["item_data"].get("is_archived")) is archived
    assert open_ones(world) == []


@pytest.mark.parametrize(("word", "archived"), [("hide", True), ("keep", False)])
def test_what_is_left_of_a_vanished_product_is_hidden_only_when_asked_for(word: str, archived: bool) -> None:
    world, cap, _ = two_products()
    item_id = item_of(world, cap)
    world.woo.acts["staff_trash"](cap)
    world.sync(full=True)
    answer(world, "gone", word)
    world.square.acts["edit_item"](item_id, {"name": "Cap, last ones"})
    world.quiet()
    item = world.square.state.catalog.shown(item_id)
    assert bool(item["item_data"].get("is_archived")) is archived
    assert open_ones(world) == []


def test_a_kept_product_that_came_back_and_vanished_again_is_asked_about_again() -> None:
    world, cap, _ = two_products()
    world.woo.acts["staff_trash"](cap)
    world.sync(full=True)
    answer(world, "gone", "keep")
    world.woo.acts["staff_untrash"](cap)
    edit(world, cap, status="publish")
    world.quiet()
    world.woo.acts["staff_trash"](cap)
    world.sync(full=True)
    assert [row.kind for row in open_ones(world)] == ["gone"]


def refused_sale() -> tuple[World, int]:
    """A shopper bought two, and Square will not have it."""
    world, cap, _ = two_products()
    real = world.bridge.square.change_inventory
    world.bridge.square.change_inventory = lambda changes, key: (Refused("BAD_REQUEST", "not today"), [])  # type: ignore
    world.buy(cap, 2)
    world.sync()
    world.sync()
    world.bridge.square.change_inventory = real  # type: ignore[method-assign]
    return world, cap


def test_goods_sold_online_stay_sold_while_square_refuses_to_hear_of_it() -> None:
    world, cap = refused_sale()
    world.quiet()
    assert (world.woo_stock(cap), int(world.on_hand(world.twin(cap)))) == (8, 10)


def test_a_refused_write_is_sent_again_when_asked_for() -> None:
    world, cap = refused_sale()
    answer(world, "refused", "retry")
    world.quiet()
    assert (world.woo_stock(cap), int(world.on_hand(world.twin(cap)))) == (8, 8)


def test_dropping_a_refused_sale_says_that_its_goods_count_again() -> None:
    world, cap = refused_sale()
    assert "never learns of -2" in answer(world, "refused", "drop")
    world.quiet()
    assert (world.woo_stock(cap), int(world.on_hand(world.twin(cap)))) == (10, 10)


def test_a_fractional_count_can_be_dismissed() -> None:
    world, cap, _ = two_products()
    world.square.acts["count"](world.stores[0], world.twin(cap), "2.5")
    world.sync()
    assert "whole" in answer(world, "fractional", "dismiss")
    assert world.woo_stock(cap) == 10


def test_an_unknown_answer_is_refused_naming_the_possible_ones() -> None:
    world, _ = conflicting_prices()
    with pytest.raises(InputError, match="woo or square"):
        answer(world, "conflict", "both")


def test_a_question_is_answered_once() -> None:
    world, _ = conflicting_prices()
    (row,) = open_ones(world)
    resolve(world.bridge, row.id, "woo")
    with pytest.raises(InputError, match="no longer open"):
        resolve(world.bridge, row.id, "woo")
    with pytest.raises(InputError, match="no decision"):
        resolve(world.bridge, row.id + 100, "woo")
