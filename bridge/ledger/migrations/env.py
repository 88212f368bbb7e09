"""What Alembic runs for every command: the connection it was handed, and today's schema to compare with."""

from alembic import context

from bridge.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can undo DDL; the transaction is begun and ended by whoever handed the connection over
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
