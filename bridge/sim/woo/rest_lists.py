"""What every collection of the REST API shares: cutting a page, forced deletion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from bridge.sim.woo.params import as_flag
from bridge.sim.woo.routes import Call, WooError

Row = TypeVar("Row")


def cut_page(rows: Sequence[Row], params: dict[str, Any]) -> tuple[Sequence[Row], int, int]:
    """The rows of the page asked for, with its number and size (``offset`` overrides the page)."""
    number, size = params["page"], params["per_page"]
    offset = params.get("offset")
    start = offset if offset is not None else (number - 1) * size
    return rows[start : start + size], number, size


def must_force(call: Call, message: str) -> None:
    """Refuse a deletion without ``force=true`` for what has no trash."""
    if not as_flag(call.params.get("force")):
        raise WooError(501, "woocommerce_rest_trash_not_supported", message)
