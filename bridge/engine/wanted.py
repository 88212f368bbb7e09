"""What an update of a product wants against what the product shows: before it is sent, and when it is read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge.domain.fields import Value, product_values, same, variation_values
from bridge.domain.product import ShownProduct, ShownVariation
from bridge.ledger import shown
from bridge.ledger.outbox import Action


def as_decided(now: ShownProduct, payload: dict[str, Any]) -> bool:
    """True while each field still shows what it showed at decision time, or already what is wanted."""

    def holds(values: dict[str, Value], changes: dict[str, Any]) -> bool:
        return all(
            values.get(name) == before or same(name, value, values.get(name))
            for name, (value, before) in changes.items()
        )

    if not holds(product_values(now), payload["fields"]):
        return False
    by_id = {v.remote_id: variation_values(v) for v in now.variations}
    return all(vid in by_id and holds(by_id[vid], changes) for vid, changes in payload["variations"].items())


def shows_wanted(now: ShownProduct, payload: dict[str, Any], other: ShownProduct | None) -> bool:
    """True when a product shows everything an update wanted; ``other`` is its twin, which has what was to be added."""
    if payload["add"] and (other is None or not_added_yet(other, now, payload["add"])):
        return False
    wanted = {**payload, "fields": _only_wanted(payload["fields"])}
    wanted["variations"] = {vid: _only_wanted(changes) for vid, changes in payload["variations"].items()}
    return as_decided(now, wanted)


def _only_wanted(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: (value, value) for name, (value, _) in changes.items()}


def not_added_yet(have: ShownProduct, lacks: ShownProduct, ids: Sequence[str]) -> list[str]:
    """Those of the variations to be added that the lacking side really lacks: an earlier try may have made them."""
    skus = {shown.canonical_sku(v.sku) for v in lacks.variations if v.sku}
    titles = {v.title.strip().casefold() for v in lacks.variations}
    by_id = {v.remote_id: v for v in have.variations}

    def is_there(one: ShownVariation) -> bool:
        return shown.canonical_sku(one.sku) in skus if one.sku else one.title.strip().casefold() in titles

    return [i for i in ids if i in by_id and not is_there(by_id[i])]


def written(action: Action) -> dict[tuple[int | None, str], Any]:
    """(vid or ``None``, field) → the other side's half of the new base, for everything an update wrote.

    That is the value written, in the winning side's own words; where a write was taken back the sides differ on
    purpose, and the action carries the half itself (``halves``).
    """
    values: dict[tuple[int | None, str], Any] = {
        (None, name): value for name, (value, _) in action.payload["fields"].items()
    }
    for remote_id, changes in action.payload["variations"].items():
        vid = action.payload["vids"][remote_id]
        values.update({(vid, name): value for name, (value, _) in changes.items()})
    halves = action.payload.get("halves", {})
    return {(vid, name): halves.get(half_name(vid, name), value) for (vid, name), value in values.items()}


def half_name(vid: int | None, name: str) -> str:
    """How a field of a product (or of one of its variations) is named in ``halves``."""
    return f"{vid or ''}:{name}"
