"""The proof of orders: it must see every kind of wrong, or its silence would mean nothing."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import pytest

from bridge.sim.order_proof import order_complaints
from bridge.sim.proof import Opening, Pair, take_opening
from bridge.sim.woo.order_state import Order, Refund
from tests.orders.mirror_stage import at_the_till, mirroring, only_order, refunds
from tests.scenarios.stage import to_square
from tests.world import World


class Judged:
    """A mirroring world in step with one paid pickup order at the till of Bergen."""

    def __init__(self, mode: Any = "mirror", **settings: Any) -> None:
        self.world, [self.mug] = mirroring("mug", mode=mode, **settings)
        self.opening = self._opening()
        self.number = self.buy()

    def _opening(self) -> Opening:
        pair = Pair(str(self.mug), self.world.twin(self.mug))
        return take_opening(self.world.woo, self.world.square, [pair])

    def buy(self, **how: Any) -> int:
        how = {"pickup": "Bergen", "payment": "stripe", "paid": True} | how
        number = self.world.buy(self.mug, 2, **how)
        self.world.quiet()
        return number

    @property
    def order(self) -> Order:
        order = self.world.woo.state.orders[self.number]
        assert isinstance(order, Order)
        return order

    @property
    def till(self) -> dict[str, Any]:
        return only_order(self.world, self.number)

    def complaints(self, *, mirrors: bool = True, excused: Collection[int | str] = ()) -> list[str]:
        return order_complaints(
            self.world.woo, self.world.square, self.opening, mirrors=lambda _: mirrors, excused=excused
        )

    def refund_in_shop(self) -> Refund:
        line = self.order.lines[0].id
        self.world.woo.acts["staff_refund"](self.number, [{"id": line, "quantity": 1}], restock=True)
        return self.order.refunds[-1]

    def refund_at_till(self, reason: str = "Scratched", cents: int = 300) -> str:
        payment = self.till["tenders"][0]["payment_id"]
        return str(self.world.square.acts["refund_amount"](payment, cents, reason=reason)["refund_id"])


@pytest.fixture
def judged() -> Judged:
    return Judged()


def another(world: World, row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A second one of a Square order, as a program without keys would make it."""
    made = row | {"id": f"{row['id']}-again"} | changes
    world.square.state.orders[made["id"]] = made
    return made


def pay_again(world: World, row: dict[str, Any]) -> None:
    payment = world.square.state.payments[row["tenders"][0]["payment_id"]]
    world.square.state.payments["again"] = payment | {"id": "again"}


def test_a_life_of_an_order_that_went_right_is_right(judged: Judged) -> None:
    assert judged.complaints() == []
    judged.refund_in_shop()
    judged.world.quiet()
    judged.refund_at_till()
    judged.world.quiet()
    judged.world.square.acts["fulfillment"](judged.till["id"], "COMPLETED")
    judged.world.quiet()
    assert judged.order.status == "completed" and len(judged.order.refunds) == 2
    assert judged.complaints() == []


def test_an_order_that_is_not_at_the_tills_is_missed_unless_it_was_asked_about_or_never_paid(judged: Judged) -> None:
    number = judged.world.buy(judged.mug, 1, payment="stripe", paid=True)
    judged.world.buy(judged.mug, 1, payment="bacs")
    assert judged.complaints() == [f"Order {number} (processing) is not at the tills."]
    assert judged.complaints(excused=[number]) == []
    judged.world.woo.acts["cancel_order"](number)
    assert judged.complaints() == []


def test_an_order_that_was_there_before_the_opening_is_nobodys_concern(judged: Judged) -> None:
    judged.world.buy(judged.mug, 1, payment="stripe", paid=True)
    judged.opening = judged._opening()
    assert judged.complaints() == []


def test_an_order_carried_from_two_stores_belongs_to_no_single_till() -> None:
    judged = Judged(may_split=True)
    world = judged.world
    world.square.acts["transfer"](world.twin(judged.mug), world.stores[1], world.stores[0], 4)
    world.quiet()
    number = world.buy(judged.mug, 7, payment="stripe", paid=True)
    world.quiet()
    assert not at_the_till(world, number)
    assert judged.complaints() == []


def test_an_order_that_does_not_belong_at_the_tills_is_seen_there(judged: Judged) -> None:
    assert judged.complaints(mirrors=False) == [f"Order {judged.number} is at the tills, where it does not belong."]


def test_a_second_square_order_is_seen_and_never_excused(judged: Judged) -> None:
    again = another(judged.world, judged.till)
    assert judged.complaints(excused=[judged.number]) == [f"Order {judged.number} stands at the tills 2 times."]
    again["state"] = "CANCELED"
    assert judged.complaints() == []


