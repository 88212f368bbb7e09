"""Tells the log what was written since the last time, each write with its cause and its key, and what is in doubt.

The ledger is where this stands for good (``bridge explain``, ``bridge undo --list``); the log is for whoever watches a
running daemon. Only numbers are repeated in it: names and addresses of customers have no business there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from bridge.engine.causes import because
from bridge.ledger import decisions, history, outbox, stock, subjects
from bridge.ledger.database import Database
from bridge.ledger.stores import all_stores
from bridge.ledger.text import of_json
from bridge.report.logs import log

MOST_LINES = 500
"""Of one pass; a first run writes thousands, which the history holds."""
_LONGEST = 300
_STOCK = ("change_stock", "adjust", "count")


class WriteLog:
    """``begin`` remembers where the history stands, ``tell`` logs what was added since."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._written: int | None = None
        self._asked = 0
        self._doubtful: set[str] = set()

    def begin(self) -> None:
        """From now on; a second time changes nothing. Raises ``LedgerError``."""
        if self._written is None:
            with self._db.reading() as conn:
                self._asked = decisions.last_id(conn)
                self._written = history.last_id(conn)

    def tell(self) -> None:
        """Log what is new since ``begin`` or the last time. Raises ``LedgerError``."""
        if self._written is None:
            return
        with self._db.reading() as conn:
            self._tell_written(conn, self._written)
            self._tell_doubtful(conn)
            asked = decisions.since(conn, self._asked)
        for row in asked:
            self._asked = row.id
            log("decisions").info("asked", decision=row.id, kind=row.kind)

    def _tell_written(self, conn: Connection, since: int) -> None:
        rows = history.since(conn, since, most=MOST_LINES)
        stores = {one.store_id: one.name for one in all_stores(conn)} if rows else {}
        for row in rows:
            log("writes").info("written", **_line(conn, row, stores))
        self._written = history.last_id(conn)
        if rows and self._written > rows[-1].id:
            log("writes").info("more written", lines=self._written - rows[-1].id, see="bridge undo --list")

    def _tell_doubtful(self, conn: Connection) -> None:
        unknown = outbox.in_states(conn, ("unknown",))
        for action in unknown:
            if action.key not in self._doubtful:
                log("writes").warning(
                    "in doubt", side=action.side, kind=action.kind, key=action.key, reason=action.error[:_LONGEST]
                )
        self._doubtful = {action.key for action in unknown}


def _line(conn: Connection, row: Any, stores: dict[str, str]) -> dict[str, Any]:
    line: dict[str, Any] = {"side": row.side, "kind": row.kind, "run": row.run_id}
    variation = stock.by_vid(conn, [row.vid]).get(row.vid) if row.vid else None
    if variation is not None:
        line["sku"] = subjects.sku_as_shown(conn, variation)
    elif row.pid:
        line["product"] = row.pid
    if row.field:
        line["field"] = row.field
    for name, text in (("before", row.before_json), ("after", row.after_json)):
        value = of_json(text)
        if isinstance(value, int | float) or (isinstance(value, str) and value.lstrip("-").isdigit()):
            line[name] = value
    action = outbox.by_key(conn, row.key) if row.key else None
    causes = because(conn, action, stores) if action is not None and action.kind in _STOCK else []
    return line | {"cause": "; ".join(causes)[:_LONGEST] or row.why[:_LONGEST], "key": row.key}
