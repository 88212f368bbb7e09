"""Products as shown, to and from the JSON the ledger keeps of them."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from bridge.domain.product import ShownImage, ShownProduct, ShownVariation


def variation_body(shown: ShownVariation) -> dict[str, Any]:
    """A variation as JSON values. Its stock number is left out: that lives in the stock table."""
    body = asdict(shown)
    del body["stock"], body["key"]
    return body


def variation_of(body: dict[str, Any]) -> ShownVariation:
    """The variation of a stored body."""
    image = body.get("image")
    made = {
        **body,
        "options": tuple((name, value) for name, value in body.get("options", ())),
        "image": ShownImage(**image) if image else None,
    }
    if made.get("stock") is not None:
        made["stock"] = Decimal(str(made["stock"]))
    return ShownVariation(**made)


def product_body(shown: ShownProduct) -> dict[str, Any]:
    """A product without its variations as JSON values."""
    body = asdict(shown)
    del body["variations"]
    return body


def product_of(body: dict[str, Any], variations: tuple[ShownVariation, ...]) -> ShownProduct:
    """The product of a stored body and its variations."""
    return ShownProduct(
        **{
            **body,
            "categories": tuple(tuple(path) for path in body.get("categories", ())),
            "images": tuple(ShownImage(**image) for image in body.get("images", ())),
            "option_names": tuple(body.get("option_names", ())),
            "variations": variations,
        }
    )
