"""Pages as Square sends them: a cursor only while there is more, no empty arrays, and what faults do to pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.routes import make_cursor, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]


def page(
    square: FakeSquare, request: SimRequest, body: Any, name: str, rows: list[Json], start: Any, after: Any
) -> Json:
    """A page named ``name`` that began at position ``start``; ``after`` is the next position or ``None``.

    The fault ``empty_page_with_cursor`` answers no rows and a cursor that leads back to ``start``.
    """
    if square.faults.rules and square.faults.take("empty_page_with_cursor", request) is not None:
        rows, after = [], start
    made: Json = {name: rows} if rows else {}
    if after is not None:
        made["cursor"] = make_cursor(request, body, after, square.clock.now())
    return made


def cut(rows: list[Any], start: int, limit: int) -> tuple[list[Any], int | None]:
    """``limit`` rows from ``start`` and the position after them, ``None`` at the end."""
    end = start + limit
    return rows[start:end], end if end < len(rows) else None


def strict_limit(body: Any, default: int, highest: int) -> int:
    """A body's ``limit`` where Square insists on 1..highest; ``SquareError`` otherwise."""
    limit = (body or {}).get("limit")
    if limit is None:
        return default
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise refusal("EXPECTED_INTEGER", "Expected an integer value.", "limit")
    if limit < 1:
        raise refusal("VALUE_TOO_LOW", "Field must be greater than or equal to 1", "limit")
    if limit > highest:
        raise refusal("VALUE_TOO_HIGH", f"Field must be less than or equal to {highest}", "limit")
    return limit


def text_list(body: Any, name: str, longest: int | None = None) -> list[str]:
    """A list of strings from a body ([] when absent or null); ``SquareError`` for anything else."""
    value = (body or {}).get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise refusal("EXPECTED_ARRAY", "Expected an array.", name)
    if any(not isinstance(one, str) for one in value):
        raise refusal("EXPECTED_STRING", "Expected a string value.", name)
    if longest is not None and len(value) > longest:
        raise refusal("ARRAY_LENGTH_TOO_LONG", f"Array must have at most {longest} elements", name)
    return value
