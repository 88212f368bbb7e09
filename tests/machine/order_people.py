"""People around orders: shoppers who fetch theirs or are sent them, staff who change them, tills that hand over."""

from __future__ import annotations

from typing import Any

from bridge.sim.square.locations import change_location
from bridge.sim.woo.order_state import Order, OrderLine, meta_number
from tests.machine.people import People
from tests.scenarios.stage import to_square

PLACES = ("Oslo", "Bergen")
PAYMENTS = (("stripe", True), ("stripe", True), ("cod", None), ("bacs", None))
LIVE = ("processing", "on-hold", "completed")
STEPS = ("RESERVED", "PREPARED", "COMPLETED", "CANCELED")


class OrderPeople(People):
    """Who trades orders; ``place`` 0 stands for an order that is shipped."""

    given_back: dict[tuple[int, int], int]
    """How many units of an order and product came back to tills."""
    named: int
    """How many places and stores were given another name."""

    # -- shoppers -----------------------------------------------------------------------
    def order(self, product: int, quantity: int, place: int, payment: int, lines: int) -> None:
        """An order of up to three lines; two of them are of one product."""
        wanted = [(product, quantity), (product + 1, 1), (product, 1)][: 1 + lines % 3]
        self._people(lambda: self.orders.append(self._check_out(wanted, place, payment)))

    def _check_out(self, wanted: list[tuple[int, int]], place: int, payment: int) -> int:
        rows = self.world.woo.state.options["pickup_locations"]
        shown = [row["name"] for row in rows if row["enabled"]]
        pickup = shown[(place - 1) % len(shown)] if place and shown else None
        name, paid = PAYMENTS[payment % len(PAYMENTS)]
        lines = [{"id": self._woo(product), "quantity": quantity} for product, quantity in wanted]
        cost = "0" if pickup else "4.90"
        made = self.world.woo.acts["checkout"](lines, pickup=pickup, payment=name, paid=paid, shipping_cost=cost)
        return int(made["order_id"])

    def pay(self, order: int) -> None:
        """The money of a bank transfer arrives, now and then after the order was given up."""

        def act(one: int) -> None:
            if self._order(one).paid is not None or self._order(one).payment_method != "bacs":
                raise ValueError("nobody pays twice")
            self.world.woo.acts["pay_order"](one)

        self._with_order(order, act)

    def cancel(self, order: int) -> None:
        self._with_order(order, lambda one: self._set_status(one, "cancelled"))

    # -- the shop's staff ---------------------------------------------------------------
    def complete(self, order: int) -> None:
        self._with_order(order, lambda one: self._set_status(one, "completed"))

    def refund_all(self, order: int) -> None:
        self._with_order(order, lambda one: self._set_status(one, "refunded"))

    def _set_status(self, order: int, status: str) -> None:
        self._must_live(order)
        self.world.woo.acts["staff_order_status"](order, status)

    def _must_live(self, order: int) -> None:
        if self._order(order).status not in LIVE:
            raise ValueError("staff leaves what is closed alone")

    def refund(self, order: int, restock: bool) -> None:
        if self._lives(order):
            super().refund(order, restock)

    def edit_order(self, order: int, quantity: int) -> None:
        if self._lives(order):
            super().edit_order(order, quantity)

    def _lives(self, order: int) -> bool:
        """Whether the order of that place in the list is one that staff still works on."""
        return bool(self.orders) and self._order(self.orders[order % len(self.orders)]).status in LIVE

    def refund_some_money(self, order: int, cents: int) -> None:
        amount = f"{cents / 100:.2f}"

        def act(one: int) -> None:
            self._must_live(one)
            self.world.woo.acts["staff_refund"](one, amount=amount, restock=False)

        self._with_order(order, act)

    def rename_place(self, place: int) -> None:
        """Somebody gives a pickup place of the shop another name."""
        self.named += 1
        self._change_place(place, name=f"Corner {self.named}")

    def switch_place(self, place: int) -> None:
        rows = self.world.woo.state.options["pickup_locations"]
        self._change_place(place, enabled=not rows[place % len(rows)]["enabled"])

    def _change_place(self, place: int, **fields: Any) -> None:
        rows = [dict(row) for row in self.world.woo.state.options["pickup_locations"]]
        rows[place % len(rows)].update(fields)
        self.world.woo.acts["set_pickup_locations"](rows)

    # -- the stores ---------------------------------------------------------------------
    def rename_store(self, store: int) -> None:
        self.named += 1
        change_location(self.world.square, self._store(store), {"name": f"Store {self.named}"})

    def step(self, order: int, step: int) -> None:
        """The till takes an order's handover on."""
        self._with_till(order, lambda _, row: self._step(row, STEPS[step % len(STEPS)]))

    def _step(self, row: dict[str, Any], state: str) -> None:
        if state == "COMPLETED" and row["state"] == "OPEN" and row["net_amount_due_money"]["amount"]:
            self._cash(row)
        self.world.square.acts["fulfillment"](row["id"], state)

    def _cash(self, row: dict[str, Any]) -> None:
        """Somebody fetches the goods and pays in cash."""
        due = row["net_amount_due_money"]
        body = {
            "idempotency_key": f"till-pays-{row['id']}", "source_id": "CASH", "order_id": row["id"],
            "location_id": row["location_id"], "amount_money": due, "cash_details": {"buyer_supplied_money": due},
        }  # fmt: skip
        to_square(self.world.square, "v2/payments", body)

    def give_back(self, order: int, store: int, restock: bool) -> None:
        """Goods of a paid order at the tills come back, to any store."""

        def act(one: int, row: dict[str, Any]) -> None:
            self._bring(one, self._what_is_out(one, row), self._store(store), row["id"], restock, "Return")

        self._with_till(order, act)

    def give_back_typed(self, order: int, store: int, restock: bool, words: int) -> None:
        """Goods of an online order come back without a receipt; the clerk types its number."""
        text = ("order {}", "#{}", "{}", "web order {}")[words % 4]

        def act(one: int) -> None:
            self._bring(one, self._what_is_out(one), self._store(store), None, restock, text.format(one))

        self._with_order(order, act)

    def _what_is_out(self, order: int, row: dict[str, Any] | None = None) -> OrderLine:
        """The line of an order that somebody may bring back a unit of."""
        if not row.get("tenders") if row is not None else self._order(order).paid is None:
            raise ValueError("nobody has paid for it")
        lines = self._order(order).lines
        line = lines[0]
        held = sum(meta_number(one.meta, "_reduced_stock") for one in lines if one.product_id == line.product_id)
        if held - self.given_back.get((order, line.product_id), 0) < 1:
            raise ValueError("nothing of it is out any more")
        return line

    def _came_back(self, order: int, line: OrderLine) -> None:
        key = order, line.product_id
        self.given_back[key] = self.given_back.get(key, 0) + 1

    def _bring(
        self, order: int, line: OrderLine, store_id: str, till_order: str | None, restock: bool, reason: str
    ) -> None:
        square_id = next(pair.square_id for pair in self.pairs if pair.woo_id == str(line.product_id))
        lines = [{"variation_id": square_id, "quantity": "1"}]
        self.world.square.acts["return_items"](store_id, till_order, lines, restock=restock, reason=reason)
        self._came_back(order, line)

    def give_money_back(self, order: int, cents: int) -> None:
        """A till gives an amount back on an order's payment."""

        def act(_: int, row: dict[str, Any]) -> None:
            payment = str(row["tenders"][0]["payment_id"])
            self.world.square.acts["refund_amount"](payment, cents, reason="Scratched")

        self._with_till(order, act)

    def exchange(self, product: int, store: int) -> None:
        """One thing comes back without a receipt, another is taken instead."""
        back = {"variation_id": self._square(product), "quantity": "1"}
        self._people(lambda: self._trade_in(back, product + 1, store, restock=True))

    def exchange_of_order(self, order: int, product: int, store: int, restock: bool) -> None:
        """Goods of a paid order at the tills are brought back for other ones."""

        def act(one: int, row: dict[str, Any]) -> None:
            line = self._what_is_out(one, row)
            square_id = next(pair.square_id for pair in self.pairs if pair.woo_id == str(line.product_id))
            back = {"variation_id": square_id, "quantity": "1", "order_id": row["id"]}
            self._trade_in(back, product, store, restock=restock)
            self._came_back(one, line)

        self._with_till(order, act)

    def _trade_in(self, back: dict[str, Any], product: int, store: int, *, restock: bool) -> None:
        lines = [{"variation_id": self._square(product), "quantity": "1"}]
        self.world.square.acts["exchange"](self._store(store), [back], lines, restock=restock)

    def give_back_sale(self, sale: int, restock: bool) -> None:
        """A sale of a till comes back with its receipt."""

        def act() -> None:
            if not self.sales:
                raise LookupError("nothing was sold")
            row = self.world.square.state.orders[self.sales[sale % len(self.sales)]["order_id"]]
            lines = [{"variation_id": row["line_items"][0]["catalog_object_id"], "quantity": "1"}]
            self.world.square.acts["return_items"](row["location_id"], row["id"], lines, restock=restock)

        self._people(act)

    # -- small words --------------------------------------------------------------------
    def _order(self, order: int) -> Order:
        found = self.world.woo.state.orders[order]
        assert isinstance(found, Order)
        return found

    def till_orders(self) -> dict[int, dict[str, Any]]:
        """The Square order of each order of the shop that has one."""
        rows = self.world.square.state.orders.values()
        named = [(str(row.get("reference_id") or ""), row) for row in rows if row.get("version") is not None]
        return {int(name[4:]): row for name, row in named if name.startswith("woo-")}

    def _with_till(self, order: int, act: Any) -> None:
        made = self.till_orders()
        if made:
            number = sorted(made)[order % len(made)]
            self._people(lambda: act(number, made[number]))
