"""Queries by a whole page of ids, on the path every row of every listing takes.

Here SQLAlchemy would spend longer on spelling out the ids than SQLite on finding them: they travel as one JSON
parameter (https://www.sqlite.org/json1.html, ``json_each``) through the driver's own cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection


def rows_by_ids(conn: Connection, statement: str, ids: Sequence[Any], *before: Any) -> list[tuple[Any, ...]]:
    """Rows of ``statement``, whose last parameter is the ids (``IN (SELECT value FROM json_each(?))``)."""
    cursor = conn.connection.cursor()
    try:
        cursor.execute(statement, (*before, orjson.dumps(ids).decode()))
        return list(cursor.fetchall())
    finally:
        cursor.close()
