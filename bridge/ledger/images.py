"""Which picture on one side is which on the other."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from bridge.ledger.schema import image


def twins(conn: Connection, side: str, ids: Sequence[str]) -> dict[str, str]:
    """Remote id → the twin's id on the other side, for those that have one."""
    found = select(image.c.remote_id, image.c.twin_id).where(
        image.c.side == side, image.c.remote_id.in_(list(ids)), image.c.twin_id != ""
    )
    return {str(remote_id): str(twin) for remote_id, twin in conn.execute(found)}


def remember(conn: Connection, *, woo_id: str, square_id: str, sha256: str) -> None:
    """Note that two pictures are one."""
    for side, remote_id, twin in (("woo", woo_id, square_id), ("square", square_id, woo_id)):
        row = insert(image).values(side=side, remote_id=remote_id, sha256=sha256, twin_id=twin)
        conn.execute(
            row.on_conflict_do_update(index_elements=["side", "remote_id"], set_={"sha256": sha256, "twin_id": twin})
        )
