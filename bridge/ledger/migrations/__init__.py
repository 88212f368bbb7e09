"""Bring a ledger of any age to today's schema, with Alembic and without an alembic.ini.

To change the schema: edit ``bridge/ledger/schema.py``, run ``python -m bridge.ledger.migrations "what
changes"``, read the file it writes, and add its revision to ``REVISIONS``. There is no way down: a ledger
that must go back is restored from the backup made before the upgrade.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from alembic.config import Config

# oldest first; known without importing Alembic, which costs more than opening a ledger
REVISIONS = ("0001",)
HEAD = REVISIONS[-1]
FOLDER = Path(__file__).parent


def upgrade(connection: Connection) -> None:
    """Bring the ledger to the newest revision inside the connection's transaction: wholly, or not at all."""
    from alembic import command

    command.upgrade(config_for(connection), "head")


def config_for(connection: Connection) -> Config:
    """Alembic's configuration for one open connection (its cookbook: "sharing a connection")."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
