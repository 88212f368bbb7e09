"""Numbers that are not simple: fractions, debts, buffers, parents that count for their children, nobody counting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bridge.domain.stock import Buffers
from bridge.engine.settings import StoreSetting
from tests.crash.life import square_skus
from tests.scenarios.stage import both, in_step, receive, square_item, sum_at_square, variable
from tests.scenarios.witness import Witness, answer, questions, stock_reason
from tests.world import TEST_SETTINGS, World


def test_a_fractional_count_leaves_the_shop_alone_until_it_is_whole() -> None:
    """Cheese is sold by weight at the till: 9.5 are left. The shop holds whole numbers, and is not written to."""
    world = World()
    cheese = world.simple("cheese", 10)
    in_step(world)
    witness = Witness(world)
    world.square.acts["waste"](world.stores[1], world.twin(cheese), "0.5")
    world.quiet()
    assert world.woo_stock(cheese) == 10
    assert len(questions(world, "fractional")) == 1
    world.square.acts["waste"](world.stores[1], world.twin(cheese), "1.5")
    world.quiet()
    assert world.woo_stock(cheese) == 8
    assert not questions(world)
    assert not witness.faults()


def test_a_variation_counted_on_its_parent_is_left_alone_with_the_reason() -> None:
    """One number for all sizes of a shirt cannot be laid over the sizes: said, and nothing written."""
    world = World()
    body: dict[str, Any] = {
        "name": "Shirt", "type": "variable", "manage_stock": True, "stock_quantity": 9,
        "attributes": [{"name": "Size", "visible": True, "variation": True, "options": ["s", "l"]}],
        "variations": [
            {"sku": f"shirt-{size}", "regular_price": "25.00", "attributes": [{"name": "Size", "option": size}]}
            for size in "sl"
        ],
    }  # fmt: skip
    parent = world.seed(body)[0]
    world.sync(full=True)
    world.quiet()
    assert stock_reason(world, "shirt-s") == ("off", "its stock is counted on its parent product in the shop")
    assert world.woo_stock(parent) == 9
    assert not [event for event in world.square.journal if event.delta]


def test_a_product_the_shop_does_not_count_is_left_alone_until_it_does() -> None:
    """The shop sells mugs without counting. When staff start to count there, the number travels."""
    world = World()
    mug = world.simple("mug", None)
    square_item(world, "Product mug", "mug")
    in_step(world)
    assert stock_reason(world, "mug") == ("off", "the shop does not track it")
    assert not [event for event in world.square.journal if event.delta]
    world.woo.acts["staff_set_stock"](mug, 6)
    world.quiet()
    assert both(world, mug) == (6, 6)
    witness = Witness(world)
    world.sell(world.twin(mug))
    world.quiet()
    assert not witness.faults()


@pytest.mark.parametrize("made_by_us", [True, False])
def test_a_product_square_does_not_count_is_left_alone_until_it_does(made_by_us: bool) -> None:
    """Nobody counted gift cards on either side; then staff switch counting on in the shop, and later at Square."""
    world = World()
    card = world.simple("card", None)
    if not made_by_us:
        square_item(world, "Product card", "card")
        world.square.acts["set_tracking"](square_skus(world)["card"], False)
    in_step(world)
    assert stock_reason(world, "card") == ("off", "neither side tracks it")
    world.woo.acts["staff_set_stock"](card, 6)
    world.quiet()
    assert stock_reason(world, "card") == ("off", "Square does not track it")
    assert world.woo_stock(card) == 6
    world.square.acts["set_tracking"](world.twin(card), True)
    world.quiet()
    assert both(world, card) == (6, 6)


def test_when_square_is_the_first_to_count_the_reason_names_the_shop_and_then_the_number_travels() -> None:
    """The other way round: counting begins at Square, then in the shop."""
    world = World()
    card = world.simple("card", None)
    in_step(world)
    world.square.acts["set_tracking"](world.twin(card), True)
    world.quiet()
    assert stock_reason(world, "card") == ("off", "the shop does not track it")
    world.woo.acts["staff_set_stock"](card, 6)
    world.quiet()
    assert both(world, card) == (6, 6)


def test_staff_who_stop_counting_in_the_shop_stop_the_bridge_and_not_the_tills() -> None:
    """Counting is switched off in the shop: no number is written there, and Square's counts stay."""
    world = World()
    mug = world.simple("mug", 10)
    in_step(world)
    world.woo.acts["staff_edit_product"](mug, {"manage_stock": False})
    world.sell(world.twin(mug), 3)
    world.quiet()
    assert stock_reason(world, "mug") == ("off", "the shop does not track it")
    assert sum_at_square(world, mug) == 7


def test_a_debt_below_zero_is_shown_as_zero_and_paid_first() -> None:
    """Tills sold twelve of ten mugs. The shop shows none; of five that arrive, three are for sale."""
    world = World()
    mug = world.simple("mug", 10)
    in_step(world)
    witness = Witness(world)
    world.sell(world.twin(mug), 12)
    world.quiet()
    assert world.woo_stock(mug) == 0
    receive(world, world.twin(mug), 1)
    world.quiet()
    assert world.woo_stock(mug) == 0
    receive(world, world.twin(mug), 4)
    world.quiet()
    assert both(world, mug) == (3, 3)
    assert not witness.faults()


