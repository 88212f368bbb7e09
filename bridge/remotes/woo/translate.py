"""Between WooCommerce's objects and the bridge's words: ``incoming`` reads them, ``outgoing`` writes them."""

from __future__ import annotations

from bridge.remotes.woo.incoming import (
    KEY,
    key_of,
    product_fingerprint,
    raw_product,
    raw_variation,
    shown_order,
    shown_product,
    shown_variation,
    stock_of_raw,
    variation_fingerprint,
)
from bridge.remotes.woo.outgoing import (
    faults_of,
    gtin_for_woo,
    image_rows,
    is_simple,
    new_product,
    new_variations,
    parent_attributes,
    product_fields,
    variation_fields,
)

__all__ = [
    "KEY",
    "faults_of",
    "gtin_for_woo",
    "image_rows",
    "is_simple",
    "key_of",
    "new_product",
    "new_variations",
    "parent_attributes",
    "product_fields",
    "product_fingerprint",
    "raw_product",
    "raw_variation",
    "shown_order",
    "shown_product",
    "shown_variation",
    "stock_of_raw",
    "variation_fields",
    "variation_fingerprint",
]
