"""A busy day with a pickup counter: what shop and tills do with online orders after they were placed.

People know what they did: nobody gives more money back on an order than it cost, takes back a unit twice, or fetches
what they cancelled. What one side did and the other has not heard of yet happens all the time.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from bridge.sim.busy_day import Acts, BusyDay
from bridge.sim.proof import Pair
from bridge.sim.square.account import FakeSquare
from bridge.sim.square.order_book import is_paid
from bridge.sim.square.order_states import FULFILLMENT_ENDS
from bridge.sim.woo.order_state import Order, OrderLine
from bridge.sim.woo.shop import FakeWoo

Json = dict[str, Any]
ZERO = Decimal(0)
PAYMENTS: tuple[tuple[str, float], ...] = (("stripe", 0.5), ("cod", 0.32), ("bacs", 0.18))
"""How shoppers pay: by card at once, in cash at the counter or the door, by a transfer that arrives later."""
OPEN = ("processing", "on-hold")
STANDING = (*OPEN, "completed")
"""Statuses of an order that holds its goods and its money."""
AT_LEAST = 2
"""How often each thing happens at the counter before it closes."""
SHIPPING = ("0", "4.90", "7.50")


def is_pickup(order: Order) -> bool:
    """True for an order that is fetched in a store."""
    return any(line.method_id == "pickup_location" for line in order.shipping_lines)


class CounterDay(BusyDay):
    """Draws what happens next, orders' later life included. ``close`` serves whoever still waits to pay."""

    def __init__(self, woo: FakeWoo, square: FakeSquare, pairs: Sequence[Pair], dice: random.Random) -> None:
        super().__init__(woo, square, pairs, dice)
        self.twins = {int(pair.woo_id): pair.square_id for pair in pairs}
        self.coupons = [str(coupon.code) for coupon in woo.state.coupons.values()]
        self.edited: set[int] = set()
        """Pickups whose lines staff changed: a Square order keeps its money once it is made, and a person is asked."""
        self.given: dict[int, Decimal] = defaultdict(Decimal)
        """Money people gave back, by order."""
        self.back: Counter[int] = Counter()
        """Units that were given back, by order line."""
        self.at_tills: set[int] = set()
        """Orders of which a till gave something back."""
        self.pickup_share = 0.25
        self.patience = 100
        """How often an evening still tries to let happen what did not happen yet, and perhaps cannot."""

    def acts(self) -> Acts:
        """What may happen, each with how often."""
        return [*super().acts(), *self.counter()]

    def counter(self) -> Acts:
        """What happens to orders that were placed, beside what any busy day knows."""
        return [
            (4, self.money_arrives),
            (4, self.ship),
            (2, self.begin),
            (5, self.make_ready),
            (9, self.hand_over),
            (2, self.cancel_at_till),
            (3, self.return_order_at_till),
            (2, self.return_by_number),
            (2, self.give_money_back_at_till),
            (1, self.exchange_at_till),
        ]

    # -- the shop -------------------------------------------------------------------------
    def buy_online(self) -> object:
        """A shopper checks out, to fetch it in a store or have it sent."""
        place = self.dice.choice(self.places) if self.dice.random() < self.pickup_share else None
        [payment] = self.dice.choices([name for name, _ in PAYMENTS], [share for _, share in PAYMENTS])
        more: Json = {} if place else {"shipping_cost": self.dice.choice(SHIPPING)}
        if self.coupons and self.dice.random() < 0.3:
            more["coupons"] = [self.dice.choice(self.coupons)]
        return self.order(self.basket(), place, payment, None, **more)

    def money_arrives(self) -> object:
        """A bank transfer comes in."""
        with self.woo.lock:
            return self.woo.acts["pay_order"](self._one(lambda order: order.status == "on-hold").id)

    def ship(self) -> object:
        """A parcel goes out: the order is completed (and paid at the door)."""
        with self.woo.lock:
            order = self._one(lambda order: order.status == "processing" and not is_pickup(order))
            return self.woo.acts["staff_order_status"](order.id, "completed")

    def cancel_order(self) -> object:
        """The shopper changes their mind before anything was handed over or given back at a till."""
        with self.woo.lock, self.square.lock:
            order = self._one(lambda order: order.status in OPEN and order.id not in self.at_tills)
            till = self._at_till(order.id)
            if till is not None and _stage(till) == "COMPLETED":
                raise LookupError("it was fetched already")
            return self.woo.acts["cancel_order"](order.id)

    def refund_order(self) -> object:
        """Staff gives money back on one unit or on the whole order; one time in four the goods are broken."""
        with self.woo.lock:
            order = self._one(lambda order: order.status in STANDING and bool(order.paid) and self._sound(order))
            whole = not self.given[order.id] and self.dice.random() < 0.3
            lines = order.lines if whole else [self._a_line(order)]
            units = {line.id: line.quantity if whole else 1 for line in lines}
            cost = sum((_price(line) * units[line.id] for line in lines), ZERO)
            self._note(order, units, cost)
            asked = [{"id": line, "quantity": n} for line, n in units.items()]
            made = self.woo.acts["staff_refund"](order.id, asked, restock=self.dice.random() < 0.75)
            # the shop rounds half cents of tax its own way
            self.given[order.id] += next(one.amount for one in order.refunds if one.id == made) - cost
            return made

    def change_order_line(self) -> object:
        """Staff adds one to an order's line, which pays for it on its own way."""
        with self.woo.lock:
            order = self._one(lambda order: order.status in OPEN and not self.given[order.id])
            line = self.dice.choice(order.lines)
            self.edited.add(order.id)
            return self.woo.acts["staff_edit_order_line"](order.id, line.id, line.quantity + 1)

    # -- the counter ----------------------------------------------------------------------
    def begin(self) -> object:
        """Staff at the till starts on a pickup."""
        with self.woo.lock, self.square.lock:
            return self.square.acts["fulfillment"](self._waiting("PROPOSED")["id"], "RESERVED")

    def make_ready(self) -> object:
        """Staff at the till has a pickup ready; the shop tells who ordered it."""
        with self.woo.lock, self.square.lock:
            return self.square.acts["fulfillment"](self._waiting("PROPOSED", "RESERVED")["id"], "PREPARED")

    def hand_over(self) -> object:
        """Somebody fetches an order, told that it is ready or just so, and pays for it unless that is done."""
        with self.woo.lock, self.square.lock:
            till = self._waiting("PROPOSED", "RESERVED", "PREPARED")
            if self._untold(till):
                raise LookupError("it is ready, but nobody was told yet")
            return self._fetch(till)

    def _untold(self, till: Json) -> bool:
        """Whether an order is ready at the till and its buyer does not know."""
        order: Order = self.woo.state.orders[_number(till)]
        told = any(note.customer_note for note in order.notes)
        return _stage(till) == "PREPARED" and order.status in OPEN and not told

    def _fetch(self, till: Json) -> object:
        if not is_paid(self.square, till):
            self.square.acts["take_payment"](till["id"])
        return self.square.acts["fulfillment"](till["id"], "COMPLETED")

    def cancel_at_till(self) -> object:
        """Somebody stands at the counter and does not want the order any more."""
        with self.woo.lock, self.square.lock:
            till = self._waiting("PROPOSED", "RESERVED", "PREPARED")
            if self.given[_number(till)]:
                raise LookupError("some of it was given back already")
            self.at_tills.add(_number(till))
            return self.square.acts["fulfillment"](till["id"], "CANCELED")

    # -- money back at a till ---------------------------------------------------------------
    def return_order_at_till(self) -> object:
        """One unit of a fetched order comes back, mostly to another store; the receipt leads to the order."""
        with self.woo.lock, self.square.lock:
            order, till = self._fetched()
            return self._take_back(order, self._another(till["location_id"]), till["id"])

    def return_by_number(self) -> object:
        """One unit of a parcel comes back to a store, whose staff types the order's number."""
        with self.woo.lock, self.square.lock:
            order = self._one(lambda order: order.status == "completed" and not is_pickup(order) and self._sound(order))
            return self._take_back(order, self.dice.choice(self.stores), None)

    def _take_back(self, order: Order, store: str, till_order: str | None) -> object:
        line = self._a_line(order)
        price = _price(line)
        self._note(order, {line.id: 1}, price)
        self.at_tills.add(order.id)
        row = {"variation_id": self.twins[line.variation_id or line.product_id], "quantity": "1"}
        if till_order is None:
            row["price"] = int(price * 100)  # type: ignore[assignment]
        reason = "Return" if till_order else self.dice.choice(("web order {}", "#{}", "Order {}")).format(order.id)
        return self.square.acts["return_items"](
            store, till_order, [row], restock=self.dice.random() < 0.75, reason=reason
        )

    def give_money_back_at_till(self) -> object:
        """A scratch: some money goes back on a fetched order, the goods stay."""
        with self.woo.lock, self.square.lock:
            order, till = self._fetched()
            amount = min(order.total - self.given[order.id], Decimal(self.dice.choice((2, 3, 5))))
            if amount <= 0:
                raise LookupError("all of it was given back")
            self.given[order.id] += amount
            self.at_tills.add(order.id)
            return self.square.acts["refund_amount"](till["tenders"][0]["payment_id"], int(amount * 100), "Scratched")

    def exchange_at_till(self) -> object:
        """Something fetched comes back, and something else goes along in its place."""
        with self.woo.lock, self.square.lock:
            order, till = self._fetched()
            store = self._another(till["location_id"])
            pair = self.some()
            if self.square.state.inventory.on_hand(pair.square_id, store) < 1:
                raise LookupError("not on the shelf")
            self._take_back(order, store, till["id"])
            return self.square.acts["sell"](store, [{"variation_id": pair.square_id, "quantity": "1"}])

    # -- closing time -----------------------------------------------------------------------
    def evening(self) -> bool:
        """Nobody buys any more; the counter serves on. False once every kind of thing happened and nobody waits."""
        acts = self.counter()
        missing = [(weight, act) for weight, act in acts if self.done[act.__name__] < AT_LEAST]
        if missing and self.patience:
            happened = self.let(missing if self.dice.random() < 0.5 else acts)
            # what cannot happen any more is not waited for; what the tills do not show yet may still come
            self.patience -= not happened and not self._awaited()
            return True
        return bool(self.close())

    def _awaited(self) -> bool:
        """Whether a pickup is on its way to its till."""
        with self.woo.lock, self.square.lock:
            orders = map(self.woo.state.orders.__getitem__, self.orders)
            return any(one.status == "processing" and is_pickup(one) and not self._at_till(one.id) for one in orders)

    def close(self) -> int:
        """Awaited money arrives, whoever has still to pay comes and pays; how many cannot yet, for no till knows their
        order, or were not told that it is ready.
        """
        with self.woo.lock, self.square.lock:
            return sum(self._serve_last(self.woo.state.orders[number]) for number in self.orders)

    def _serve_last(self, order: Order) -> bool:
        """Whether somebody has to wait for this order."""
        if order.status == "on-hold":
            self.woo.acts["pay_order" if self.dice.random() < 0.7 else "cancel_order"](order.id)
        if order.status != "processing" or not is_pickup(order):
            return False
        till = self._at_till(order.id)
        if till is None or self._untold(till):
            return True
        if not order.paid and _stage(till) not in FULFILLMENT_ENDS:
            self._fetch(till)
        return False

    # -- small words ------------------------------------------------------------------------
    def _one(self, fits: Callable[[Order], bool]) -> Order:
        orders: dict[int, Order] = self.woo.state.orders
        found = [orders[number] for number in self.orders if fits(orders[number])]
        if not found:
            raise LookupError("there is no such order")
        return self.dice.choice(found)

    def _sound(self, order: Order) -> bool:
        """Whether something of the order can still be given back, and both sides think of the same money."""
        return order.id not in self.edited and any(line.quantity > self.back[line.id] for line in order.lines)

    def _a_line(self, order: Order) -> OrderLine:
        return self.dice.choice([line for line in order.lines if line.quantity > self.back[line.id]])

    def _note(self, order: Order, units: dict[int, int], cost: Decimal) -> None:
        """Remember what is given back on an order: units by line, and money."""
        if self.given[order.id] + cost > order.total:
            raise LookupError("that is more than what is left")
        self.given[order.id] += cost
        self.back.update(units)

    def _at_till(self, number: int) -> Json | None:
        wanted = f"woo-{number}"
        orders = self.square.state.orders.values()
        return next((row for row in orders if row.get("reference_id") == wanted and "version" in row), None)

    def _waiting(self, *stages: str) -> Json:
        """A pickup a till shows in one of these stages, of somebody who still wants it."""
        orders = self.woo.state.orders
        found = [
            row
            for row in self.square.state.orders.values()
            if _stage(row) in stages
            if orders[_number(row)].status in OPEN
        ]
        if not found:
            raise LookupError("nobody waits for that")
        return self.dice.choice(found)

    def _fetched(self) -> tuple[Order, Json]:
        """An order that was handed over, with its order at the till."""
        found = [
            (order, row)
            for row in self.square.state.orders.values()
            if _stage(row) == "COMPLETED" and row.get("tenders")
            if self._sound(order := self.woo.state.orders[_number(row)]) and order.status in STANDING
        ]
        if not found:
            raise LookupError("nothing was fetched yet")
        return self.dice.choice(found)

    def _another(self, store: str) -> str:
        """A store, two times in three another one than ``store``."""
        others = [one for one in self.stores if one != store]
        return self.dice.choice(others) if others and self.dice.random() < 0.67 else store


def _number(till: Json) -> int:
    """The shop's order a Square order stands for."""
    return int(str(till["reference_id"]).removeprefix("woo-"))


def _stage(row: Json) -> str:
    """Where the fulfillment of a Square order is, "" for an order without one."""
    return str(next((one["state"] for one in row.get("fulfillments") or ()), ""))


def _price(line: OrderLine) -> Decimal:
    """What one unit of a line cost, tax included."""
    return ((line.total + line.total_tax) / line.quantity).quantize(Decimal("0.01"))