def test_a_debt_is_shown_where_the_shop_takes_backorders() -> None:
    """A product on backorder may be sold below zero: then the shop shows what is owed."""
    world = World()
    mug = world.simple("mug", 2, backorders="yes")
    in_step(world)
    witness = Witness(world)
    world.buy(mug, 3)
    world.sell(world.twin(mug), 2)
    world.quiet()
    assert both(world, mug) == (-3, -3)
    assert not witness.faults()


BUFFERS: Mapping[str, tuple[Buffers, int]] = {
    "for all": (Buffers(2), 8),
    "for a product": (Buffers(0, by_sku={"MUG": 3}), 7),
    "for a category": (Buffers(1, by_category={"Kitchen": 4}), 6),
    "for a store": (Buffers(0), 9),
    "the product's before the category's": (Buffers(1, by_category={"Kitchen": 4}, by_sku={"mug": 3}), 7),
}


@pytest.mark.parametrize("name", BUFFERS)
def test_a_buffer_is_held_back_from_the_shop(name: str) -> None:
    """Some units stay for the people in the store: the shop shows fewer, the stores keep all."""
    buffers, left = BUFFERS[name]
    world = World(settings=replace(TEST_SETTINGS, opening="square"))
    mug = world.simple("mug", 10, categories=["Kitchen"])
    receive(world, square_item(world, "Product mug", "mug")["mug"], 10)
    in_step(world)
    if name == "for a store":
        buffers = Buffers(0, by_store={world.stores[0]: 1})
    world.use(buffers=buffers)
    _look_again(world)
    world.quiet()
    assert both(world, mug) == (left, 10)
    world.buy(mug, 2)
    world.sell(world.twin(mug))
    world.quiet()
    assert both(world, mug) == (left - 3, 7)


def _look_again(world: World) -> None:
    """Settings are read at a start; a start looks at every number again."""
    with world.db.transaction() as conn:
        conn.exec_driver_sql("UPDATE stock SET dirty = 1")


def test_a_store_that_does_not_sell_online_is_not_counted_in() -> None:
    """Five mugs lie in the outlet, which serves nobody online."""
    world = World()
    first, second, outlet = world.stores
    world.use(stores=(StoreSetting(first), StoreSetting(second), StoreSetting(outlet, online=False)))
    mug = world.simple("mug", 10)
    in_step(world)
    receive(world, world.twin(mug), 5, 2)
    witness = Witness(world, online=(first, second))
    world.sell(world.twin(mug), 1, store=2)
    world.sell(world.twin(mug), 1, store=0)
    world.buy(mug)
    world.quiet()
    assert world.woo_stock(mug) == 8
    assert not witness.faults()


@pytest.mark.parametrize(("policy", "shop", "stores"), [("apply", 14, 14), ("revert", 10, 10), ("report", 14, 10)])
def test_a_hand_edit_in_the_shop_follows_the_retailers_choice(policy: Any, shop: int, stores: int) -> None:
    """Staff type 14 over 10: applied at Square, taken back, or only reported."""
    world = World(settings=replace(TEST_SETTINGS, staff_edits=policy))
    mug = world.simple("mug", 10)
    in_step(world)
    world.woo.acts["staff_set_stock"](mug, 14)
    world.quiet()
    assert both(world, mug) == (shop, stores)
    assert len(questions(world, "staff_edit")) == (1 if policy == "report" else 0)


@pytest.mark.parametrize(("word", "number"), [("apply", 13), ("revert", 9)])
def test_a_reported_hand_edit_is_settled_by_its_answer_though_trade_went_on(word: str, number: int) -> None:
    """The question waits for a day, a shopper buys one meanwhile; the answer counts from then on."""
    world = World(settings=replace(TEST_SETTINGS, staff_edits="report"))
    mug = world.simple("mug", 10)
    in_step(world)
    world.woo.acts["staff_set_stock"](mug, 14)
    world.quiet()
    world.buy(mug)
    world.quiet()
    answer(world, "staff_edit", word)
    world.quiet()
    assert both(world, mug) == (number, number)
    assert not questions(world)


@pytest.mark.parametrize(("truth", "number"), [("woo", 6), ("square", 9)])
def test_two_different_numbers_are_asked_about_and_nothing_is_written_before(truth: str, number: int) -> None:
    """First contact: the shop says 6, the stores 9. Nobody guesses."""
    world = World(settings=replace(TEST_SETTINGS, opening="ask"))
    mug = world.simple("mug", 6)
    twin = square_item(world, "Product mug", "mug")["mug"]
    receive(world, twin, 9)
    in_step(world)
    assert both(world, mug) == (6, 9)
    answer(world, "opening", truth)
    world.quiet()
    assert both(world, mug) == (number, number)


def test_variations_of_one_product_keep_their_own_numbers() -> None:
    """Two sizes, one sold online and one at a till."""
    world = World()
    shirt = variable(world, "Shirt", {"shirt-s": 5, "shirt-l": 5})
    in_step(world)
    witness = Witness(world)
    world.buy(shirt["shirt-s"], 2)
    world.sell(world.twin(shirt["shirt-l"]), 3)
    world.quiet()
    assert [world.woo_stock(one) for one in (shirt["shirt-s"], shirt["shirt-l"])] == [3, 2]
    assert not witness.faults()
