"""The proof itself: it must see every kind of wrong, or its silence would mean nothing."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bridge.sim.proof import Opening, Pair, take_opening
from bridge.sim.prove import Proof, prove
from tests.world import World


@dataclass
class Judged:
    """A world brought in step, with its opening taken."""

    world: World
    pair: Pair
    opening: Opening

    def proof(self, window: float = 10) -> Proof:
        return prove(self.world.woo, self.world.square, self.opening, window=window)


@pytest.fixture
def judged() -> Judged:
    world = World()
    mug = world.simple("MUG", stock=10)
    world.quiet()
    pair = Pair(str(mug), world.twin(mug))
    return Judged(world, pair, take_opening(world.woo, world.square, [pair]))


def test_trade_that_was_carried_over_is_right(judged: Judged) -> None:
    judged.world.buy(judged.pair.woo_id, 2)
    judged.world.sell(judged.pair.square_id)
    judged.world.quiet()
    proof = judged.proof()
    assert proof.ok and proof.notes == ()
    assert [verdict.truth for verdict in proof.verdicts] == [7]


def test_an_order_nobody_carried_over_is_drift_and_lost(judged: Judged) -> None:
    judged.world.buy(judged.pair.woo_id, 2)
    proof = judged.proof()
    assert (proof.drift, proof.lost, proof.ok) == (1, 1, False)


def test_an_order_carried_over_twice_is_a_duplicate(judged: Judged) -> None:
    world = judged.world
    order = world.buy(judged.pair.woo_id, 2)
    world.quiet()
    again(world, judged.pair, -2, f"bridge:order:{order}:1:1@again")
    proof = judged.proof()
    assert (proof.drift, proof.duplicates) == (1, 1)


def test_a_write_without_a_reference_is_unexplained(judged: Judged) -> None:
    again(judged.world, judged.pair, -1, "")
    again(judged.world, judged.pair, +1, "")
    assert judged.proof().unexplained == 2


def test_a_number_the_journal_does_not_know_is_unexplained(judged: Judged) -> None:
    item = judged.world.woo.state.items[int(judged.pair.woo_id)]
    item.stock = 9
    proof = judged.proof()
    assert (proof.drift, proof.unexplained) == (1, 1)


def test_a_product_made_twice_is_a_duplicate(judged: Judged) -> None:
    state = judged.world.woo.state
    state.set_sku(state.items[judged.world.simple("CUP", stock=10)], "mug")
    assert judged.proof().duplicates == 1


def test_selling_what_the_till_sold_long_ago_is_beyond_the_window(judged: Judged) -> None:
    world = judged.world
    world.sell(judged.pair.square_id, 10)
    world.clock.advance(5)
    world.buy(judged.pair.woo_id, 1)
    assert (judged.proof(window=10).oversold, judged.proof(window=10).oversold_beyond_window) == (1, 0)
    assert judged.proof(window=3).oversold_beyond_window == 1


def test_selling_what_is_there_is_not_oversold(judged: Judged) -> None:
    world = judged.world
    world.sell(judged.pair.square_id, 9)
    world.clock.advance(60)
    world.buy(judged.pair.woo_id, 1)
    assert (judged.proof().oversold, judged.proof().oversold_beyond_window) == (0, 0)


def again(world: World, pair: Pair, quantity: int, reference: str) -> None:
    """A program writes to Square's stock through its API key."""
    from bridge.sim.square import inventory

    states = ("IN_STOCK", "WASTE") if quantity < 0 else ("NONE", "IN_STOCK")
    inventory.move(
        world.square,
        pair.square_id,
        world.stores[0],
        *states,
        abs(quantity),
        reference_id=reference or None,
        actor="api:bridge",
    )
