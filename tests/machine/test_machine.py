"""Hypothesis drives whole lives: any order of trade, edits, faults, crashes and set-back ledgers must end right.

After every act the world is checked for what may never happen, even for a moment; at the end everybody rests and both
sides must show the truth (I1, I2, I6-I13, I16, I17: see ``life.complaints``).
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import func, select

from bridge.ledger.schema import movement, outbox
from bridge.sim import proof
from tests.machine.life import Life

PRODUCT, STORE, QUANTITY, ORDER = (st.integers(0, high) for high in (1, 2, 3, 7))
SOME = st.integers(1, 3)


class BusinessMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.life = Life(1)

    @rule(product=PRODUCT, quantity=SOME)
    def buy(self, product: int, quantity: int) -> None:
        self.life.buy(product, quantity)

    @rule(product=PRODUCT, quantity=SOME)
    def buy_two_lines_of_one_product(self, product: int, quantity: int) -> None:
        self.life.buy_both(product, quantity)

    @rule(order=ORDER)
    def cancel(self, order: int) -> None:
        self.life.cancel(order)

    @rule(order=ORDER, restock=st.booleans())
    def refund(self, order: int, restock: bool) -> None:
        self.life.refund(order, restock)

    @rule(order=ORDER, quantity=SOME)
    def edit_order(self, order: int, quantity: int) -> None:
        self.life.edit_order(order, quantity)

    @rule(order=ORDER)
    def trash_order(self, order: int) -> None:
        self.life.trash_order(order)

    @rule(product=PRODUCT, quantity=st.integers(0, 9))
    def type_stock(self, product: int, quantity: int) -> None:
        self.life.type_stock(product, quantity)

    @rule(product=PRODUCT, step=st.integers(0, 3), at_square=st.booleans())
    def reprice(self, product: int, step: int, at_square: bool) -> None:
        (self.life.reprice_at_square if at_square else self.life.reprice_in_shop)(product, step)

    @rule(product=PRODUCT, at_square=st.booleans())
    def rename(self, product: int, at_square: bool) -> None:
        (self.life.rename_at_square if at_square else self.life.rename_in_shop)(product)

    @rule(product=PRODUCT, quantity=SOME, store=STORE)
    def sell(self, product: int, quantity: int, store: int) -> None:
        self.life.sell(product, quantity, store)

    @rule(product=PRODUCT, quantity=SOME, store=STORE, hours=st.integers(1, 23))
    def sell_offline(self, product: int, quantity: int, store: int, hours: int) -> None:
        self.life.sell_offline(product, quantity, store, hours)

    @rule(product=PRODUCT, store=STORE, restock=st.booleans())
    def take_back(self, product: int, store: int, restock: bool) -> None:
        self.life.take_back(product, store, restock)

    @rule(product=PRODUCT, quantity=SOME, store=STORE)
    def receive(self, product: int, quantity: int, store: int) -> None:
        self.life.receive(product, quantity, store)

    @rule(product=PRODUCT, quantity=SOME, store=STORE)
    def transfer(self, product: int, quantity: int, store: int) -> None:
        self.life.transfer(product, quantity, store)

    @rule(product=PRODUCT, quantity=st.integers(0, 6), store=STORE)
    def count(self, product: int, quantity: int, store: int) -> None:
        self.life.count(product, quantity, store)

    @rule(side=st.integers(0, 1), kind=st.integers(0, 16), skip=st.integers(0, 4), writes_only=st.booleans())
    def something_fails(self, side: int, kind: int, skip: int, writes_only: bool) -> None:
        self.life.fault(side, kind, skip, writes_only)

    @rule(product=PRODUCT, quantity=SOME)
    def buy_during_write(self, product: int, quantity: int) -> None:
        self.life.buy_during_write(product, quantity)

    @rule(after=st.integers(0, 40))
    def crash_soon(self, after: int) -> None:
        self.life.arm_crash(after)

    @rule()
    def back_up(self) -> None:
        self.life.back_up()

    @rule(noticed=st.booleans())
    def put_back(self, noticed: bool) -> None:
        self.life.put_back(noticed)

    @rule(seconds=st.sampled_from((1, 20, 90, 4000)))
    def wait(self, seconds: int) -> None:
        self.life.wait(seconds)

    @rule(full=st.booleans())
    def sync(self, full: bool) -> None:
        self.life.sync(full)

    @invariant()
    def nothing_is_ever_made_twice(self) -> None:
        assert proof.doubled_items(self.life.world.square) == {}

    @invariant()
    def one_cause_is_one_movement(self) -> None:
        with self.life.world.db.reading() as conn:
            doubled = conn.execute(
                select(movement.c.cause).group_by(movement.c.side, movement.c.cause).having(func.count() > 1)
            ).all()
        assert doubled == []

    @invariant()
    def one_write_to_a_number_is_under_way(self) -> None:
        with self.life.world.db.reading() as conn:
            busy = conn.execute(
                select(outbox.c.vid)
                .where(outbox.c.kind == "change_stock", outbox.c.state.in_(("due", "sent", "unknown")))
                .group_by(outbox.c.vid)
                .having(func.count() > 1)
            ).all()
        assert busy == []

    def teardown(self) -> None:
        self.life.calm()
        assert self.life.complaints() == []


BusinessMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
TestBusiness = BusinessMachine.TestCase


def test_a_hundred_seeds_end_right_and_one_of_them_happens_the_same_way_twice() -> None:
    from tests.machine.volume import live, run_one

    failed = {seed: wrong for seed, wrong in map(run_one, range(900_000, 900_100)) if wrong}
    assert failed == {}
    assert live(900_001)[1] == live(900_001)[1]
