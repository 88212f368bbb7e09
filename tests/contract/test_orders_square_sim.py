"""Orders, payments, refunds and people at the simulated Square, every request checked against Square's schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bridge.clock import VirtualClock
from bridge.domain.customer import Person, square_fields
from bridge.domain.fulfillment import fulfillment_of
from bridge.domain.hours import hours_of_square, is_open
from bridge.domain.mirror import Mirrored, MirrorInto, mirror
from bridge.domain.place import store_place
from bridge.domain.refund import RefundFact, marked_reason, origin_in
from bridge.errors import RemoteRefused
from bridge.remotes.calls import Caller
from bridge.remotes.classify import classify_square
from bridge.remotes.orders_port import (
    SquareOrderSide,
    SquarePaymentSide,
    SquarePeopleSide,
    TillOrder,
    TillPayment,
    TillRefund,
)
from bridge.remotes.pace import Pace
from bridge.remotes.port import Done, Outcome, Refused, Unknown
from bridge.remotes.square.orders import SquareOrders
from bridge.remotes.square.payments import SquarePayments
from bridge.remotes.square.people import SquarePeople
from bridge.remotes.square.read import SquareReader
from bridge.sim.kernel.direct import InProcessSquare
from bridge.sim.square.account import FakeSquare
from tests.contract.square.schema import CheckedSquare
from tests.orders.generator import OrderShop

TOKEN = "sandbox-square-token"
VERSIONS = ("2025-08-20", "2026-09-16")
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
BILLING = {
    "first_name": "Carol",
    "last_name": "Doe",
    "email": "carol@example.test",
    "phone": "2125550199",
    "country": "US",
}


class Till:
    """A seller behind the schema check, and the clients on it."""

    def __init__(self, version: str) -> None:
        self.seller = FakeSquare()
        self.checked = CheckedSquare(self.seller)
        hands = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))
        pace = Pace(hands, rate=float("inf"))
        caller = Caller(InProcessSquare(self.checked, TOKEN, version), pace, hands, classify_square, side="Square")
        self.orders, self.payments = SquareOrders(caller, version=version), SquarePayments(caller, version=version)
        self.people = SquarePeople(caller, version=version)
        self.reader = SquareReader(caller, version=version)
        self.places = list(self.seller.state.locations)
        self.seller.seed_catalog(3, quantity=20)
        catalog = self.seller.state.catalog
        self.variations = [v for v in catalog.objects if catalog.variation(v) is not None]

    def order(self, key: str = "k1", total: int = 1500, **more: Any) -> TillOrder:
        line = {
            "uid": "product-48",
            "quantity": "1",
            "catalog_object_id": self.variations[0],
            "base_price_money": {"amount": total, "currency": "USD"},
        }
        body = {"location_id": self.places[0], "reference_id": "woo-97", "line_items": [line], **more}
        made = done(self.orders.create(body, key))
        assert isinstance(made, TillOrder)
        return made

    def pickup(self) -> dict[str, Any]:
        ready = self.seller.clock.now() + timedelta(hours=2)
        made = fulfillment_of({"id": 97, "billing": BILLING}, "PICKUP", ready=ready, prepare=timedelta(hours=1))
        assert made is not None
        return made


@pytest.fixture(params=VERSIONS)
def till(request: pytest.FixtureRequest) -> Iterator[Till]:
    made = Till(str(request.param))
    yield made
    made.checked.assert_clean()


def done(outcome: Outcome) -> Any:
    assert isinstance(outcome, Done), outcome
    return outcome.answer


def test_the_clients_are_what_the_engine_asks_for(till: Till) -> None:
    orders: SquareOrderSide = till.orders
    payments: SquarePaymentSide = till.payments
    people: SquarePeopleSide = till.people
    assert orders.order("nope") is None and payments.payment("nope") is None and payments.refund("nope") is None
    assert people.customer("nope") is None and orders.orders(["nope"]) == []


def test_an_order_made_with_a_key_exists_once_and_is_found_by_its_reference(till: Till) -> None:
    first, again = till.order(), till.order()
    assert first.order_id == again.order_id and (first.total, first.paid, first.version) == (1500, False, 1)
    found = till.orders.find_created(till.places[0], "woo-97", SINCE)
    assert found is not None and found.order_id == first.order_id
    assert till.orders.find_created(till.places[0], "woo-98", SINCE) is None
    other = till.orders.create({"location_id": till.places[0]}, "k1")
    assert isinstance(other, Unknown)


def test_an_order_paid_elsewhere_gives_its_stock_and_its_fulfillment_moves_to_the_end(till: Till) -> None:
    before = till.seller.state.inventory.on_hand(till.variations[0], till.places[0])
    order = till.order(fulfillments=[till.pickup()])
    assert order.fulfillment == ("handover", "PICKUP", "PROPOSED")
    payment = done(till.payments.pay_external(order, "Credit card (Stripe)", "woo-97", "p1"))
    assert isinstance(payment, TillPayment) and (payment.amount, payment.kind) == (1500, "EXTERNAL")
    assert done(till.payments.pay_external(order, "Credit card (Stripe)", "woo-97", "p1")) == payment
    assert till.seller.state.inventory.on_hand(till.variations[0], till.places[0]) == before - Decimal(1)
    stale = till.orders.move_fulfillment(order, "PREPARED", "m0")
    assert isinstance(stale, Refused) and stale.conflict
    for state, key in (("PREPARED", "m1"), ("COMPLETED", "m2")):
        order = read(till, order)
        done(till.orders.move_fulfillment(order, state, key))
    order = read(till, order)
    assert (order.state, order.fulfillment[2], order.paid) == ("COMPLETED", "COMPLETED", True)


def read(till: Till, order: TillOrder) -> TillOrder:
    found = till.orders.order(order.order_id)
    assert found is not None
    return found


@pytest.mark.parametrize(("pay", "state"), [(True, "COMPLETED"), (False, "CANCELED")])
def test_a_cancelled_fulfillment_ends_its_order_paid_or_not(till: Till, pay: bool, state: str) -> None:
    order = till.order(fulfillments=[till.pickup()])
    if pay:
        done(till.payments.pay_external(order, "Card", "woo-97", "p1"))
    done(till.orders.move_fulfillment(read(till, order), "CANCELED", "m1"))
    assert (read(till, order).state, read(till, order).fulfillment[2]) == (state, "CANCELED")


def test_an_order_of_nothing_is_closed_without_a_payment(till: Till) -> None:
    order = till.order(total=0)
    assert done(till.payments.pay_external(order, "Coupon", "woo-97", "p1")) is None
    assert (read(till, order).state, read(till, order).paid) == ("COMPLETED", True)
    waiting = till.order("k2", total=0, fulfillments=[till.pickup()])
    done(till.payments.pay_external(waiting, "Coupon", "woo-97", "p2"))
    done(till.orders.move_fulfillment(read(till, waiting), "COMPLETED", "m1"))
    assert read(till, waiting).state == "COMPLETED"


def test_till_sales_and_returns_are_found_by_update_time_and_cannot_be_updated(till: Till) -> None:
    till.order()
    mark = till.seller.clock.now()
    till.seller.clock.advance(600)
    lines = [{"variation_id": till.variations[0], "quantity": "2"}]
    sold = till.seller.acts["sell"](till.places[1], lines, note="web order 12")
    till.seller.acts["return_items"](till.places[2], sold["order_id"], [{**lines[0], "quantity": "1"}])
    late = till.seller.acts["sell"](till.places[1], lines, offline_hours=70)
    found = [row for rows in till.orders.changed(till.places, mark + timedelta(minutes=5)) for row in rows]
    assert len(found) == 3 and late["order_id"] in {row.order_id for row in found}
    sale = next(row for row in found if row.order_id == sold["order_id"])
    assert (sale.version, sale.paid, sale.source) == (None, True, "Square Point of Sale")
    back = next(row for row in found if row.returns_of)
    assert back.returns_of == (sold["order_id"],)
    assert isinstance(till.orders.move_fulfillment(sale, "PREPARED", "m1"), Refused)
    paid = [row for rows in till.payments.changed(till.places, mark) for row in rows]
    assert {row.order_id: row.note for row in paid}[sold["order_id"]] == "web order 12"
    refunds = [row for rows in till.payments.refunds_changed(mark) for row in rows]
    assert [(row.payment_id, row.store_id, row.order_id) for row in refunds] == [
        (sold["payment_id"], till.places[2], back.order_id)
    ]


@pytest.mark.parametrize("price", [100, 1500, 4000])
@pytest.mark.parametrize("refunded", ["net", "whole"])
def test_an_exchange_is_one_order_with_a_sale_and_a_return(till: Till, price: int, refunded: str) -> None:
    till.seller.acts["switch_selling"](exchange_refund=refunded)
    sold = till.seller.acts["sell"](till.places[1], [{"variation_id": till.variations[0], "quantity": "1"}])
    mark = till.seller.clock.now()
    till.seller.clock.advance(600)
    back = [{"order_id": sold["order_id"], "variation_id": till.variations[0], "quantity": "1"}]
    out = [{"variation_id": till.variations[1], "quantity": "1", "price": price}]
    made = till.seller.acts["exchange"](till.places[2], back, out, note="web order 12")
    [order] = [row for rows in till.orders.changed(till.places, mark + timedelta(minutes=5)) for row in rows]
    assert (order.order_id, order.version, order.total) == (made["order_id"], None, price)
    assert order.returns_of == (sold["order_id"],) and len(order.raw["line_items"]) == 1
    assert order.raw["net_amount_due_money"]["amount"] == 0 and order.state == "COMPLETED"
    refunds = [row for rows in till.payments.refunds_changed(mark) for row in rows]
    assert [row.order_id for row in refunds] == ([order.order_id] if made["refund_id"] else [])
    changes = [row for rows in till.reader.changes(updated_after="2020-01-01T00:00:00Z") for row in rows]
    kinds = sorted((one.kind, one.quantity) for one in changes if one.store_id == till.places[2])
    assert ("return", Decimal(1)) in kinds and ("sale", Decimal(-1)) in kinds


def test_many_changed_orders_come_page_by_page_each_once(till: Till) -> None:
    for _ in range(7):
        till.seller.acts["sell"](till.places[0], [{"quantity": "1", "price": 100}])
    mine = [row for rows in till.orders.changed(till.places * 2, SINCE) for row in rows]
    assert len(mine) == len({row.order_id for row in mine}) == 7
    assert [row.updated_at for row in mine] == sorted(row.updated_at for row in mine)


def test_a_refund_is_recorded_once_with_its_origin_and_never_above_the_rest(till: Till) -> None:
    order = till.order()
    payment = done(till.payments.pay_external(order, "Card", "woo-97", "p1"))
    reason = marked_reason(RefundFact("woo", "273", 500, reason="damaged"))
    refund = done(till.payments.refund_payment(payment.payment_id, 500, "USD", reason, "r1"))
    assert isinstance(refund, TillRefund) and refund == done(
        till.payments.refund_payment(payment.payment_id, 500, "USD", reason, "r1")
    )
    assert (refund.amount, refund.status, origin_in(refund.reason)) == (500, "COMPLETED", "woo:273")
    seen = till.payments.refund(refund.refund_id)
    paid = till.payments.payment(payment.payment_id)
    assert seen is not None and paid is not None and (seen.order_id, paid.refunded) == (refund.order_id, 500)
    more = till.payments.refund_payment(payment.payment_id, 1001, "USD", reason, "r2")
    assert isinstance(more, Refused) and more.code == "REFUND_AMOUNT_INVALID"


def test_calculating_writes_nothing_and_refusals_are_told(till: Till) -> None:
    line = {"name": "Cap", "quantity": "2", "base_price_money": {"amount": 333, "currency": "USD"}}
    priced = till.orders.calculate({"location_id": till.places[0], "line_items": [line]})
    assert priced["total_money"]["amount"] == 666 and not till.seller.state.orders
    with pytest.raises(RemoteRefused):
        till.orders.calculate({"location_id": "nowhere"})


def test_mirrors_of_real_orders_keep_to_squares_schema_and_arrive_at_their_total(till: Till) -> None:
    for seed in range(3):
        shop = OrderShop(3_000_001 + seed)  # shops that sell in dollars, as the till does
        known = dict(zip(map(str, shop.products), till.variations, strict=False))
        for n in range(8):
            raw = shop.order() | {"billing": BILLING, "customer_note": "ring the bell"}
            fulfillments = {"fulfillments": [till.pickup()], "metadata": {"woo_order": str(raw["id"])}}
            into = MirrorInto(till.places[0], "USD", 2, known, more=fulfillments)
            made = mirror(raw, into, till.orders.calculate)
            if raw["total"].startswith("-"):
                continue
            assert isinstance(made, Mirrored), made
            order = done(till.orders.create(made.order, f"k-{seed}-{n}"))
            assert order.total == made.total == int(raw["total"].replace(".", ""))
            payment = done(till.payments.pay_external(order, "Card", "woo", f"p-{seed}-{n}"))
            assert (payment is None) == (order.total == 0)


# -- people and places ------------------------------------------------------------------
def test_people_are_found_by_exact_address_number_and_reference(till: Till) -> None:
    carol = Person("7", "Carol", "Doe", "Carol@Example.test", "(212) 555-0199", "US")
    made = done(till.people.create(square_fields(carol, reference="woo-7"), "c1"))
    assert done(till.people.create(square_fields(carol, reference="woo-7"), "c1"))["id"] == made["id"]
    for found in (
        till.people.by_email("carol@example.test"),
        till.people.by_phone("+12125550199"),
        till.people.by_reference("woo-7"),
    ):
        assert [row["id"] for row in found] == [made["id"]]
    assert till.people.by_email("") == [] and till.people.by_phone("+4930901820") == []
    changed = done(till.people.update(made["id"], {"phone_number": None, "given_name": "Caroline"}))
    assert changed["given_name"] == "Caroline" and "phone_number" not in changed
    assert made["preferences"] == {"email_unsubscribed": False}


def test_erasing_a_customer_twice_is_as_good_as_once(till: Till) -> None:
    made = done(till.people.create({"given_name": "Bob"}, "c1"))
    assert isinstance(till.people.delete(made["id"]), Done)
    assert till.people.customer(made["id"]) is None
    assert isinstance(till.people.delete(made["id"]), Done)


def test_locations_become_stores_with_hours_and_pickup_places(till: Till) -> None:
    periods = [{"day_of_week": "MON", "start_local_time": "09:00:00", "end_local_time": "17:00:00"}]
    first = till.seller.state.locations[till.places[0]]
    till.seller.state.locations[till.places[0]] = {**first, "business_hours": {"periods": periods}, "timezone": "UTC"}
    till.seller.acts["deactivate_location"](till.places[1])
    stores = {store.store_id: store for store in till.reader.stores()}
    raws = {one: {"id": one, "name": store.name, **store.raw} for one, store in stores.items()}
    hours = hours_of_square(raws[till.places[0]]["business_hours"], stores[till.places[0]].timezone)
    assert is_open(hours, datetime(2026, 11, 23, 9, tzinfo=UTC)) and not is_open(
        hours, datetime(2026, 11, 23, 17, tzinfo=UTC)
    )
    places = {one: store_place(raw, hours, enabled=one != till.places[2]) for one, raw in raws.items()}
    assert [places[place].enabled for place in till.places] == [True, False, False]
    assert "Mon 09:00-17:00" in places[till.places[0]].details
