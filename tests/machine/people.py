"""The people of a small business: shoppers, the shop's staff, and the stores, trading and editing on both sides.

Every act takes small whole numbers, so that Hypothesis and a plain seeded dice can drive the same life.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.sim import proof
from tests.world import World


class People:
    """Who acts in a world of a few products."""

    world: World
    ids: list[int]
    pairs: list[proof.Pair]

    def __init__(self) -> None:
        self.refused = 0
        self.orders: list[int] = []
        self.sales: list[dict[str, Any]] = []
        self._renamed = 0

    # -- shoppers -----------------------------------------------------------------------
    def buy(self, product: int, quantity: int) -> None:
        self._people(lambda: self.orders.append(self.world.buy(self._woo(product), quantity)))

    def buy_both(self, product: int, quantity: int) -> None:
        """Two lines of one product and one of another, in one order."""
        lines = [
            {"id": self._woo(product), "quantity": quantity},
            {"id": self._woo(product + 1), "quantity": 1},
            {"id": self._woo(product), "quantity": 1},
        ]
        self._people(lambda: self.orders.append(int(self.world.woo.acts["checkout"](lines)["order_id"])))

    def cancel(self, order: int) -> None:
        self._with_order(order, lambda one: self.world.woo.acts["cancel_order"](one))

    def refund(self, order: int, restock: bool) -> None:
        def act(one: int) -> None:
            line = self.world.woo.state.orders[one].lines[0]
            self.world.woo.acts["staff_refund"](one, [{"id": line.id, "quantity": 1}], restock=restock)

        self._with_order(order, act)

    def edit_order(self, order: int, quantity: int) -> None:
        def act(one: int) -> None:
            line = self.world.woo.state.orders[one].lines[0]
            self.world.woo.acts["staff_edit_order_line"](one, line.id, quantity)

        self._with_order(order, act)

    def trash_order(self, order: int) -> None:
        self._with_order(order, lambda one: self.world.woo.acts["staff_delete_order"](one))

    # -- the shop's staff ---------------------------------------------------------------
    def type_stock(self, product: int, quantity: int) -> None:
        self._people(lambda: self.world.woo.acts["staff_set_stock"](self._woo(product), quantity))

    def reprice_in_shop(self, product: int, step: int) -> None:
        price = f"{self._price(product) + step}.00"
        self._people(lambda: self.world.woo.acts["staff_edit_product"](self._woo(product), {"regular_price": price}))

    def rename_in_shop(self, product: int) -> None:
        self._renamed += 1
        fields = {"name": f"Name {self._renamed} from the shop"}
        self._people(lambda: self.world.woo.acts["staff_edit_product"](self._woo(product), fields))

    # -- the stores ---------------------------------------------------------------------
    def sell(self, product: int, quantity: int, store: int) -> None:
        self._people(lambda: self.sales.append(self.world.sell(self._square(product), quantity, store % 3)))

    def sell_offline(self, product: int, quantity: int, store: int, hours: int) -> None:
        lines = [{"variation_id": self._square(product), "quantity": str(quantity)}]
        self._people(lambda: self.world.square.acts["sell"](self._store(store), lines, offline_hours=hours))

    def take_back(self, product: int, store: int, restock: bool) -> None:
        lines = [{"variation_id": self._square(product), "quantity": "1"}]
        self._people(lambda: self.world.square.acts["return_items"](self._store(store), None, lines, restock=restock))

    def receive(self, product: int, quantity: int, store: int) -> None:
        self._people(lambda: self.world.square.acts["receive"](self._store(store), self._square(product), quantity))

    def waste(self, product: int, store: int) -> None:
        self._people(lambda: self.world.square.acts["waste"](self._store(store), self._square(product), 1))

    def transfer(self, product: int, quantity: int, store: int) -> None:
        self._people(
            lambda: self.world.square.acts["transfer"](
                self._square(product), self._store(store), self._store(store + 1), quantity
            )
        )

    def count(self, product: int, quantity: int, store: int) -> None:
        self._people(lambda: self.world.square.acts["count"](self._store(store), self._square(product), quantity))

    def reprice_at_square(self, product: int, step: int) -> None:
        price = 100 * (self._price(product) + step)
        self._people(lambda: self.world.square.acts["edit_price"](self._square(product), price))

    def rename_at_square(self, product: int) -> None:
        self._renamed += 1
        row = self.world.square.state.catalog.item_of(self._square(product))
        fields = {"name": f"Name {self._renamed} from Square"}
        self._people(lambda: self.world.square.acts["edit_item"](row["id"], fields))

    # -- small words --------------------------------------------------------------------
    def _woo(self, product: int) -> int:
        return self.ids[product % len(self.ids)]

    def _square(self, product: int) -> str:
        return self.pairs[product % len(self.pairs)].square_id

    def _store(self, store: int) -> str:
        return self.world.stores[store % 3]

    def _price(self, product: int) -> int:
        return 10 + product % len(self.ids)

    def _with_order(self, order: int, act: Callable[[int], Any]) -> None:
        if self.orders:
            self._people(lambda: act(self.orders[order % len(self.orders)]))

    def _people(self, act: Callable[[], Any]) -> None:
        """People are refused now and then (sold out, already cancelled): that is life."""
        try:
            act()
        except (ValueError, LookupError, RuntimeError):
            self.refused += 1
        except Exception as problem:
            if type(problem).__name__ not in ("WooError", "SquareError"):
                raise
            self.refused += 1
