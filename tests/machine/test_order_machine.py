"""Hypothesis drives whole lives of orders; a bounded number of seeded ones runs every time, too.

After every act what may never happen is looked for: one order of the shop twice at the tills, paid twice, or one refund
made twice. At the end everybody rests, and stock, money, handover and refunds must be the truth on both sides (I1-I4,
I14, I15).
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge.sim.order_proof import order_complaints
from tests.machine.order_life import OrderLife, OrderMode
from tests.machine.volume import MIX, run_one

PRODUCT, STORE, PLACE, ORDER = (st.integers(0, high) for high in (1, 2, 2, 5))
SOME, CENTS = st.integers(1, 2), st.integers(1, 900)
SEEDS = range(700_000, 700_009)


class OrderMachine(RuleBasedStateMachine):
    life: OrderLife

    @initialize(mode=st.sampled_from(MIX), places=st.booleans(), sales=st.booleans())
    def begin(self, mode: OrderMode, places: bool, sales: bool) -> None:
        self.life = OrderLife(1, mode, places=places, sales=sales)

    @rule(product=PRODUCT, quantity=SOME, place=PLACE, payment=st.integers(0, 3), lines=st.integers(0, 2))
    def order(self, product: int, quantity: int, place: int, payment: int, lines: int) -> None:
        self.life.order(product, quantity, place, payment, lines)

    @rule(order=ORDER)
    def pay(self, order: int) -> None:
        self.life.pay(order)

    @rule(order=ORDER, how=st.sampled_from(("complete", "cancel", "refund_all", "trash_order")))
    def close(self, order: int, how: str) -> None:
        getattr(self.life, how)(order)

    @rule(order=ORDER, restock=st.booleans())
    def refund(self, order: int, restock: bool) -> None:
        self.life.refund(order, restock)

    @rule(order=ORDER, cents=CENTS, at_till=st.booleans())
    def refund_money(self, order: int, cents: int, at_till: bool) -> None:
        (self.life.give_money_back if at_till else self.life.refund_some_money)(order, cents)

    @rule(order=ORDER, quantity=SOME)
    def edit_order(self, order: int, quantity: int) -> None:
        self.life.edit_order(order, quantity)

    @rule(order=ORDER, step=st.integers(0, 3))
    def step_at_the_till(self, order: int, step: int) -> None:
        self.life.step(order, step)

    @rule(order=ORDER, store=STORE, restock=st.booleans())
    def give_back(self, order: int, store: int, restock: bool) -> None:
        self.life.give_back(order, store, restock)

    @rule(order=ORDER, store=STORE, restock=st.booleans(), words=st.integers(0, 3))
    def give_back_typed(self, order: int, store: int, restock: bool, words: int) -> None:
        self.life.give_back_typed(order, store, restock, words)

    @rule(order=ORDER, product=PRODUCT, store=STORE, restock=st.booleans())
    def exchange(self, order: int, product: int, store: int, restock: bool) -> None:
        self.life.exchange_of_order(order, product, store, restock)

    @rule(place=st.integers(0, 1), how=st.sampled_from(("rename_place", "switch_place", "rename_store")))
    def change_place(self, place: int, how: str) -> None:
        getattr(self.life, how)(place)

    @rule(choice=st.integers(0, 3))
    def answer(self, choice: int) -> None:
        self.life.answer(choice)

    @rule(product=PRODUCT, quantity=SOME, store=STORE)
    def sell(self, product: int, quantity: int, store: int) -> None:
        self.life.sell(product, quantity, store)

    @rule(side=st.integers(0, 1), kind=st.integers(0, 16), skip=st.integers(0, 4), writes_only=st.booleans())
    def something_fails(self, side: int, kind: int, skip: int, writes_only: bool) -> None:
        self.life.fault(side, kind, skip, writes_only)

    @rule(after=st.integers(0, 60))
    def crash_soon(self, after: int) -> None:
        self.life.arm_crash(after)

    @rule(back=st.booleans(), noticed=st.booleans())
    def old_ledger(self, back: bool, noticed: bool) -> None:
        self.life.put_back(noticed) if back else self.life.back_up()

    @rule(seconds=st.sampled_from((1, 90, 700, 4000)))
    def wait(self, seconds: int) -> None:
        self.life.wait(seconds)

    @rule(full=st.booleans())
    def sync(self, full: bool) -> None:
        self.life.sync(full)

    @invariant()
    def nothing_is_ever_there_twice(self) -> None:
        if hasattr(self, "life"):
            world = self.life.world
            everything = {*world.woo.state.orders}
            told = order_complaints(
                world.woo, world.square, self.life.opening, mirrors=lambda _: True, excused=everything
            )
            assert told == []

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.life.calm()
            assert self.life.complaints() == []


OrderMachine.TestCase.settings = settings(
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
TestOrders = OrderMachine.TestCase


@pytest.mark.parametrize("seed", SEEDS)
def test_a_life_of_orders_ends_right(seed: int) -> None:
    assert run_one(seed, "mix")[1] == []
