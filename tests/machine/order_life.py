"""A life whose orders matter at the tills, too: mirrored (all or pickups) or not, handed over, refunded anywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from sqlalchemy import select

from bridge.engine.answers import resolve
from bridge.engine.settings import PlaceSettings
from bridge.ledger import outbox
from bridge.ledger.decisions import open_ones
from bridge.ledger.schema import decision
from bridge.ledger.text import of_json
from bridge.sim import proof
from bridge.sim.order_proof import came_back_twice, order_complaints
from bridge.sim.woo.order_state import Order, meta_value
from tests.machine.life import Life
from tests.machine.order_people import PLACES, OrderPeople
from tests.world import TEST_SETTINGS

OrderMode = Literal["tills", "mirror_pickups", "mirror"]
"""``tills`` keeps orders out of the tills, but reads what tills do with them."""


class OrderLife(OrderPeople, Life):
    """A world of two products, three stores and two pickup places."""

    def __init__(self, seed: int, mode: OrderMode, *, places: bool = False, sales: bool = False) -> None:
        self.mode = mode
        self.asked: set[int | str] = set()
        self.given_back, self.named = {}, 0
        settings = replace(
            TEST_SETTINGS,
            orders_mode="stock" if mode == "tills" else mode,
            till="always" if mode == "tills" else "auto",
            till_sales_in_woo=sales,
            pickup=PlaceSettings(sync=places),
        )
        super().__init__(seed, stock=(9, 7, 8), settings=settings)

    def _start(self) -> None:
        rows = [{"name": name, "address": {}, "details": "", "enabled": True} for name in PLACES]
        self.world.woo.acts["set_pickup_locations"](rows)
        super()._start()

    # -- a person -----------------------------------------------------------------------
    def type_stock(self, product: int, quantity: int) -> None:
        """A number typed right after a write of ours, with orders in the same seconds, has two explanations
        (docs/why/001): lives of stock alone live with that, these keep it apart.
        """
        self.wait(4)
        self.sync()
        self.wait(4)
        super().type_stock(product, quantity)

    def answer(self, choice: int) -> None:
        """A person answers the oldest question about a till's refund or a pickup place."""
        with self.world.db.reading() as conn:
            rows = [row for row in open_ones(conn) if row.kind in ("till_refund", "place")]
        if rows:
            choices = of_json(rows[0].choices_json)
            self._note_asked()
            self._people(lambda: resolve(self.world.bridge, rows[0].id, choices[choice % len(choices)]))

    # -- ends ---------------------------------------------------------------------------
    def put_back(self, noticed: bool) -> None:
        if self.backup is not None:
            self._note_asked()
        super().put_back(noticed)

    def calm(self) -> None:
        """Nobody trades any more: what waits for money is paid, in the shop and at the tills."""
        self._put_right()
        for order in self._shop_orders():
            if order.status == "on-hold":
                self.world.woo.acts["pay_order"](order.id)
        super().calm()
        for row in list(self.till_orders().values()):
            waits = row["state"] == "OPEN" and row["net_amount_due_money"]["amount"] > 0
            if waits and all(one["state"] not in ("CANCELED", "FAILED") for one in row.get("fulfillments") or ()):
                self._cash(row)
        super().calm()

    def _shop_orders(self) -> list[Order]:
        return [one for one in self.world.woo.state.orders.values() if isinstance(one, Order)]

    # -- judging ------------------------------------------------------------------------
    def _stock_complaints(self) -> list[str]:
        self._note_asked()
        world = self.world
        echoes = came_back_twice(world.woo, world.square, self.opening, self.asked)
        verdicts = proof.judge(world.woo, world.square, self.opening, echoes=echoes)
        wrong = [f"stock {v}" for v in verdicts if not v.ok]
        return wrong + self._lost_and_doubled(proof.order_faults(world.woo, world.square, self.opening, echoes=echoes))

    def _writes(self) -> int:
        calls = [*self.world.woo.calls.items(), *self.world.square.calls.items()]
        ends = ("/orders", "/payments", "/refunds", "/notes", "/settings")
        return super()._writes() + sum(n for name, n in calls if name.startswith("POST") and name.endswith(ends))

    def _order_complaints(self) -> list[str]:
        return order_complaints(
            self.world.woo, self.world.square, self.opening, mirrors=self._mirrors, excused=self.asked | self._waiting()
        )

    def _waiting(self) -> set[int | str]:
        """Orders whose money may wait for somebody to say whether a till gave some of it back."""
        with self.world.db.reading() as conn:
            asked = [of_json(row.detail_json) for row in open_ones(conn) if row.kind == "till_refund"]
        return {int(number) for about in asked for number in about.get("orders", ())}

    def _mirrors(self, order: Order) -> bool:
        if self.mode == "mirror_pickups":
            return any(meta_value(line.meta, "pickup_location") for line in order.shipping_lines)
        return self.mode == "mirror"

    def _note_asked(self) -> None:
        """Remember what a person was asked about, for a ledger that is put back forgets it."""
        made = {row["id"]: number for number, row in self.till_orders().items()}
        with self.world.db.reading() as conn:
            rows = conn.execute(
                select(decision.c.kind, decision.c.subject, decision.c.question, decision.c.detail_json)
            )
            for kind, subject, question, detail in rows.all():
                if kind == "order_edited" or (kind == "mirror" and "from several stores" not in question):
                    self.asked.add(int(subject))
                elif kind == "till_refund":
                    self.asked.add(subject)
                elif kind == "refund":
                    self.asked.add(int(of_json(detail)["order"]))
                elif kind == "refused" and "refund payment" in question:
                    self.asked |= self._order_of_write(subject)
                elif kind == "fulfilment" and "but the shop's order is" in question and subject in made:
                    self.asked.add(made[subject])

    def _order_of_write(self, key: str) -> set[int]:
        """The order of a refund that Square refused because a till was faster."""
        with self.world.db.reading() as conn:
            found = outbox.by_key(conn, key)
        return {int(found.payload["order_id"])} if found is not None else set()
