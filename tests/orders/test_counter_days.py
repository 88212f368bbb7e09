"""Whole days at the pickup counter, in one process and in virtual time: under faults and restarts they end right."""

from __future__ import annotations

import contextlib
import random

from bridge.errors import BridgeError
from bridge.sim.busy_counter import CounterDay, is_pickup
from bridge.sim.busy_day import peace, trouble
from bridge.sim.demo_shop import set_terms
from bridge.sim.order_figures import books
from bridge.sim.proof import Opening, Pair, take_opening
from bridge.sim.prove import prove
from tests.orders.mirror_stage import mirroring
from tests.world import World

HAPPENED = ("make_ready", "hand_over", "cancel_at_till", "return_order_at_till", "return_by_number", "refund_order")
PLACES = ("Oslo", "Bergen", "Trondheim")


class Street:
    """Eight products in three stores, in step, with the dice that draw what happens."""

    def __init__(self, seed: int) -> None:
        self.world, ids = mirroring(*(f"S{n}" for n in range(8)), stock=25, mode="mirror_pickups", may_split=True)
        world = self.world
        set_terms(world.woo)
        world.woo.acts["set_pickup_locations"](
            [{"name": name, "address": {}, "details": "", "enabled": True} for name in PLACES]
        )
        world.use(places={name.lower(): store for name, store in zip(PLACES, world.stores, strict=True)})
        pairs = [Pair(str(one), world.twin(one)) for one in ids]
        for pair in pairs:
            for store in world.stores[1:]:
                world.square.acts["transfer"](pair.square_id, world.stores[0], store, 6)
        world.quiet()
        self.opening: Opening = take_opening(world.woo, world.square, pairs)
        self.dice = random.Random(seed)
        self.day = CounterDay(world.woo, world.square, pairs, self.dice)
        self.day.pickup_share = 0.6

    def trade(self, passes: int) -> None:
        for _ in range(passes):
            for _ in range(self.dice.choice((1, 1, 2, 5, 10))):
                self.day.step()
                self.world.clock.advance(self.dice.choice((0, 1, 5)))
            if self.dice.random() < 0.1:
                self.world.restart()
            self.look()

    def evening(self) -> bool:
        """Serve until nobody waits; whether everybody was served."""
        for _ in range(200):
            if not self.day.evening():
                return True
            self.world.clock.advance(5)
            self.look()
        return False

    def look(self) -> None:
        self.world.clock.advance(self.dice.choice((0, 1, 10, 60)))
        # a side that is down is tried again in the next pass
        with contextlib.suppress(BridgeError):
            self.world.sync(full=self.dice.random() < 0.2)

    def night(self) -> World:
        peace(self.world.woo, self.world.square)
        for _ in range(3):
            self.world.clock.advance(400)
            self.world.sync(full=True)
        return self.world


def test_a_day_at_the_counter_under_faults_ends_with_every_number_order_and_cent_right() -> None:
    street = Street(15)
    trouble(street.world.woo, street.world.square)
    street.trade(passes=20)
    assert street.evening()
    world = street.night()
    proof = prove(world.woo, world.square, street.opening, window=900, mirrors=is_pickup)
    assert proof.notes == () and proof.ok
    assert books(world.square, list(world.woo.state.orders.values()), street.day.edited).apart == 0
    assert all(street.day.done[name] for name in HAPPENED), street.day.done
    rest = world.sync(full=True)
    assert (rest.writes, rest.waiting) == (0, 0)


def test_people_never_give_back_more_than_an_order_cost_nor_a_unit_twice() -> None:
    street = Street(3)
    street.trade(passes=6)
    street.evening()
    orders = street.world.woo.state.orders
    assert street.day.given
    assert all(0 <= street.day.given[number] <= orders[number].total for number in street.day.given)
    lines = {line.id: line.quantity for order in orders.values() for line in order.lines}
    assert all(back <= lines[line] for line, back in street.day.back.items())
