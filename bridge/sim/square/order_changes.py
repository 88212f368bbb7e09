"""Sparse changes of an order: matching by uid, null and ``fields_to_clear``, leaving the original untouched.

An UpdateOrder body names only what changes. Objects in an array are matched by ``uid``; one without a uid, or
with an unknown one, is new. ``null`` clears a field; ``fields_to_clear`` does the same by dot path, such as
``line_items[uid].note`` or ``discounts[uid]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

Json = dict[str, Any]

WRITABLE = frozenset(
    {
        "reference_id",
        "customer_id",
        "line_items",
        "taxes",
        "discounts",
        "service_charges",
        "fulfillments",
        "metadata",
        "state",
        "ticket_name",
        "pricing_options",
    }
)
"""What UpdateOrder may change on the order itself; the rest is read-only and silently left alone."""

_STEP = re.compile(r"([A-Za-z0-9_-]+)(?:\[([^\]]+)\])?")


class UnknownFieldError(ValueError):
    """A ``fields_to_clear`` path that names nothing that may be cleared."""


def copied(value: Any) -> Any:
    """A deep copy of a JSON value."""
    return orjson.loads(orjson.dumps(value))


def with_changes(order: Json, change: Json, clear: list[str], new_uid: Callable[[], str]) -> Json:
    """``order`` with the sparse ``change`` made and fields cleared, as a copy; raises ``UnknownFieldError``."""
    result: Json = copied(order)
    for path in clear:
        _clear(result, path)
    for name, value in change.items():
        if name in WRITABLE:
            _put(result, name, value, new_uid)
    return result


def _put(owner: Json, name: str, value: Any, new_uid: Callable[[], str]) -> None:
    if value is None:
        owner.pop(name, None)
    elif isinstance(value, dict) and isinstance(owner.get(name), dict):
        for inner, inner_value in value.items():
            _put(owner[name], inner, inner_value, new_uid)
    elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        owner[name] = _merged_list(owner.get(name) or [], value, new_uid)
    else:
        owner[name] = without_nulls(value)


def _merged_list(current: list[Json], changes: list[Json], new_uid: Callable[[], str]) -> list[Json]:
    result = list(current)
    by_uid = {entry.get("uid"): entry for entry in result}
    for change in changes:
        known = by_uid.get(change["uid"]) if change.get("uid") else None
        if known is None:
            fresh = {"uid": change.get("uid") or new_uid(), **without_nulls(change)}
            fresh["uid"] = fresh["uid"] or new_uid()
            result.append(fresh)
            continue
        for name, value in change.items():
            _put(known, name, value, new_uid)
    return result


def without_nulls(value: Any) -> Any:
    """A copy of a JSON value without keys whose value is null, at any depth."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value


def _clear(order: Json, path: str) -> None:
    steps = _parsed(path)
    owner: Any = order
    for name, uid in steps[:-1]:
        owner = owner.get(name)
        if uid is not None:
            owner = next((entry for entry in owner or () if entry.get("uid") == uid), None)
        if not isinstance(owner, dict):
            raise UnknownFieldError(path)
    name, uid = steps[-1]
    if uid is None:
        owner.pop(name, None)
    else:
        owner[name] = [entry for entry in owner.get(name) or () if entry.get("uid") != uid]


def _parsed(path: str) -> list[tuple[str, str | None]]:
    steps: list[tuple[str, str | None]] = []
    for part in re.split(r"\.(?![^\[]*\])", path):
        found = _STEP.fullmatch(part)
        if found is None:
            raise UnknownFieldError(path)
        steps.append((found[1], found[2]))
    if steps[0][0] not in WRITABLE or (steps[0][0] == "fulfillments" and len(steps) == 1):
        raise UnknownFieldError(path)
    return steps
