"""For developers: write the next revision from what changed between the last one and ``schema.py``."""

from __future__ import annotations

import sys

from alembic import command
from sqlalchemy import create_engine

from bridge.ledger.migrations import REVISIONS, config_for, upgrade


def main(message: str) -> None:
    """Write the next revision file; to be read before it is committed."""
    with create_engine("sqlite://").connect() as connection:
        upgrade(connection)
        number = f"{len(REVISIONS) + 1:04d}"
        command.revision(config_for(connection), message, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "change")
