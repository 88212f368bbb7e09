"""Lists in pages: whole lists cut by position, and payments and refunds by time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.moments import moment, rfc3339
from bridge.sim.square.paging import cut, page
from bridge.sim.square.routes import open_cursor, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
PAGE = 100
_FIELDS = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at"}


def listed(square: FakeSquare, request: SimRequest, body: Any, name: str, records: list[Json], limit: int) -> Json:
    """One page of a list that is at hand."""
    start = open_cursor(request, body, square.clock.now()) or 0
    rows, after = cut(records, start, limit)
    return page(square, request, body, name, rows, start, after)


def recent_page(
    square: FakeSquare,
    request: SimRequest,
    name: str,
    by_update: dict[str, Json],
    wanted: Callable[[Json], bool],
) -> Json:
    """One page of records, newest first unless asked otherwise.

    ``by_update`` holds the records in order of ``updated_at``. Times: ``begin_time``/``end_time`` bound
    ``created_at`` (default: the last year), ``updated_at_begin_time``/``_end_time`` bound ``updated_at``; both
    ends inclusive. A ``limit`` above 100 counts as 100.
    """
    now = square.clock.now()
    limit = query_limit(request)
    field = _sort_field(request)
    descending = request.arg("sort_order", "DESC").upper() != "ASC"
    updated = _span(request, "updated_at_begin_time", "updated_at_end_time", "")
    year_ago = "" if updated[0] else rfc3339(now - timedelta(days=365))
    created = _span(request, "begin_time", "end_time", year_ago)
    lag = square.trade.list_lag
    shown_until = rfc3339(now - timedelta(seconds=lag)) if lag else "9999"
    rows = []
    for row in reversed(by_update.values()):
        if row["updated_at"] < updated[0]:
            break
        if row["updated_at"] > shown_until:
            continue
        if row["updated_at"] <= updated[1] and created[0] <= row["created_at"] <= created[1] and wanted(row):
            rows.append(row)
    rows.sort(key=lambda row: (row[field], row["id"]), reverse=descending)
    mark = open_cursor(request, None, now)
    if mark is not None:
        at = (mark[0], mark[1])
        rows = [r for r in rows if ((r[field], r["id"]) < at if descending else (r[field], r["id"]) > at)]
    shown = rows[:limit]
    after = [shown[-1][field], shown[-1]["id"]] if len(rows) > limit else None
    return page(square, request, None, name, shown, mark, after)


def _span(request: SimRequest, begin: str, end: str, default_begin: str) -> tuple[str, str]:
    start, stop = request.arg(begin), request.arg(end)
    first = rfc3339(moment(start, begin)) if start else default_begin
    last = rfc3339(moment(stop, end)) if stop else "9999"
    if first > last:
        raise refusal("INVALID_TIME_RANGE", f"`{begin}` is after `{end}`.", begin)
    return first, last


def _sort_field(request: SimRequest) -> str:
    named = request.arg("sort_field", "CREATED_AT")
    if named not in _FIELDS:
        raise refusal("INVALID_ENUM_VALUE", f"`{named}` is not a sort field.", "sort_field")
    return _FIELDS[named]


def query_limit(request: SimRequest) -> int:
    """The ``limit`` of a query string, at most 100; ``SquareError`` when it is no positive number."""
    text = request.arg("limit")
    if not text:
        return PAGE
    if not text.isdigit() or int(text) < 1:
        raise refusal("VALUE_TOO_LOW", "`limit` must be at least 1.", "limit")
    return min(int(text), PAGE)
