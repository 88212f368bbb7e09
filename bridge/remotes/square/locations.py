"""Square's locations as stores with hours and as pickup places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bridge.domain.hours import Hours, Span, hours_of_square
from bridge.domain.place import StorePlace, store_place
from bridge.remotes.port import SquareStore

Holidays = Mapping[date, Sequence[Span]]


def hours_of(store: SquareStore, holidays: Holidays | None = None) -> Hours:
    """The opening hours of a store, with the retailer's holidays (Square knows none)."""
    return hours_of_square(store.raw.get("business_hours"), store.timezone, holidays)


def places_of(
    stores: Sequence[SquareStore],
    *,
    online: Mapping[str, bool] | None = None,
    former_names: Mapping[str, Sequence[str]] | None = None,
) -> list[StorePlace]:
    """The stores as pickup places; ``online`` switches stores off by id, ``former_names`` are names shown before."""
    return [
        store_place(
            {"id": store.store_id, "name": store.name, **store.raw},
            hours_of(store),
            enabled=store.active and (online or {}).get(store.store_id, True),
            former_names=(former_names or {}).get(store.store_id, ()),
        )
        for store in stores
    ]
