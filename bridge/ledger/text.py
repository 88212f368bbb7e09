"""JSON text for ledger columns: one way in, one way out."""

from __future__ import annotations

from typing import Any

import orjson


def to_json(value: Any) -> str:
    """A value as compact JSON text with sorted keys (equal values give equal text)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str).decode()


def of_json(text: str) -> Any:
    """The value of JSON text."""
    return orjson.loads(text)
