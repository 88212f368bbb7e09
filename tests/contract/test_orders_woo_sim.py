"""What the bridge writes to the simulated shop's orders, pickup places and customers, and how it finds it again."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from bridge.clock import VirtualClock
from bridge.domain.customer import shop_person
from bridge.domain.place import PlaceMap, StorePlace, pickup_of, plan_places, store_of, unmapped
from bridge.domain.refund import RefundFact, RefundLine, shop_refund, shop_refund_body, to_carry
from bridge.errors import AccessRefused
from bridge.remotes.calls import Caller
from bridge.remotes.classify import classify_woo
from bridge.remotes.orders_port import WooOrderSide, WooPeopleSide, WooPlaceSide
from bridge.remotes.pace import Pace
from bridge.remotes.port import Call, Done, NoReply, Outcome, Refused, Reply, Transport, Unknown
from bridge.remotes.woo.orders import WooOrders
from bridge.remotes.woo.people import WooPeople
from bridge.remotes.woo.places import WooPlaces
from bridge.sim.kernel.direct import InProcessWoo
from bridge.sim.woo.shop import DEFAULT_ADMIN, DEFAULT_KEY, FakeWoo

SINCE = datetime(2020, 1, 1, tzinfo=UTC)


def caller(transport: Transport) -> Caller:
    hands = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))
    return Caller(transport, Pace(hands, rate=float("inf")), hands, classify_woo, side="WooCommerce")


class Front:
    """A shop with one product and an order, and the clients on it."""

    def __init__(self) -> None:
        self.shop = FakeWoo()
        self.lost = Losing(InProcessWoo(self.shop, DEFAULT_KEY.key, DEFAULT_KEY.secret))
        self.caller = caller(self.lost)
        admin = caller(InProcessWoo(self.shop, DEFAULT_ADMIN.user, DEFAULT_ADMIN.password))
        self.orders, self.people = WooOrders(self.caller), WooPeople(self.caller)
        self.places = WooPlaces(self.caller, admin)
        row = {"name": "Mug", "sku": "MUG", "regular_price": "10.00", "manage_stock": True, "stock_quantity": 20}
        [self.mug] = self.shop.acts["seed"]([row])
        self.order_id = str(self.shop.acts["checkout"]([{"id": self.mug, "quantity": 3}], paid=True)["order_id"])

    @property
    def raw(self) -> dict[str, Any]:
        found: dict[str, Any] = self.caller.read(Call("GET", f"wc/v3/orders/{self.order_id}"))
        return found

    def stock(self) -> int:
        return int(self.shop.state.items[self.mug].stock or 0)


class Losing:
    """A transport that loses the answer of the next ``lose`` writes, after they happened."""

    def __init__(self, inner: Transport) -> None:
        self.inner, self.lose, self.instead = inner, 0, None

    def send(self, call: Call) -> Reply:
        reply = self.inner.send(call)
        if call.method != "GET" and self.lose:
            self.lose -= 1
            if self.instead is not None:
                return self.instead
            raise NoReply("no answer in time", sent=True)
        return reply

    instead: Reply | None


@pytest.fixture
def front() -> Front:
    return Front()


def done(outcome: Outcome) -> Any:
    assert isinstance(outcome, Done), outcome
    return outcome.answer


def test_the_clients_are_what_the_engine_asks_for(front: Front) -> None:
    orders: WooOrderSide = front.orders
    places: WooPlaceSide = front.places
    people: WooPeopleSide = front.people
    assert orders.key_on("999999") == ("", "") and people.customer("999999") is None
    assert places.pickup_list() is not None


# -- status and notes -------------------------------------------------------------------
def test_a_status_leaves_our_key_by_which_a_lost_answer_is_found(front: Front) -> None:
    assert done(front.orders.set_status(front.order_id, "completed", "k1"))["status"] == "completed"
    assert front.orders.key_on(front.order_id) == ("completed", "k1")
    front.lost.lose = 1
    assert isinstance(front.orders.set_status(front.order_id, "cancelled", "k2"), Unknown)
    assert front.orders.key_on(front.order_id) == ("cancelled", "k2") and front.stock() == 20
    wrong = front.orders.set_status(front.order_id, "no-such-status", "k3")
    assert isinstance(wrong, Refused) and not wrong.gone
    gone = front.orders.set_status("999999", "completed", "k4")
    assert isinstance(gone, Refused) and gone.gone


def test_notes_are_found_by_their_text(front: Front) -> None:
    assert not front.orders.has_note(front.order_id, "Ready.")
    front.lost.lose = 1
    assert isinstance(front.orders.add_note(front.order_id, "Ready.", customer=True), Unknown)
    assert front.orders.has_note(front.order_id, "Ready.")
    assert done(front.orders.add_note(front.order_id, "Handed over.", customer=False))["customer_note"] is False


# -- refunds ----------------------------------------------------------------------------
def till_refund(amount: int, quantity: int, line: str, number: str = "r1") -> RefundFact:
    return RefundFact("square", number, amount, (RefundLine(line, Decimal(quantity), amount),))


@pytest.mark.parametrize(("restock", "stock"), [(True, 18), (False, 17)])
def test_a_till_refund_is_recorded_with_or_without_its_goods(front: Front, restock: bool, stock: int) -> None:
    line = str(front.raw["line_items"][0]["id"])
    body = shop_refund_body(till_refund(1000, 1, line), front.raw, 2, key="k1", restock=restock)
    made = done(front.orders.create_refund(front.order_id, body))
    assert (made["amount"], made["refunded_payment"], front.stock()) == ("10.00", False, stock)
    [seen] = [shop_refund(row, 2) for row in front.orders.refunds(front.order_id)]
    assert (seen.origin, seen.amount, seen.lines) == ("square:r1", 1000, (RefundLine(line, Decimal(1), 1000),))
    facts = [till_refund(1000, 1, line), seen]
    assert to_carry(facts, (), paid_at_square=3000, total_in_shop=3000) == []


def test_a_lost_refund_is_found_again_even_when_its_meta_never_came(front: Front) -> None:
    body = shop_refund_body(till_refund(1000, 0, "0"), front.raw, 2, key="k1", restock=False)
    front.lost.lose = 1
    assert isinstance(front.orders.create_refund(front.order_id, body), Unknown)
    found = front.orders.find_refund(front.order_id, body)
    assert found is not None and found["amount"] == "10.00"
    refund = front.shop.state.refunds[found["id"]]
    refund.meta.clear()
    assert front.orders.find_refund(front.order_id, body) is not None
    other = shop_refund_body(till_refund(1000, 0, "0", "r2"), front.raw, 2, key="k2", restock=False)
    assert front.orders.find_refund(front.order_id, other) is None


def test_a_refund_the_shop_refuses_is_refused_and_one_that_failed_after_the_fact_is_done(front: Front) -> None:
    too_much = shop_refund_body(till_refund(999_00, 0, "0"), front.raw, 2, key="k1", restock=False)
    refused = front.orders.create_refund(front.order_id, too_much)
    assert isinstance(refused, Refused) and "Invalid refund amount" in refused.message
    assert front.orders.refunds(front.order_id) == []
    said = {"code": "woocommerce_rest_cannot_create_order_refund", "message": "plugin broke", "data": 500}
    front.lost.instead = Reply(500, {"content-type": "application/json"}, orjson.dumps(said))
    front.lost.lose = 1
    body = shop_refund_body(till_refund(1000, 0, "0"), front.raw, 2, key="k2", restock=False)
    assert done(front.orders.create_refund(front.order_id, body))["amount"] == "10.00"
    front.lost.instead = Reply(500, {"content-type": "text/html"}, b"<html>")
    front.lost.lose = 1
    third = shop_refund_body(till_refund(100, 0, "0", "r3"), front.raw, 2, key="k3", restock=False)
    assert isinstance(front.orders.create_refund(front.order_id, third), Unknown)


# -- orders of our own --------------------------------------------------------------------
def test_a_till_sale_is_written_as_an_order_of_our_own_and_found_by_its_key(front: Front) -> None:
    fields = {"created_via": "bridge-till", "fee_lines": [{"name": "Till sale", "total": "5.00"}], "set_paid": True}
    front.lost.lose = 1
    assert isinstance(front.orders.create_order(fields, "k1"), Unknown)
    found = front.orders.find_order("bridge-till", "k1", SINCE)
    assert found is not None and found["total"] == "5.00"
    assert front.orders.find_order("bridge-till", "k2", SINCE) is None
    assert done(front.orders.create_order(fields, "k2"))["created_via"] == "bridge-till"
    nameless = front.orders.create_order({"status": "completed"}, "k3")
    assert isinstance(nameless, Refused) and nameless.code == "invalid_value"


# -- places -----------------------------------------------------------------------------
DOWNTOWN = StorePlace("L1", "Downtown Store", {"address_1": "10 Main St", "city": "New York"}, "Ring", True)


def test_pickup_places_are_written_whole_and_keep_what_a_person_added(front: Front) -> None:
    front.shop.acts["set_pickup_locations"]([{"name": "Kiosk", "address": {}, "details": "", "enabled": True}])
    shown = front.places.pickup_list()
    assert shown is not None and shown.enabled
    plan = plan_places(shown.places, [DOWNTOWN])
    assert [row["name"] for row in done(front.places.write_places(plan.places))] == ["Kiosk", "Downtown Store"]
    now = front.places.pickup_list()
    assert now is not None and plan_places(now.places, [DOWNTOWN]).changes == ()
    bought = front.shop.acts["checkout"]([{"id": front.mug, "quantity": 1}], pickup="Downtown Store")
    raw = front.caller.read(Call("GET", f"wc/v3/orders/{bought['order_id']}"))
    pickup = pickup_of(raw)
    assert pickup is not None
    found = store_of(pickup, PlaceMap(names={"downtown store": "L1"}))
    assert found is not None and found.store_id == "L1"


def test_without_an_administrators_password_places_are_out_of_reach(front: Front) -> None:
    bare = WooPlaces(front.caller)
    assert bare.pickup_list() is None
    refused = bare.write_places([{"name": "X"}])
    assert isinstance(refused, Refused) and refused.access
    with pytest.raises(AccessRefused):
        WooPlaces(front.caller, front.caller).pickup_list()
    nameless = front.places.write_places([{"name": " "}])
    assert isinstance(nameless, Refused) and nameless.code == "invalid_value"


def test_pickup_methods_of_zones_are_listed_and_unmapped_ones_reported(front: Front) -> None:
    methods = front.places.zone_methods()
    assert [(row["zone_name"], row["method_id"], row["instance_id"]) for row in methods] == [
        ("US", "flat_rate", 1),
        ("US", "local_pickup", 2),
    ]
    assert [pickup.text for pickup in unmapped([], methods, [], PlaceMap())] == ["Local pickup"]
    assert unmapped([], methods, [], PlaceMap(instances={"2": "L1"})) == []


# -- people -----------------------------------------------------------------------------
def test_customers_are_found_by_address_and_guests_are_not_among_them(front: Front) -> None:
    body = {"email": "alice@example.test", "first_name": "Alice", "billing": {"phone": "2125550100", "country": "US"}}
    made = front.caller.write(Call("POST", "wc/v3/customers", body=body))
    number = str(done(made)["id"])
    [found] = front.people.by_email("Alice@example.test")
    assert shop_person(found).remote_id == number and front.people.by_email("") == []
    assert [str(row["id"]) for rows in front.people.customers() for row in rows] == [number]
    known = front.people.customer(number)
    assert known is not None and known["email"] == "alice@example.test"
    assert front.people.by_email("carol@example.test") == [] and shop_person(front.raw).remote_id == ""
