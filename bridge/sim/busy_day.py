"""A day of trade on both sides at once: shoppers, tills, staff, and a network that fails."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from bridge.sim.kernel.service import BaseService
from bridge.sim.proof import Pair
from bridge.sim.square.account import FakeSquare
from bridge.sim.square.routes import SquareError
from bridge.sim.woo.routes import WooError
from bridge.sim.woo.shop import FakeWoo

NAMES = ("Kari", "Ola", "Ingrid", "Lars", "Astrid", "Nils", "Signe", "Erik")
REFUSED = (LookupError, ValueError, SquareError, WooError)
"""How a simulator says no to a person: sold out, already refunded, not in a state for that."""

Acts = Sequence[tuple[int, Callable[[], object]]]
WRITES = (
    r"/wp-json/wc/v3/(products|orders/\d+)"
    r"|/v2/(inventory/changes/batch-create|catalog/(batch-upsert|object)|payments|refunds|orders(/\w{20,}|$))"
)
LISTINGS = r"/wp-json/wc/v3/orders$|/wp-json/wc-analytics|/v2/(catalog/search|inventory/.*retrieve)"
EVERYTHING = "(?!.*(webhooks|subscriptions))"
FAULTS: tuple[tuple[str, str, str, float, dict[str, Any]], ...] = (
    ("timeout_applied", "PUT|POST", WRITES, 0.07, {}),
    ("timeout_not_applied", "PUT|POST", WRITES, 0.07, {}),
    ("reset_applied", "PUT|POST", WRITES, 0.04, {}),
    ("server_error_applied", "PUT|POST", WRITES, 0.04, {"status": 502}),
    ("html_200_applied", "PUT|POST", WRITES, 0.02, {}),
    ("truncated_json", "PUT|POST", WRITES, 0.02, {}),
    ("server_error", "GET|POST", LISTINGS, 0.02, {"status": 503}),
    ("rate_limited", "GET|POST", LISTINGS, 0.02, {"retry_after": 1}),
    ("timeout_not_applied", "GET|POST", LISTINGS, 0.01, {}),
    ("truncated_json", "GET|POST", LISTINGS, 0.01, {}),
    ("rate_limited", ".*", EVERYTHING, 0.002, {}),
    ("server_error", ".*", EVERYTHING, 0.001, {"status": 502}),
)
"""Fault, methods, path, probability, options: one write in four and one listing in sixteen ends badly.