def test_a_second_payment_is_seen_and_never_excused(judged: Judged) -> None:
    pay_again(judged.world, judged.till)
    assert judged.complaints(excused=[judged.number]) == [f"Order {judged.number} was paid 2 times at Square."]


def test_the_till_of_another_store_is_seen(judged: Judged) -> None:
    judged.till["location_id"] = judged.world.stores[0]
    [said] = judged.complaints()
    assert said == f"Order {judged.number} is to be fetched at Bergen, but is at the till of another store."


def test_a_cent_too_much_is_seen_but_not_after_an_edit(judged: Judged) -> None:
    judged.order.total += Decimal("0.01")
    assert judged.complaints() == [f"Order {judged.number} is 2001 in the shop and 2000 at Square."]
    judged.world.woo.acts["staff_edit_order_line"](judged.number, judged.order.lines[0].id, 1)
    assert judged.complaints() == []


def test_a_paid_order_that_is_not_paid_at_square_is_seen(judged: Judged) -> None:
    number = judged.buy(payment="cod", paid=None)
    judged.world.woo.state.orders[number].paid = judged.world.woo.now()  # type: ignore[union-attr]
    assert judged.complaints() == [f"Order {number} is paid in the shop, but not at Square."]


def test_a_payment_of_another_amount_is_seen(judged: Judged) -> None:
    payment = judged.world.square.state.payments[judged.till["tenders"][0]["payment_id"]]
    payment["amount_money"] = payment["amount_money"] | {"amount": 1999}
    assert judged.complaints() == [f"Order {judged.number} is 2000 at Square, but was paid otherwise there."]


@pytest.mark.parametrize(
    ("state", "status"),
    [("COMPLETED", "processing"), ("CANCELED", "processing"), ("PREPARED", "completed"), ("PROPOSED", "cancelled")],
)
def test_states_that_contradict_each_other_are_seen(judged: Judged, state: str, status: str) -> None:
    if state != "PROPOSED":
        judged.world.square.acts["fulfillment"](judged.till["id"], state)
    judged.order.status = status
    assert f"Order {judged.number} is {status} in the shop and {state} at the till." in judged.complaints()


def test_a_cancelled_order_whose_money_was_kept_is_seen(judged: Judged) -> None:
    judged.world.woo.acts["cancel_order"](judged.number)
    said = f"Order {judged.number} is cancelled, but 0 of 2000 was given back."
    assert said in judged.complaints()
    judged.world.quiet()
    assert judged.complaints() == []


def test_a_refund_of_the_shop_that_is_not_at_square_or_twice_or_of_another_amount_is_seen(judged: Judged) -> None:
    refund = judged.refund_in_shop()
    missing = f"The shop's refund {refund.id} of order {judged.number} is not at Square."
    assert judged.complaints() == [missing]
    judged.world.quiet()
    assert judged.complaints() == []
    [made] = refunds(judged.world)
    made["amount_money"] = made["amount_money"] | {"amount": 999}
    assert judged.complaints() == [
        f"The shop's refund {refund.id} of order {judged.number} is another amount at Square."
    ]
    made["amount_money"] = made["amount_money"] | {"amount": 1000}
    judged.world.square.state.refunds["again"] = made | {"id": "again"}
    twice = f"The shop's refund {refund.id} of order {judged.number} was made 2 times at Square."
    assert judged.complaints(excused=[judged.number]) == [twice]


def test_a_refund_of_a_till_that_is_not_in_the_shop_or_twice_or_of_another_amount_is_seen(judged: Judged) -> None:
    given = judged.refund_at_till()
    missing = f"The till's refund {given} of order {judged.number} is not in the shop."
    assert judged.complaints() == [missing]
    assert judged.complaints(excused=[given]) == []
    judged.world.quiet()
    assert judged.complaints() == []
    [recorded] = judged.order.refunds
    recorded.amount = Decimal("3.01")
    assert judged.complaints() == [f"The till's refund {given} is another amount on order {judged.number}."]
    recorded.amount = Decimal("3.00")
    judged.order.refunds.append(recorded)
    twice = f"The till's refund square:{given} was recorded 2 times on order {judged.number}."
    assert judged.complaints(excused=[judged.number]) == [twice]


@pytest.mark.parametrize("words", ["order {}", "#{}", "{}", "web order {}"])
def test_a_refund_with_a_typed_number_belongs_to_that_order(words: str) -> None:
    judged = Judged("stock", till="always")
    world = judged.world
    lines = [{"variation_id": world.twin(judged.mug), "quantity": "1"}]
    reason = words.format(judged.number)
    given = world.square.acts["return_items"](world.stores[2], None, lines, reason=reason)["refund_id"]
    missing = f"The till's refund {given} of order {judged.number} is not in the shop."
    assert judged.complaints(mirrors=False) == [missing]
    world.quiet()
    assert judged.complaints(mirrors=False) == []


