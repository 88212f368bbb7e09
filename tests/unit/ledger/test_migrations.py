"""A ledger of any age becomes today's ledger: wholly or not at all, after a backup, and never the other way."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from bridge.errors import LedgerError, LedgerTooNew
from bridge.ledger import migrations
from bridge.ledger.backup import verify
from bridge.ledger.database import Database
from bridge.ledger.schema import metadata
from tests.unit.ledger.ground import fact, note, opened


def shape(db: Database) -> dict[str, str]:
    """Every table and index as SQL."""
    with db.reading() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master").all()
    return {name: " ".join((sql or "").split()) for name, sql in rows}


def columns(db: Database) -> dict[str, list[tuple[object, ...]]]:
    with db.reading() as connection:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(f"PRAGMA table_xinfo({name})")]
            for name in metadata.tables
        }


def constraints(db: Database) -> dict[str, object]:
    """Foreign keys, unique constraints, checks, indexes and row-id rules, as SQLite itself understood them."""
    found: dict[str, object] = {}
    with db.reading() as connection:
        for name in metadata.tables:
            keys = connection.exec_driver_sql(f"PRAGMA foreign_key_list({name})").all()
            indexes = connection.exec_driver_sql(f"PRAGMA index_list({name})").all()
            sql = connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{name}'").scalar_one()
            covered = {
                tuple(connection.exec_driver_sql(f"PRAGMA index_info({index[1]})").scalars("name")) + tuple(index[2:])
                for index in indexes
            }
            found[name] = (
                sorted(tuple(key)[2:] for key in keys),
                covered,
                sorted(line.strip(", \t") for line in sql.splitlines() if "CHECK" in line),
                "AUTOINCREMENT" in sql,
            )
        wheres = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'index'").all()
        found["indexes"] = {name: " ".join((sql or "").replace('"', "").split()) for name, sql in wheres}
    return found


def test_the_revisions_lead_to_exactly_the_schema_of_today(tmp_path: Path) -> None:
    with opened(tmp_path / "l.sqlite") as migrated, opened(":memory:") as direct:
        assert columns(migrated) == columns(direct)
        assert constraints(migrated) == constraints(direct)
        assert shape(migrated).keys() == shape(direct).keys()


def test_the_comparison_would_notice_a_difference(tmp_path: Path) -> None:
    with opened(tmp_path / "l.sqlite") as migrated, opened(":memory:") as direct:
        with migrated.transaction() as connection:
            connection.exec_driver_sql("DROP INDEX outbox_one_woo_stock")
            connection.exec_driver_sql("ALTER TABLE run ADD COLUMN extra TEXT")
        assert columns(migrated) != columns(direct)
        assert constraints(migrated) != constraints(direct)


def test_the_list_of_revisions_is_what_alembic_finds() -> None:
    with create_engine("sqlite://").connect() as connection:
        script = ScriptDirectory.from_config(migrations.config_for(connection))
    found = [step.revision for step in script.walk_revisions()]
    assert tuple(reversed(found)) == migrations.REVISIONS
    assert script.get_current_head() == migrations.HEAD


def test_both_kinds_of_ledger_carry_the_newest_revision(tmp_path: Path) -> None:
    for place in (":memory:", tmp_path / "l.sqlite"):
        with opened(place) as db, db.reading() as connection:
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
            assert found == [migrations.HEAD]


def test_a_ledger_of_a_newer_bridge_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    opened(path).close()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerTooNew, match="9999") as refused:
        opened(path)
    assert "newer bridge" in refused.value.advice
    assert [found.name for found in tmp_path.iterdir()] == ["l.sqlite"]


def test_there_is_no_way_down(tmp_path: Path) -> None:
    with opened(tmp_path / "l.sqlite") as db:
        with pytest.raises(LedgerError, match="not downgraded"), db.transaction() as connection:
            command.downgrade(migrations.config_for(connection), "base")
        note(db, "a", "1")


def test_without_migrating_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "l.sqlite").touch()
    with pytest.raises(LedgerError, match="is empty"):
        opened(tmp_path / "l.sqlite", migrate=False)


NEXT = """
from alembic import op

revision = "next"
down_revision = "{head}"
branch_labels = None
depends_on = None

def upgrade() -> None:
    with op.batch_alter_table("variation", recreate="always") as table:
        table.alter_column("sku", server_default="none")
    op.execute("CREATE TABLE extra (id INTEGER)")
    {last}
"""


def add_revision(monkeypatch: pytest.MonkeyPatch, folder: Path, last: str = "pass") -> None:
    """As if tomorrow's bridge had one more revision."""
    shutil.copytree(migrations.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "rev_next.py").write_text(NEXT.format(head=migrations.HEAD, last=last))
    monkeypatch.setattr(migrations, "FOLDER", folder)
    monkeypatch.setattr(migrations, "REVISIONS", (*migrations.REVISIONS, "next"))
    monkeypatch.setattr(migrations, "HEAD", "next")


def ledger_with_links(path: Path) -> None:
    with opened(path) as db, db.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO product (pid, woo_id) VALUES (1, '10')")
        connection.exec_driver_sql("INSERT INTO variation (vid, pid, woo_id, square_id) VALUES (1, 1, '11', 'V')")
        connection.exec_driver_sql("INSERT INTO stock (vid) VALUES (1)")


def test_an_older_ledger_is_backed_up_and_then_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.sqlite"
    ledger_with_links(path)
    old = migrations.HEAD
    add_revision(monkeypatch, tmp_path / "migrations")
    with opened(path) as db:
        with db.transaction() as connection:
            connection.exec_driver_sql("INSERT INTO extra VALUES (1)")
            assert connection.exec_driver_sql("SELECT count(*) FROM stock").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert db.epoch == "epoch-1", "an upgrade is not a restore"
    saved = verify(next(tmp_path.glob("l.sqlite.before-upgrade-*")))
    assert (saved.revision, saved.counts["variation"]) == (old, 1)


def test_without_migrating_an_older_ledger_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(tmp_path / "l.sqlite").close()
    add_revision(monkeypatch, tmp_path / "migrations")
    with pytest.raises(LedgerError, match="must be upgraded first"):
        opened(tmp_path / "l.sqlite", migrate=False)


@pytest.mark.parametrize(
    "last",
    [
        "raise ZeroDivisionError",
        'op.execute("DELETE FROM product")',  # leaves variations that point nowhere
    ],
)
def test_an_upgrade_that_fails_at_its_end_leaves_the_ledger_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    path = tmp_path / "l.sqlite"
    ledger_with_links(path)
    with opened(path) as db:
        before = shape(db)
    with monkeypatch.context() as tomorrow:
        add_revision(tomorrow, tmp_path / "migrations", last)
        with pytest.raises((ZeroDivisionError, LedgerError)):
            opened(path)
    with opened(path) as db:
        assert shape(db) == before
        assert fact(db, "epoch") == "epoch-1"
        with db.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM variation").scalar() == 1
