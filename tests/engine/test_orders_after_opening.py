"""Orders placed right after the opening count belong to orders, not to the staff."""

from __future__ import annotations

from tests.world import World


def test_an_order_in_the_second_of_the_opening_count_is_carried_as_an_order() -> None:
    world = World()
    world.clock.advance(0.4)
    mug = world.simple("MUG", stock=10)
    world.sync(full=True)  # the opening count is taken at .4 of a second
    world.clock.advance(0.3)  # the shop tells the order's time in whole seconds: it seems older than the opening
    world.buy(mug, 2)
    world.sync()
    references = [e.detail["reference_id"] for e in world.square.journal if e.kind == "sale"]
    assert [reference.startswith("bridge:order:") for reference in references] == [True]
    assert world.on_hand(world.twin(mug)) == 8


def test_a_shop_whose_clock_is_behind_loses_no_cause() -> None:
    world = World()
    world.woo.clock.advance(-300)
    mug = world.simple("MUG", stock=10)
    world.sync(full=True)
    world.buy(mug, 2)
    world.quiet(full=False)
    assert [e.kind for e in world.square.journal if e.actor.startswith("api:")] == ["count", "sale"]
    assert world.on_hand(world.twin(mug)) == 8
