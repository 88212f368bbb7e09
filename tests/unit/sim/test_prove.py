"""The proof itself: it must see every kind of wrong, or its silence would mean nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from bridge.sim.busy_counter import is_pickup
from bridge.sim.order_figures import Books, books, order_figures
from bridge.sim.proof import Opening, Pair, take_opening
from bridge.sim.prove import Proof, prove
from bridge.sim.woo.order_state import Order
from tests.orders.mirror_stage import mirroring, only_order
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


# -- orders at the tills --------------------------------------------------------------------


class Counter:
    """A world that mirrors pickups, with one order for pickup in Bergen that stands at its till."""

    def __init__(self, **how: Any) -> None:
        self.world, [mug] = mirroring("mug", mode="mirror_pickups")
        self.pair = Pair(str(mug), self.world.twin(mug))
        self.opening = take_opening(self.world.woo, self.world.square, [self.pair])
        self.number = self.world.buy(mug, 2, pickup="Bergen", **{"payment": "stripe", "paid": True} | how)
        self.world.quiet()

    @property
    def order(self) -> Order:
        order = self.world.woo.state.orders[self.number]
        assert isinstance(order, Order)
        return order

    def proof(self) -> Proof:
        return prove(self.world.woo, self.world.square, self.opening, window=10, mirrors=is_pickup)

    def books(self, *edited: int) -> Books:
        return books(self.world.square, [self.order], set(edited))

    def hand_over(self) -> None:
        till = only_order(self.world, self.number)
        if till["net_amount_due_money"]["amount"]:
            self.world.square.acts["take_payment"](till["id"])
        self.world.square.acts["fulfillment"](till["id"], "COMPLETED")
        self.world.quiet()

    def give_back(self) -> None:
        till = only_order(self.world, self.number)["id"]
        lines = [{"variation_id": self.pair.square_id, "quantity": "1"}]
        self.world.square.acts["return_items"](self.world.stores[2], till, lines)
        self.world.quiet()


def test_a_pickup_fetched_and_given_back_in_another_store_is_right_and_counted() -> None:
    counter = Counter()
    counter.hand_over()
    counter.give_back()
    proof = counter.proof()
    assert proof.ok and proof.notes == ()
    assert counter.books() == Books(1000, 1000, 0, 0)
    assert order_figures(counter.world.square, [counter.order]) == {
        "pickups": 1, "shipments": 0, "picked_up": 1, "cancelled": 0, "refunds_in_shop": 0, "refunds_at_tills": 1,
        "customer_notes": 0,
    }  # fmt: skip


def test_goods_paid_in_cash_at_the_till_are_sold_by_the_shop_once() -> None:
    counter = Counter(payment="cod", paid=False)
    counter.hand_over()
    proof = counter.proof()
    assert proof.ok and [verdict.truth for verdict in proof.verdicts] == [8]
    counter.world.buy(counter.pair.woo_id, 8)
    assert counter.proof().oversold == 0, "what the till took for the order counted as a sale of its own"


def test_a_till_refund_tampered_with_in_the_shop_is_complained_about() -> None:
    counter = Counter()
    counter.hand_over()
    counter.give_back()
    counter.order.refunds[0].amount = Decimal("9.99")
    proof = counter.proof()
    assert (proof.orders_wrong, proof.ok) == (1, False)
    assert "another amount" in proof.notes[0]
    assert counter.books().apart == 1


def test_a_till_refund_nobody_recorded_in_the_shop_is_complained_about() -> None:
    counter = Counter()
    counter.hand_over()
    counter.give_back()
    counter.order.refunds.clear()
    assert (counter.proof().orders_wrong, counter.books().apart) == (1, 1000)


def test_a_pickup_that_never_reached_the_till_is_complained_about() -> None:
    counter = Counter()
    counter.world.buy(counter.pair.woo_id, 1, pickup="Bergen", payment="stripe", paid=True)
    assert any("not at the tills" in note for note in counter.proof().notes)


def test_a_cancelled_pickup_brings_in_nothing_and_is_counted_as_cancelled() -> None:
    counter = Counter()
    counter.world.woo.acts["cancel_order"](counter.number)
    counter.world.quiet()
    assert counter.proof().ok and counter.books() == Books(0, 0, 0, 0)
    assert order_figures(counter.world.square, [counter.order])["cancelled"] == 1


def test_the_money_of_an_order_edited_at_the_till_is_in_no_sum() -> None:
    counter = Counter()
    counter.world.woo.acts["staff_edit_order_line"](counter.number, counter.order.lines[0].id, 3)
    counter.world.quiet()
    assert counter.books().apart == 1000
    assert counter.books(counter.number) == Books(0, 0, 0, 1)
    assert counter.proof().ok, "its goods were carried, and a person was asked about its money"
