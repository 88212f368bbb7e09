"""${message}."""

import sqlalchemy as sa
from alembic import op

from bridge.errors import LedgerError

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """There is no way down."""
    raise LedgerError("A ledger is not downgraded.", advice="Restore the backup made before the upgrade.")
