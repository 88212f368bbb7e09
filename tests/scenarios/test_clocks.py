"""Wrong clocks: the bridge's machine or the shop's server is minutes off, is put right, and nothing is passed over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.scenarios.stage import both, in_step
from tests.scenarios.witness import Witness
from tests.world import World


@pytest.mark.parametrize("minutes", [-10, 10])
@pytest.mark.parametrize("full", [False, True])
def test_a_bridge_started_with_a_wrong_clock_still_sees_every_edit_and_order(minutes: int, full: bool) -> None:
    world = World()
    mug = world.simple("mug", 10)
    in_step(world)
    witness = Witness(world)
    world.clock.wrong_by = timedelta(minutes=minutes)
    world.restart()
    world.sync(full=full)
    world.clock.advance(60)
    world.woo.acts["staff_set_stock"](mug, 14)
    world.sync()
    assert both(world, mug) == (14, 14)
    world.clock.advance(60)
    world.buy(mug, 3)
    world.sync()
    assert both(world, mug) == (11, 11)
    assert not witness.faults()


def test_a_clock_that_is_put_right_between_two_answers_moves_no_cursor_ahead() -> None:
    world = World()
    mug = world.simple("mug", 10)
    in_step(world)
    witness = Witness(world)
    world.clock.advance(60)
    world.clock.wrong_by = timedelta(minutes=10)  # an hour change of the machine, say
    world.sync()
    world.clock.advance(60)
    world.buy(mug, 2)
    world.woo.acts["staff_set_stock"](mug, 14)
    world.sync()
    assert both(world, mug) == (14, 14)
    assert not witness.faults()


def test_orders_made_after_the_shops_clock_was_set_back_are_not_passed_over() -> None:
    world = World()
    mug = world.simple("mug", 10)
    in_step(world)
    witness = Witness(world)
    world.woo.clock.advance(3600)  # the shop's server runs an hour ahead
    world.sync()
    world.clock.advance(60)
    world.woo.clock.advance(-3600)
    world.buy(mug, 3)
    for _ in range(2):
        world.clock.advance(60)
        world.sync()
    assert both(world, mug) == (7, 7)
    assert not witness.faults()
