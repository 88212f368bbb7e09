"""Merges stores into the shop's pickup locations field by field, so that nothing a person wrote there is changed.

A field follows Square as long as the shop still shows what the bridge left there; what a person typed stays, and is
told. A place somebody removed or renamed by hand is not made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.domain.place import PlaceChange, StorePlace, place_owners

JSON = dict[str, Any]
ADDRESS = ("address_1", "city", "state", "postcode", "country")


@dataclass(frozen=True, slots=True)
class Left:
    """How a store's place stood when the bridge last left it.

    ``wanted`` is what Square said, ``shown`` what the shop showed of the fields that follow Square (the others are a
    person's own); names as in ``flat``.
    """

    wanted: Mapping[str, Any]
    shown: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlaceMerge:
    """The whole list to write, what it changes, what is left alone and why, and each store's entry (its position)."""

    places: tuple[JSON, ...]
    changes: tuple[PlaceChange, ...] = ()
    kept: tuple[str, ...] = ()
    entries: Mapping[str, int] | None = None


def flat(row: Mapping[str, Any]) -> JSON:
    """A pickup location's fields as far as stores have them: name, each part of the address, details, enabled."""
    address = row.get("address") or {}
    parts = {f"address.{name}": str(address.get(name) or "") for name in ADDRESS}
    words = {"name": str(row.get("name") or ""), "details": str(row.get("details") or "")}
    return {**words, **parts, "enabled": bool(row.get("enabled"))}


def wanted_fields(store: StorePlace) -> JSON:
    """What Square says of a store, in the same form."""
    return flat({"name": store.name, "address": store.address, "details": store.details, "enabled": store.enabled})


def merge_places(shown: Sequence[JSON], stores: Sequence[StorePlace], left: Mapping[str, Left]) -> PlaceMerge:
    """The shop's list with the stores in it: order kept, new places at the end, unknown fields untouched."""
    places = [dict(row) for row in shown]
    owners = dict(place_owners(places, stores))
    changes: list[PlaceChange] = []
    kept: list[str] = []
    for store in stores:
        at, last = owners.get(store.store_id), left.get(store.store_id)
        if at is None:
            if last is not None:
                kept.append(f"{store.name}: its pickup location was removed or renamed by hand")
            elif store.enabled:
                owners[store.store_id] = len(places)
                places.append(_with({}, wanted_fields(store)))
                changes.append(PlaceChange("create", store.name, store.store_id))
            continue
        before, wanted = flat(places[at]), wanted_fields(store)
        merged = {name: _merged(name, before[name], wanted[name], last) for name in wanted}
        ours = last.shown if last is not None else {}
        differing = [name for name in wanted if merged[name] != wanted[name] and before[name] != ours.get(name)]
        if differing:
            kept.append(f"{store.name}: {', '.join(differing)} as a person left it")
        if merged != before:
            off = before["enabled"] and not merged["enabled"]
            changes.append(PlaceChange("disable" if off else "update", store.name, store.store_id))
            places[at] = _with(places[at], {name: merged[name] for name in merged if merged[name] != before[name]})
    return PlaceMerge(tuple(places), tuple(changes), tuple(kept), owners)


def _merged(name: str, before: Any, wanted: Any, last: Left | None) -> Any:
    """One field: Square's word where nobody wrote another into the shop since."""
    if last is None:
        # a place a person made before the bridge came: only what stands empty is filled in
        return wanted if before == "" or name == "name" else before
    return wanted if before == last.shown.get(name) and wanted != last.wanted.get(name) else before


def left_after(shown: JSON, store: StorePlace, last: Left | None, written: Mapping[str, Any]) -> Left:
    """What to remember of a store's entry: ``shown`` is the entry now, ``written`` what the bridge just wrote there."""
    now, wanted = flat(shown), wanted_fields(store)
    ours = {**(last.shown if last is not None else {}), **{name: now[name] for name in written}}
    kept = {name: now[name] for name in now if now[name] == wanted[name] or ours.get(name) == now[name]}
    return Left(wanted, kept)


def _with(row: JSON, fields: Mapping[str, Any]) -> JSON:
    made = {**row, **{name: value for name, value in fields.items() if not name.startswith("address.")}}
    address = {name.removeprefix("address."): value for name, value in fields.items() if name.startswith("address.")}
    if address:
        made["address"] = {**(row.get("address") or {}), **address}
    return made
