"""Writes to a WooCommerce shop: stock deltas with their keys, product fields, new products and variations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.remotes.calls import Caller
from bridge.remotes.classify import woo_item
from bridge.remotes.port import (
    JSON,
    Call,
    Done,
    Later,
    Outcome,
    Refused,
    Unknown,
    WooStockChange,
)
from bridge.remotes.woo.incoming import KEY, tracking_of
from bridge.remotes.woo.outgoing import faults_of
from bridge.remotes.woo.read import PRODUCTS, chunks

LARGEST_BATCH = 100
LONGEST_KEY = 64


def _with_key(fields: Mapping[str, Any], key: str) -> JSON:
    meta = [row for row in fields.get("meta_data") or () if row.get("key") != KEY]
    return {**fields, "meta_data": [*meta, {"key": KEY, "value": key}]}


def _invalid(faults: Sequence[str]) -> Refused:
    return Refused("invalid_value", "Not sent: " + "; ".join(faults) + ".")


class WooWriter:
    """The writing half of ``WooClient``; ``batch_size`` is how many items one batch call may carry (1 to 100).

    A batch of 100 takes the shop about five seconds and may outlast a proxy's patience: hence 50 by default.
    """

    def __init__(self, caller: Caller, *, batch_size: int = 50) -> None:
        self._caller = caller
        self._batch_size = max(1, min(LARGEST_BATCH, batch_size))

    # -- stock ------------------------------------------------------------------------
    def change_stock(self, changes: Sequence[WooStockChange]) -> list[Outcome]:
        """Deltas with keys; one call per simple product or parent, batches where there are several."""
        outcomes: list[Outcome] = [Unknown("not sent")] * len(changes)
        by_parent: dict[str, list[int]] = {}
        seen: set[str] = set()
        for place, change in enumerate(changes):
            faults = _stock_faults(change, seen)
            if faults:
                outcomes[place] = _invalid(faults)
                continue
            seen.add(change.variation_id)
            by_parent.setdefault(change.parent_id, []).append(place)
        for parent_id, places in by_parent.items():
            for some in chunks(places, self._batch_size):
                answered = self._change_some(parent_id, [changes[place] for place in some])
                for place, outcome in zip(some, answered, strict=True):
                    outcomes[place] = outcome
        return outcomes

    def _change_some(self, parent_id: str, changes: Sequence[WooStockChange]) -> list[Outcome]:
        path = f"{PRODUCTS}/{parent_id}/variations" if parent_id else PRODUCTS
        if len(changes) == 1:
            only = changes[0]
            outcome = self._caller.write(Call("PUT", f"{path}/{only.variation_id}", body=_stock_item(only)))
            return [_counted(outcome, only)]
        items = [{"id": int(change.variation_id), **_stock_item(change)} for change in changes]
        outcomes = self._batch(path, "update", items)
        return [_counted(outcome, change) for outcome, change in zip(outcomes, changes, strict=True)]

    def _batch(self, path: str, verb: str, items: Sequence[JSON]) -> list[Outcome]:
        """One batch call; an item missing from the answer may have been done all the same."""
        outcome = self._caller.write(Call("POST", f"{path}/batch", body={verb: list(items)}))
        if not isinstance(outcome, Done):
            return [outcome] * len(items)
        rows = outcome.answer.get(verb) if isinstance(outcome.answer, dict) else None
        if not isinstance(rows, list) or len(rows) != len(items):
            return [Unknown("the shop's answer does not list what was asked")] * len(items)
        found = [woo_item(row) for row in rows]
        for place, (item, row) in enumerate(zip(items, rows, strict=True)):
            if "id" in item and isinstance(row, dict) and row.get("id") not in (item["id"], 0, None):
                found[place] = Unknown("the shop's answer is about another object")
        return found

    # -- products -----------------------------------------------------------------------
    def update_product(self, product_id: str, fields: JSON) -> Outcome:
        """Write product fields."""
        return self._write("PUT", f"{PRODUCTS}/{product_id}", fields)

    def update_variation(self, product_id: str, variation_id: str, fields: JSON) -> Outcome:
        """Write variation fields."""
        return self._write("PUT", f"{PRODUCTS}/{product_id}/variations/{variation_id}", fields)

    def create_product(self, fields: JSON, key: str) -> Outcome:
        """Create a product carrying our key, by which a lost answer is found again."""
        return self._write("POST", PRODUCTS, fields, key)

    def _write(self, verb: str, path: str, fields: JSON, key: str = "") -> Outcome:
        faults = faults_of(fields)
        if faults:
            return _invalid(faults)
        outcome = self._caller.write(Call(verb, path, body=_with_key(fields, key) if key else fields))
        if isinstance(outcome, Done) and not (isinstance(outcome.answer, dict) and outcome.answer.get("id")):
            return Unknown("the shop's answer is not the product")
        return outcome

    def create_variations(self, product_id: str, rows: Sequence[JSON]) -> list[Outcome]:
        """Create variations in batches; after one unanswered batch the rest is left for later."""
        outcomes: list[Outcome] = [Later("an earlier batch was not answered")] * len(rows)
        sound = []
        for place, row in enumerate(rows):
            faults = faults_of(row)
            if faults:
                outcomes[place] = _invalid(faults)
            else:
                sound.append(place)
        path = f"{PRODUCTS}/{product_id}/variations"
        for some in chunks(sound, self._batch_size):
            answered = self._batch(path, "create", [rows[place] for place in some])
            for place, outcome in zip(some, answered, strict=True):
                outcomes[place] = outcome
            if any(isinstance(outcome, (Unknown, Later)) for outcome in answered):
                break
        return outcomes


def _stock_item(change: WooStockChange) -> JSON:
    if change.start_tracking:
        return _with_key({"manage_stock": True, "stock_quantity": change.delta}, change.key)
    return _with_key({"inventory_delta": change.delta}, change.key)


def _stock_faults(change: WooStockChange, seen: set[str]) -> list[str]:
    """Why a change must not be sent: the shop would read a wrong value as 0 or switch counting off."""
    faults = []
    if not isinstance(change.delta, int) or isinstance(change.delta, bool):
        faults.append("the change is not a whole number")
    if not change.variation_id.isdecimal() or (change.parent_id and not change.parent_id.isdecimal()):
        faults.append("the product's id is not a number")
    if not change.key or len(change.key) > LONGEST_KEY:
        faults.append("the key is missing or too long")
    if change.variation_id in seen:
        faults.append("the same product stands twice in one call, and only its last key would remain")
    return faults


def _counted(outcome: Outcome, change: WooStockChange) -> Outcome:
    """The shop takes a delta of an uncounted product with 200 and ignores it: that is a refusal."""
    if not isinstance(outcome, Done):
        return outcome
    if not isinstance(outcome.answer, dict) or "manage_stock" not in outcome.answer:
        return Unknown("the shop's answer is not the product")
    if tracking_of(outcome.answer) != "tracked":
        return Refused("not_tracked", "The shop does not count this product's stock.", gone=False)
    return outcome
