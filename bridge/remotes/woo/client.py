"""WooCommerce as the engine uses it: reader, writer and translator behind one ``WooSide``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bridge.clock import Clock
from bridge.domain.product import ShownProduct, ShownVariation
from bridge.remotes.calls import Caller
from bridge.remotes.classify import classify_woo
from bridge.remotes.pace import Pace
from bridge.remotes.port import (
    JSON,
    Outcome,
    RawProduct,
    RawVariation,
    Transport,
    WooOrder,
    WooStock,
    WooStockChange,
)
from bridge.remotes.woo import incoming
from bridge.remotes.woo.categories import WooCategories
from bridge.remotes.woo.orders import WooOrders
from bridge.remotes.woo.people import WooPeople
from bridge.remotes.woo.places import WooPlaces
from bridge.remotes.woo.read import WooReader
from bridge.remotes.woo.write import WooWriter


class WooClient:
    """A ``WooSide``: the contract of each method stands in the port.

    ``decimals`` is the shop's number of price decimals; ``batch_size`` how many stock changes one call carries.
    ``admin`` calls with an administrator's application password, without which pickup locations are out of reach.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        clock: Clock,
        pace: Pace | None = None,
        decimals: int = 2,
        batch_size: int = 50,
        attempts: int = 4,
        admin: Transport | None = None,
    ) -> None:
        pace = pace or Pace(clock)
        self.caller = Caller(transport, pace, clock, classify_woo, side="WooCommerce", attempts=attempts)
        with_password = None
        if admin is not None:
            with_password = Caller(admin, pace, clock, classify_woo, side="WooCommerce", attempts=attempts)
        self.decimals = decimals
        self._reader = WooReader(self.caller)
        self._writer = WooWriter(self.caller, batch_size=batch_size)
        self._categories = WooCategories(self.caller, self._reader)
        self.shop_orders = WooOrders(self.caller)
        self.people = WooPeople(self.caller)
        self.places = WooPlaces(self.caller, with_password)

    # -- listings -----------------------------------------------------------------------
    def products(self, *, modified_after: datetime | None = None) -> Iterator[list[RawProduct]]:
        """Pages of all products but trash, by id ascending; a full pass reads the category tree anew."""
        if modified_after is None:
            self._categories.forget()
        return self._reader.products(modified_after=modified_after)

    def variations(self, *, modified_after: datetime | None = None) -> Iterator[list[RawVariation]]:
        """Pages of all variations of the shop."""
        return self._reader.variations(modified_after=modified_after)

    def variations_of(self, product_id: str) -> list[RawVariation]:
        """All variations of one product."""
        return self._reader.variations_of(product_id)

    def stock_rows(self) -> Iterator[list[WooStock]]:
        """The cheapest listing of every stock number."""
        return self._reader.stock_rows()

    def orders(self, *, modified_after: datetime | None = None) -> Iterator[list[WooOrder]]:
        """Pages of orders by id ascending."""
        return self._reader.orders(modified_after=modified_after)

    def trashed_orders(self, *, modified_after: datetime | None = None) -> Iterator[list[WooOrder]]:
        """Pages of orders in the trash by id ascending."""
        return self._reader.trashed_orders(modified_after=modified_after)

    # -- single objects -------------------------------------------------------------------
    def product(self, product_id: str) -> RawProduct | None:
        """One product now."""
        return self._reader.product(product_id)

    def order(self, order_id: str) -> WooOrder | None:
        """One order now."""
        return self._reader.order(order_id)

    def stock_of(self, variations: Sequence[tuple[str, str]]) -> list[WooStock]:
        """Fresh numbers with keys."""
        return self._reader.stock_of(variations)

    def find_by_sku(self, skus: Sequence[str]) -> list[RawProduct]:
        """Holders of these SKUs, trash included."""
        return self._reader.find_by_sku(skus)

    def find_by_key(self, key: str, *, since: datetime) -> RawProduct | None:
        """The product created since then that carries our key."""
        return self._reader.find_by_key(key, since=since)

    # -- words ----------------------------------------------------------------------------
    def translate(self, raw: JSON, variations: Sequence[JSON] = ()) -> ShownProduct:
        """A raw product in the bridge's words; may read the category tree."""
        return incoming.shown_product(raw, variations, self._categories.path_of, self.decimals)

    def translate_variation(self, raw: JSON) -> ShownVariation:
        """A raw variation or simple product in the bridge's words."""
        return incoming.shown_variation(raw, self.decimals)

    def stock_of_raw(self, raw: JSON) -> WooStock:
        """The stock number a raw product or variation carries."""
        return incoming.stock_of_raw(raw)

    # -- writes ---------------------------------------------------------------------------
    def change_stock(self, changes: Sequence[WooStockChange]) -> list[Outcome]:
        """Deltas with keys, one outcome per change."""
        return self._writer.change_stock(changes)

    def update_product(self, product_id: str, fields: JSON) -> Outcome:
        """Write product fields."""
        return self._writer.update_product(product_id, fields)

    def update_variation(self, product_id: str, variation_id: str, fields: JSON) -> Outcome:
        """Write variation fields."""
        return self._writer.update_variation(product_id, variation_id, fields)

    def create_product(self, fields: JSON, key: str) -> Outcome:
        """Create a product carrying our key."""
        return self._writer.create_product(fields, key)

    def create_variations(self, product_id: str, rows: Sequence[JSON]) -> list[Outcome]:
        """Create variations of a product."""
        return self._writer.create_variations(product_id, rows)

    def category_ids(self, paths: Sequence[tuple[str, ...]], *, create: bool) -> list[int]:
        """Ids of category paths; raises ``RemoteDown`` when making one was not answered."""
        return self._categories.ids(paths, create=create)

    # -- the shop's clock -------------------------------------------------------------------
    def time_at(self, moment: float) -> datetime | None:
        """The shop's clock at a moment of our monotonic one."""
        return self.caller.server_time_at(moment)

    def clock_skew(self) -> float:
        """Seconds the shop's clock is ahead of ours."""
        return self.caller.clock_skew()
