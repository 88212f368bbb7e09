"""Pickup places: Square locations as WooCommerce pickup locations, and the store an order's pickup place means.

The order carries a place's name only (WooCommerce 9.9), or a zone method's instance id, or what a pickup plugin left
in its meta; each is looked up among ids, names and the retailer's own words. What fits no store is reported, never
guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Literal

from bridge.domain.hours import DAYS, Hours

JSON = dict[str, Any]
How = Literal["config", "name", "instance", "meta"]

PICKUP_METHODS = ("pickup_location", "local_pickup", "local_pickup_plus")
_META_ID = ("_pickup_location_id", "pickup_location_id")
_META_NAME = ("pickup_location", "_pickup_location_name", "pickup_location_name")
_PLACE_FIELDS = ("address_1", "city", "state", "postcode", "country")


# -- stores as pickup locations -----------------------------------------------------------
@dataclass(frozen=True, slots=True)
class StorePlace:
    """A store as shoppers should see it; ``former_names`` are names the shop has shown for it before."""

    store_id: str
    name: str
    address: Mapping[str, str]
    details: str
    enabled: bool
    former_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceChange:
    """One thing a new list of pickup locations changes, for people: create, update or disable."""

    kind: Literal["create", "update", "disable"]
    name: str
    store_id: str


@dataclass(frozen=True, slots=True)
class PlacePlan:
    """The whole list to write (the shop replaces all of it at once) and what differs from the one there."""

    places: tuple[JSON, ...]
    changes: tuple[PlaceChange, ...] = ()


def store_place(raw: JSON, hours: Hours, *, enabled: bool = True, former_names: Sequence[str] = ()) -> StorePlace:
    """The pickup place of a raw Square location; an inactive one is switched off whatever ``enabled`` says."""
    address = raw.get("address") or {}
    lines = [str(address.get(f"address_line_{n}") or "").strip() for n in (1, 2)]
    return StorePlace(
        store_id=str(raw["id"]),
        name=str(raw.get("name") or raw["id"]).strip(),
        address={
            "address_1": ", ".join(line for line in lines if line),
            "city": str(address.get("locality") or ""),
            "state": str(address.get("administrative_district_level_1") or ""),
            "postcode": str(address.get("postal_code") or ""),
            "country": str(address.get("country") or raw.get("country") or ""),
        },
        details=" · ".join(text for text in (str(raw.get("phone_number") or ""), hours_text(hours)) if text),
        enabled=enabled and raw.get("status") != "INACTIVE",
        former_names=tuple(former_names),
    )


def hours_text(hours: Hours) -> str:
    """Opening hours in one line, days with the same hours together: ``Mon-Fri 09:00-17:00, Sat 10:00-14:00``."""
    if not hours.known:
        return ""
    said = [", ".join(f"{s.start:%H:%M}-{s.end:%H:%M}" for s in hours.week.get(day, ())) for day in range(7)]
    runs: list[tuple[int, int, str]] = []
    for day, text in enumerate(said):
        if text and runs and runs[-1][1] == day - 1 and runs[-1][2] == text:
            runs[-1] = runs[-1][0], day, text
        elif text:
            runs.append((day, day, text))
    names = [day.title() for day in DAYS]
    return ", ".join(f"{names[a]}{'-' + names[b] if b > a else ''} {text}" for a, b, text in runs)


def plan_places(shown: Sequence[JSON], stores: Sequence[StorePlace]) -> PlacePlan:
    """The shop's list with the stores in it: nothing a person added is removed, order kept, new places at the end.

    A store's own entry is the one that carries its name, else one of its former names. Fields the bridge does not
    know stay as they are.
    """
    places = [dict(row) for row in shown]
    owners = place_owners(places, stores)
    changes = []
    for store in stores:
        wanted = {"name": store.name, "address": dict(store.address), "details": store.details}
        at = owners.get(store.store_id)
        if at is None:
            if store.enabled:
                places.append({**wanted, "enabled": True})
                changes.append(PlaceChange("create", store.name, store.store_id))
            continue
        merged = {**places[at], **wanted, "enabled": store.enabled}
        merged["address"] = {**(places[at].get("address") or {}), **wanted["address"]}  # type: ignore[dict-item]
        if merged != places[at]:
            off = bool(places[at].get("enabled")) and not store.enabled
            changes.append(PlaceChange("disable" if off else "update", store.name, store.store_id))
        places[at] = merged
    return PlacePlan(tuple(places), tuple(changes))


def place_owners(places: Sequence[JSON], stores: Sequence[StorePlace]) -> dict[str, int]:
    """Where each store's entry stands; an entry belongs to one store, present names before former ones."""
    found: dict[str, int] = {}
    for former in (False, True):
        for store in stores:
            names = {plain_name(name) for name in (store.former_names if former else (store.name,))}
            for at, row in enumerate(places):
                if store.store_id not in found and at not in found.values() and plain_name(row.get("name")) in names:
                    found[store.store_id] = at
    return found


