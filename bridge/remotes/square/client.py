"""Square as the engine uses it: reader, writer and translator behind one ``SquareSide``."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

from bridge.clock import Clock
from bridge.domain.product import ShownImage, ShownProduct
from bridge.remotes.calls import Caller
from bridge.remotes.classify import classify_square
from bridge.remotes.pace import Pace
from bridge.remotes.port import (
    JSON,
    Outcome,
    RawProduct,
    SquareChange,
    SquareCount,
    SquareStockChange,
    SquareStore,
    Transport,
)
from bridge.remotes.square import incoming
from bridge.remotes.square.catalog_names import CatalogNames
from bridge.remotes.square.orders import SquareOrders
from bridge.remotes.square.outgoing import SquareOption
from bridge.remotes.square.payments import SquarePayments
from bridge.remotes.square.people import SquarePeople
from bridge.remotes.square.read import SquareReader
from bridge.remotes.square.write import SquareWriter


class SquareClient:
    """A ``SquareSide``: the contract of each method stands in the port.

    ``version`` must be the Square-Version the transport sends: it decides the shape of inventory adjustments.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        clock: Clock,
        pace: Pace | None = None,
        version: str = "2026-09-16",
        attempts: int = 4,
    ) -> None:
        self.caller = Caller(transport, pace or Pace(clock), clock, classify_square, side="Square", attempts=attempts)
        self.version = version
        writing = threading.RLock()
        self._reader = SquareReader(self.caller, version=version)
        self._writer = SquareWriter(self.caller, version=version, writing=writing)
        self._names = CatalogNames(self.caller, self._reader, clock, writing)
        self.till_orders = SquareOrders(self.caller, version=version)
        self.payments = SquarePayments(self.caller, version=version)
        self.people = SquarePeople(self.caller, version=version)

    # -- reads --------------------------------------------------------------------------
    def stores(self) -> list[SquareStore]:
        """All locations, inactive ones included."""
        return self._reader.stores()

    def items(self) -> Iterator[list[RawProduct]]:
        """Pages of all items; a full pass reads category and option names anew."""
        self._names.forget()
        return self._reader.items()

    def items_changed(self, since: str) -> tuple[list[RawProduct], str]:
        """Items changed or deleted after ``since``, and the next mark."""
        return self._reader.items_changed(since)

    def item(self, item_id: str) -> RawProduct | None:
        """One item now."""
        return self._reader.item(item_id)

    def items_by_id(self, item_ids: Sequence[str]) -> list[RawProduct]:
        """Several items now."""
        return self._reader.items_by_id(item_ids)

    def translate(self, raw: JSON) -> ShownProduct:
        """A raw ITEM in the bridge's words; may read category and option names."""
        return incoming.shown_item(raw, self._names.path_of, self._names.option_of)

    def find_by_sku(self, skus: Sequence[str]) -> list[RawProduct]:
        """Items one of whose variations holds one of these SKUs."""
        return self._reader.find_by_sku(skus)

    def counts(self, *, updated_after: str = "", variation_ids: Sequence[str] = ()) -> Iterator[list[SquareCount]]:
        """IN_STOCK counts."""
        return self._reader.counts(updated_after=updated_after, variation_ids=variation_ids)

    def changes(self, *, updated_after: str = "", variation_ids: Sequence[str] = ()) -> Iterator[list[SquareChange]]:
        """Inventory history, oldest first."""
        return self._reader.changes(updated_after=updated_after, variation_ids=variation_ids)

    def images(self, image_ids: Sequence[str]) -> list[ShownImage]:
        """Images with the addresses of their bytes; items carry only ids."""
        found = {str(row["id"]): row for row in self._reader.retrieve(image_ids) if row.get("type") == "IMAGE"}
        return [
            ShownImage(
                image_id,
                (found[image_id].get("image_data") or {}).get("url") or "",
                (found[image_id].get("image_data") or {}).get("caption") or "",
            )
            for image_id in image_ids
            if image_id in found
        ]

    # -- writes -------------------------------------------------------------------------
    def change_inventory(self, changes: Sequence[SquareStockChange], key: str) -> tuple[Outcome, list[SquareCount]]:
        """At most 100 changes in one keyed, all-or-nothing call."""
        return self._writer.change_inventory(changes, key)

    def upsert_item(self, item: JSON, key: str) -> Outcome:
        """Write one whole item."""
        return self._writer.upsert_item(item, key)

    def upsert_items(self, items: Sequence[JSON], key: str) -> list[Outcome]:
        """Write several items, one outcome each."""
        return self._writer.upsert_items(items, key)

    def category_ids(self, paths: Sequence[tuple[str, ...]], key: str, *, create: bool) -> list[str]:
        """Ids of category paths; raises ``RemoteDown`` when making one was not answered."""
        return self._names.ids(paths, key, create=create)

    def item_options(self, wanted: Mapping[str, Sequence[str]], key: str, *, create: bool) -> dict[str, SquareOption]:
        """The seller's item options by lower-case name, for ``new_item`` in the mode "options"."""
        return self._names.options(wanted, key, create=create)

    def add_image(self, object_id: str, name: str, content: bytes, mime: str, key: str) -> Outcome:
        """Upload an image and attach it."""
        return self._writer.add_image(object_id, name, content, mime, key)

    # -- Square's clock -------------------------------------------------------------------
    def server_time(self) -> str:
        """RFC 3339 UTC of the last answer, "" before the first call; whole seconds."""
        moment = self.caller.server_time()
        return "" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
