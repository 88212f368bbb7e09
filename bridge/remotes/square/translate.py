"""Between Square's objects and the bridge's words: ``incoming`` reads them, ``outgoing`` writes them."""

from __future__ import annotations

from bridge.remotes.square.incoming import (
    changes_of_raw,
    counts_of_raw,
    item_fingerprint,
    raw_item,
    shown_item,
    shown_variation,
    store_of_raw,
)
from bridge.remotes.square.outgoing import (
    SquareOption,
    add_variations,
    apply_fields,
    change_faults,
    inventory_change,
    new_item,
    variation_client_id,
    variation_name,
)

__all__ = [
    "SquareOption",
    "add_variations",
    "apply_fields",
    "change_faults",
    "changes_of_raw",
    "counts_of_raw",
    "inventory_change",
    "item_fingerprint",
    "new_item",
    "raw_item",
    "shown_item",
    "shown_variation",
    "store_of_raw",
    "variation_client_id",
    "variation_name",
]