def paste_text(plan: PlacePlan) -> str:
    """What a person types into the shop's settings when the bridge may not write there."""
    lines = ["WooCommerce > Settings > Shipping > Local pickup > Add pickup location:"]
    touched = {change.name for change in plan.changes}
    for place in plan.places:
        if place.get("name") in touched:
            address = place.get("address") or {}
            where = ", ".join(str(address[name]) for name in _PLACE_FIELDS if address.get(name))
            state = "enabled" if place.get("enabled") else "disabled"
            lines.append(
                f"- Name: {place['name']} ({state})\n  Address: {where}\n  Details: {place.get('details') or '-'}"
            )
    return "\n".join(lines) if touched else ""


# -- from an order to a store ---------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PlaceMap:
    """What leads to a store: display names (past ones too), zone instances, ids of pickup plugins, and config words.

    All values are store ids. ``config`` is the retailer's own mapping and wins; its keys may be a name, ``instance:2``
    or ``id:17``.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    instances: Mapping[str, str] = field(default_factory=dict)
    meta_ids: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pickup:
    """What an order says about where it is fetched; ``text`` is for people."""

    method: str
    name: str
    instance: str
    meta_id: str

    @property
    def text(self) -> str:
        """The place in words."""
        named = self.name or (f"id {self.meta_id}" if self.meta_id else "")
        return named or f"{self.method} (instance {self.instance or '?'})"


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """The store of an order's pickup place, and what led there."""

    store_id: str
    how: How


def pickup_of(raw: JSON) -> Pickup | None:
    """The pickup of a raw order, ``None`` when it is shipped or has no shipping at all."""
    for row in raw.get("shipping_lines") or ():
        method = str(row.get("method_id") or "").partition(":")[0]
        if method in PICKUP_METHODS:
            meta = {str(entry.get("key")): entry.get("value") for entry in row.get("meta_data") or ()}
            name = _first(meta, _META_NAME)
            instance = str(row.get("instance_id") or "")
            title = unescape(str(row.get("method_title") or "")) if method != "pickup_location" else ""
            return Pickup(method, name or title, "" if instance == "0" else instance, _first(meta, _META_ID))
    return None


def _first(meta: Mapping[str, Any], keys: Iterable[str]) -> str:
    return next((unescape(str(meta[key])).strip() for key in keys if meta.get(key)), "")


def plain_name(name: object) -> str:
    """A name in the form in which two are compared: entities read, case and spaces ignored."""
    return " ".join(unescape(str(name or "")).casefold().split())


def store_of(pickup: Pickup, places: PlaceMap) -> PlaceFound | None:
    """The store a pickup means; ``None`` when nothing known fits (to be reported)."""
    config = {plain_name(key): store for key, store in places.config.items()}
    for key in (plain_name(pickup.name), f"id:{pickup.meta_id}", f"instance:{pickup.instance}"):
        if key in config and key not in ("", "id:", "instance:"):
            return PlaceFound(config[key], "config")
    if pickup.meta_id and pickup.meta_id in places.meta_ids:
        return PlaceFound(places.meta_ids[pickup.meta_id], "meta")
    names = {plain_name(key): store for key, store in places.names.items()}
    if pickup.name and plain_name(pickup.name) in names:
        return PlaceFound(names[plain_name(pickup.name)], "name")
    if pickup.instance and pickup.instance in places.instances:
        return PlaceFound(places.instances[pickup.instance], "instance")
    return None


def unmapped(
    shown: Sequence[JSON], zone_methods: Sequence[JSON], orders: Iterable[JSON], places: PlaceMap
) -> list[Pickup]:
    """Every pickup place of the shop no store is known for: its locations, its zones' methods, those on orders."""
    seen: dict[tuple[str, str, str, str], Pickup] = {}
    found = [Pickup("pickup_location", str(row.get("name") or ""), "", "") for row in shown if row.get("enabled")]
    for row in zone_methods:
        if row.get("method_id") in PICKUP_METHODS and row.get("enabled", True):
            instance = str(row.get("instance_id") or row.get("id") or "")
            found.append(Pickup(str(row["method_id"]), unescape(str(row.get("title") or "")), instance, ""))
    found += [pickup for pickup in map(pickup_of, orders) if pickup is not None]
    for pickup in found:
        if store_of(pickup, places) is None:
            seen.setdefault((pickup.method, plain_name(pickup.name), pickup.instance, pickup.meta_id), pickup)
    return list(seen.values())