Readings are spared, because each one that fails costs the demo a second or more of politeness.
"""
HOOK_TROUBLE = {"lose": 0.10, "double": 0.10, "hold": 0.10, "shuffle": 0.3, "forge": 0.02}


def trouble(*services: BaseService) -> None:
    """Switch on everything that may go wrong between the bridge and both sides."""
    for service in services:
        with service.lock:
            for fault, method, path, probability, options in FAULTS:
                service.faults.add(
                    fault, method=method, path=path, times=None, probability=probability, options=options
                )
            for name, value in HOOK_TROUBLE.items():
                setattr(service.deliveries, name, value)
            service.deliveries.hold_seconds = 3.0


def peace(*services: BaseService) -> None:
    """Switch all of it off."""
    for service in services:
        with service.lock:
            service.faults.clear()
            for name in HOOK_TROUBLE:
                setattr(service.deliveries, name, 0.0)
            service.between.clear()


class BusyDay:
    """Draws what happens next. ``step`` lets one thing happen, under the lock of its side."""

    def __init__(self, woo: FakeWoo, square: FakeSquare, pairs: Sequence[Pair], dice: random.Random) -> None:
        self.woo, self.square, self.dice = woo, square, dice
        self.pairs = list(pairs)
        self.stores = list(square.state.locations)
        self.places = [str(place["name"]) for place in woo.state.options["pickup_locations"]]
        self.orders: list[int] = []
        self.sales: list[tuple[str, str, Pair, int]] = []
        self.done: Counter[str] = Counter()
        """How often each act happened, by its name."""
        self._acts = self.acts()

    def acts(self) -> Acts:
        """What may happen, each with how often."""
        return [
            (36, self.buy_online),
            (38, self.sell_at_till),
            (4, self.cancel_order),
            (4, self.refund_order),
            (2, self.change_order_line),
            (4, self.return_at_till),
            (3, self.receive),
            (1, self.throw_away),
            (3, self.transfer),
            (2, self.count_shelf),
            (2, self.edit_in_shop),
            (1, self.edit_price),
            (4, self.race),
        ]

    def step(self) -> bool:
        """Let one thing happen; False when a side said no to it (sold out, nothing to refund)."""
        return self.let(self._acts)

    def let(self, acts: Acts) -> bool:
        """Let one of these happen; False when a side said no to it."""
        [act] = self.dice.choices([act for _, act in acts], [weight for weight, _ in acts])
        try:
            happened = act() is not None
        except REFUSED:
            return False
        self.done[act.__name__] += happened
        return happened

    def some(self) -> Pair:
        """A variation: a fifth of the goods makes four fifths of the trade."""
        few = max(1, len(self.pairs) // 5)
        return self.dice.choice(self.pairs[:few] if self.dice.random() < 0.5 else self.pairs)

    # -- online -------------------------------------------------------------------------
    def buy_online(self) -> object:
        """A shopper checks out one to three different things, picked up or shipped."""
        lines = self.basket()
        place = self.dice.choice(self.places) if self.places and self.dice.random() < 0.4 else None
        paid = self.dice.random() < 0.8
        return self.order(lines, place, "bacs" if not paid else "cod", paid)

    def basket(self) -> list[dict[str, Any]]:
        """One to three different things, one or two of each."""
        basket = {self.some() for _ in range(self.dice.choice((1, 1, 2, 3)))}
        return [
            {"id": int(pair.woo_id), "quantity": self.dice.choice((1, 1, 1, 2))} for pair in sorted(basket, key=str)
        ]

    def order(
        self, lines: list[dict[str, Any]], place: str | None, payment: str, paid: bool | None, **more: Any
    ) -> int:
        """Check a basket out; the order's number. Raises what the shop refuses with."""
        with self.woo.lock:
            made = self.woo.acts["checkout"](lines, pickup=place, payment=payment, paid=paid, **more)
        self.orders.append(int(made["order_id"]))
        return self.orders[-1]

    def _an_order(self) -> int:
        if not self.orders:
            raise LookupError("nobody has ordered yet")
        return self.dice.choice(self.orders)

    def cancel_order(self) -> object:
        """The shopper changes their mind; the goods go back."""
        with self.woo.lock:
            return self.woo.acts["cancel_order"](self._an_order())

    def refund_order(self) -> object:
        """Staff refunds one unit of a line; three times in four the goods are sold again, else they are broken."""
        with self.woo.lock:
            number = self._an_order()
            order = self.woo.state.orders[number]
            if order.status in ("cancelled", "refunded") or not order.lines:
                raise LookupError("nothing left to refund")
            line = self.dice.choice(order.lines)
            restock = self.dice.random() < 0.75
            return self.woo.acts["staff_refund"](number, [{"id": line.id, "quantity": 1}], restock=restock)

    def change_order_line(self) -> object:
        """Staff adds one to an order's line."""
        with self.woo.lock:
            number = self._an_order()
            order = self.woo.state.orders[number]
            if order.status not in ("processing", "on-hold") or not order.lines:
                raise LookupError("the order is closed")
            line = self.dice.choice(order.lines)
            return self.woo.acts["staff_edit_order_line"](number, line.id, line.quantity + 1)

    # -- in the stores --------------------------------------------------------------------
    def sell_at_till(self) -> object:
        """Somebody buys what is there, in one of the stores."""
        pair, store, quantity = self.some(), self.dice.choice(self.stores), self.dice.choice((1, 1, 1, 2))
        with self.square.lock:
            if self.square.state.inventory.on_hand(pair.square_id, store) < quantity:
                raise LookupError("not on the shelf")
            lines = [{"variation_id": pair.square_id, "quantity": str(quantity)}]
            sold = self.square.acts["sell"](store, lines)
        self.sales.append((str(sold["order_id"]), store, pair, quantity))
        return sold

    def return_at_till(self) -> object:
        """A sale comes back, to any store; one in five is broken and not sold again."""
        if not self.sales:
            raise LookupError("nothing was sold yet")
        order, _, pair, quantity = self.sales.pop(self.dice.randrange(len(self.sales)))
        lines = [{"variation_id": pair.square_id, "quantity": str(quantity)}]
        with self.square.lock:
            return self.square.acts["return_items"](
                self.dice.choice(self.stores), order, lines, restock=self.dice.random() < 0.8
            )

    def _at_square(self, act: str, *given: Any) -> object:
        with self.square.lock:
            self.square.acts[act](*given)
            return True

    def receive(self) -> object:
        """A delivery arrives."""
        return self._at_square(
            "receive", self.dice.choice(self.stores), self.some().square_id, self.dice.randint(3, 12)
        )

    def throw_away(self) -> object:
        """One breaks."""
        return self._at_square("waste", self.dice.choice(self.stores), self.some().square_id, 1)

    def transfer(self) -> object:
        """Goods go from one store to another."""
        away, to = self.dice.sample(self.stores, 2)
        return self._at_square("transfer", self.some().square_id, away, to, self.dice.randint(1, 3))

    def count_shelf(self) -> object:
        """Somebody counts and finds a few more or fewer."""
        pair, store = self.some(), self.dice.choice(self.stores)
        with self.square.lock:
            there = int(self.square.state.inventory.on_hand(pair.square_id, store))
            return self.square.acts["count"](store, pair.square_id, max(0, there + self.dice.randint(-2, 2)))

    # -- the shop's staff -----------------------------------------------------------------
    def edit_in_shop(self) -> object:
        """Staff types another number over the shop's stock: a box came, or a box turned out to be empty.

        Only boxes: an edit as small as the orders of the same two seconds, beside a write of the bridge, looks exactly
        like an order that the write overwrote, and nobody can tell them apart from outside the shop.
        """
        with self.woo.lock:
            number, box = int(self.some().woo_id), self.dice.choice((10, 12, 15))
            there = self.woo.state.items[number].stock or 0
            self.woo.acts["staff_set_stock"](number, there - box if there > 2 * box else there + box)
            return True

    def edit_price(self) -> object:
        """Staff changes a price in the shop: a product write of the bridge follows."""
        with self.woo.lock:
            number = int(self.some().woo_id)
            price = float(self.woo.state.items[number].regular_price or "10")
            self.woo.acts["staff_edit_product"](number, {"regular_price": f"{price + self.dice.choice((-1, 1)):.2f}"})
            return True

    def race(self) -> object:
        """A till sells something, and a shopper orders it in the instant the bridge writes the shop's new number."""
        sold = self.sell_at_till()
        pair = self.sales[-1][2]

        def order_in_the_window() -> None:
            try:
                self.order([{"id": int(pair.woo_id), "quantity": 1}], None, "cod", True)
            except REFUSED:
                return

        with self.woo.lock:
            self.woo.between.append(order_in_the_window)
        return sold