def test_refunds_that_came_back_to_where_they_were_made_are_seen(judged: Judged) -> None:
    own = judged.refund_in_shop()
    judged.world.quiet()
    [image] = refunds(judged.world)
    back = Refund(9001, judged.number, judged.world.woo.now(), Decimal("10.00"))
    back.meta.append({"id": 1, "key": "_bridge_origin", "value": f"square:{image['id']}"})
    judged.order.refunds.append(back)
    assert f"The shop's own refund came back from the till to order {judged.number} ({image['id']})." in (
        judged.complaints()
    )
    judged.order.refunds.remove(back)
    given = judged.refund_at_till()
    judged.world.quiet()
    recorded = judged.order.refunds[-1]
    again = judged.world.square.state.refunds[given] | {"id": "echo", "reason": f"Echo [woo:{recorded.id}]"}
    judged.world.square.state.refunds["echo"] = again
    assert own.id != recorded.id
    assert judged.complaints() == [f"The till's own refund came back from order {judged.number} ({recorded.id})."]


def test_a_refund_of_a_till_that_no_till_made_is_seen(judged: Judged) -> None:
    invented = Refund(9001, judged.number, judged.world.woo.now(), Decimal("1.00"))
    invented.meta.append({"id": 1, "key": "_bridge_origin", "value": "square:NONE"})
    judged.order.refunds.append(invented)
    assert judged.complaints() == [f"Order {judged.number} has a refund of a till that no till made (NONE)."]


def test_a_till_sale_that_stands_in_the_shop_twice_is_seen() -> None:
    judged = Judged("stock", till_sales_in_woo=True)
    world = judged.world
    world.sell(world.twin(judged.mug))
    world.quiet()
    assert judged.complaints(mirrors=False) == []
    [made] = [one for one in world.woo.state.orders.values() if getattr(one, "created_via", "") == "bridge-till"]
    world.woo.state.orders[9001] = made
    [said] = judged.complaints(mirrors=False)
    assert said.startswith("The till sale square:") and said.endswith("stands in the shop 2 times.")


def test_an_order_paid_through_squares_own_gateway_does_not_belong_at_the_tills(judged: Judged) -> None:
    judged.order.payment_method, judged.order.transaction_id = "square_credit_card", "SQ1"
    assert judged.complaints() == [f"Order {judged.number} is at the tills, where it does not belong."]


def test_another_programs_order_without_our_reference_is_left_out(judged: Judged) -> None:
    line = {"name": "Cake", "quantity": "1", "base_price_money": {"amount": 500, "currency": "USD"}}
    body = {"location_id": judged.world.stores[0], "line_items": [line]}
    to_square(judged.world.square, "v2/orders", {"idempotency_key": "cake", "order": body})
    assert judged.complaints() == []


@pytest.mark.parametrize("price", [400, 2500], ids=["cheaper", "dearer"])
def test_what_came_back_in_an_exchange_is_missed_in_the_shop_whatever_money_changed_hands(
    judged: Judged, price: int
) -> None:
    world = judged.world
    back = [{"variation_id": world.twin(judged.mug), "quantity": "1", "order_id": judged.till["id"]}]
    out = [{"variation_id": world.twin(judged.mug), "quantity": "1", "price": price}]
    made = world.square.acts["exchange"](world.stores[0], back, out)
    missing = f"The till's refund {made['order_id']} of order {judged.number} is not in the shop."
    assert judged.complaints() == [missing]
    world.quiet()
    assert judged.complaints() == [] and [str(one.amount) for one in judged.order.refunds] == ["10.00"]


def test_what_a_till_gives_after_all_was_given_back_is_the_tills_own_but_a_cent_too_much_of_ours_is_seen(
    judged: Judged,
) -> None:
    world = judged.world
    lines = [{"variation_id": world.twin(judged.mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[2], None, lines, reason=f"order {judged.number}")
    world.quiet()
    world.woo.acts["cancel_order"](judged.number)
    world.quiet()
    judged.refund_at_till()
    world.quiet()
    assert len(judged.order.refunds) == 2 and judged.complaints() == []
    [rest] = [row for row in refunds(world) if "cancelled" in row["reason"]]
    rest["amount_money"] = rest["amount_money"] | {"amount": 1001}
    assert judged.complaints() == [f"Order {judged.number} is cancelled, but 2001 of 2000 was given back."]
