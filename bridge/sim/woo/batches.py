"""The batch endpoints' common part: items run one by one, unvalidated, each with its own outcome."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.routes import Call, WooError

LIMIT = 100
Create = Callable[[dict[str, Any]], dict[str, Any]]
Update = Callable[[Any, dict[str, Any]], dict[str, Any]]
Delete = Callable[[Any], dict[str, Any]]


def run_batch(call: Call, *, create: Create, update: Update, delete: Delete) -> SimResponse:
    """Create, then update, then delete; always 200, or 413 with nothing done above 100 items in all."""
    asked = {name: _rows(call.body.get(name)) for name in ("create", "update", "delete")}
    if sum(len(rows) for rows in asked.values()) > LIMIT:
        raise WooError(
            413,
            "woocommerce_rest_request_entity_too_large",
            f"Unable to accept more than {LIMIT} items for this request.",
        )
    made: dict[str, list[Any]] = {}
    for row in asked["create"]:
        body = row if isinstance(row, dict) else {}
        made.setdefault("create", []).append(_outcome(0, partial(create, body)))
    for row in asked["update"]:
        body = row if isinstance(row, dict) else {}
        number = body.get("id")
        outcome = _outcome(number, partial(update, number, body))
        made.setdefault("update", []).append(outcome)
    for row in asked["delete"]:
        number = row.get("id") if isinstance(row, dict) else row
        made.setdefault("delete", []).append(_outcome(number, partial(delete, number)))
    return call.reply_batch(made)


def _rows(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _outcome(number: Any, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return work()
    except WooError as problem:
        return {"id": number, "error": problem.body()}
