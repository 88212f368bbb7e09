"""Looks at every pickup place the shop offers and says which store each is; those that are none are for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bridge.domain.place import PICKUP_METHODS, Pickup, PlaceMap, plain_name, store_of
from bridge.engine.context import Bridge
from bridge.engine.doctor import Finding
from bridge.engine.place_map import KIND, place_map
from bridge.ledger import decisions
from bridge.ledger.text import of_json

AREA = "places"
MAP_IT = "Name its store under `places.map`, or answer the question in `bridge decisions` that the first order asks."


@dataclass(frozen=True, slots=True)
class PlaceSeen:
    """A pickup place, where it was seen, and the store it means ("" when none is known) with what led there."""

    pickup: Pickup
    where: str
    store_id: str
    how: str


def fresh_map(bridge: Bridge) -> tuple[PlaceMap, dict[str, str]]:
    """What leads to a store, with the locations as Square names them now (also before a first run); and their names."""
    stores = {one.store_id: one for one in bridge.square.stores()}
    with bridge.db.reading() as conn:
        known = place_map(bridge, conn)
    chosen = {setting.store_id for setting in bridge.settings.stores} or set(stores)
    active = [plain_name(one.name) for one in stores.values() if one.active and one.store_id in chosen]
    now = {
        plain_name(one.name): one.store_id
        for one in stores.values()
        if one.active and one.store_id in chosen and active.count(plain_name(one.name)) == 1
    }
    names = {name: store for name, store in known.names.items() if active.count(name) < 2}
    return replace(known, names={**names, **now}), {one.store_id: one.name for one in stores.values()}


def places_seen(bridge: Bridge) -> tuple[list[PlaceSeen], dict[str, str]]:
    """Every enabled pickup place of list and zones, and those that orders named in vain; and the stores' names."""
    places, names = fresh_map(bridge)
    shown = bridge.woo.places.pickup_list()
    found: list[tuple[Pickup, str]] = []
    for row in shown.places if shown is not None else ():
        if row.get("enabled"):
            found.append((Pickup("pickup_location", str(row.get("name") or ""), "", ""), "pickup locations"))
    for row in bridge.woo.places.zone_methods():
        if row.get("method_id") in PICKUP_METHODS and row.get("enabled", True):
            title, instance = str(row.get("title") or ""), str(row.get("instance_id") or row.get("id") or "")
            found.append((Pickup(str(row["method_id"]), title, instance, ""), f"zone {row.get('zone_name') or ''}"))
    with bridge.db.reading() as conn:
        asked = decisions.open_ones(conn, KIND)
    seen = [_seen(pickup, where, places) for pickup, where in found]
    for row in asked:
        detail = of_json(row.detail_json)
        pickup = Pickup(
            str(detail.get("method", "")), str(detail.get("place", "")), str(detail.get("instance", "")), ""
        )
        seen.append(PlaceSeen(pickup, str(detail.get("seen_on", "")), "", ""))
    return seen, names


def _seen(pickup: Pickup, where: str, places: PlaceMap) -> PlaceSeen:
    store = store_of(pickup, places)
    return PlaceSeen(pickup, where, store.store_id if store else "", store.how if store else "")


def place_findings(bridge: Bridge) -> Iterator[Finding]:
    """What the doctor says of pickup places: each that means no store, and what cannot be seen."""
    seen, _ = places_seen(bridge)
    vain = [one for one in seen if not one.how]
    for one in vain:
        what = f"the pickup place “{one.pickup.text}” ({one.where}) is no store the bridge knows"
        yield Finding(AREA, "warn", what, MAP_IT)
    if not vain:
        yield Finding(AREA, "ok", f"each of {len(seen)} pickup places is a store" if seen else "no pickup places")
    if bridge.woo.places.pickup_list() is None:
        what = "without an application password the shop's pickup locations cannot be seen"
        advice = "Orders still find their store by name; `woo.app_user` and `woo.app_password` open the list."
        yield Finding(AREA, "warn" if bridge.settings.pickup.sync else "ok", what, advice)
