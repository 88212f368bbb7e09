"""Backup and restore on the command line: checked, rotated, and an older ledger put back counts nothing twice."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.ledger.lease import Holder, LockFile
from tests.cli.conftest import Accounts, Ended

Run = Callable[..., Ended]


@pytest.fixture
def settled(accounts: Accounts) -> Accounts:
    accounts.product("A-1", stock=10)
    accounts.settle()
    return accounts


def test_a_backup_goes_beside_the_ledger_is_checked_and_private(settled: Accounts) -> None:
    told = settled.bridge("backup", "--json").json
    made = Path(told["backup"])
    assert made.parent == settled.folder / "backups"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert told["rows"] > 0
    with sqlite3.connect(made) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_only_the_newest_are_kept_and_strangers_are_left_alone(settled: Accounts) -> None:
    folder = settled.folder / "backups"
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"bridge-2026030{day}T040000.sqlite").write_text("old")
    (folder / "bridge-notes.sqlite").write_text("mine")
    told = settled.bridge("backup", "--keep", "3", "--json").json
    left = sorted(path.name for path in folder.iterdir())
    assert left == sorted(
        [
            "bridge-20260304T040000.sqlite",
            "bridge-20260305T040000.sqlite",
            "bridge-notes.sqlite",
            Path(told["backup"]).name,
        ]
    )
    assert len(told["deleted"]) == 3


def test_a_backup_to_a_named_file_never_overwrites(settled: Accounts) -> None:
    assert settled.bridge("backup", "mine.sqlite").code == 0
    again = settled.bridge("backup", "mine.sqlite")
    assert again.code == 2
    assert "never overwrites" in again.err
    assert settled.bridge("backup", "other.sqlite", "--keep", "2").code == 2


def test_before_the_first_run_there_is_nothing_to_back_up(accounts: Accounts) -> None:
    ended = accounts.bridge("backup")
    assert ended.code == 2
    assert "no ledger" in ended.err
    assert not (accounts.folder / "bridge.sqlite").exists()


def test_status_and_alerts_know_when_the_last_backup_was_made(settled: Accounts) -> None:
    settled.bridge("backup")
    told = settled.bridge("alerts", "list", "--json").json
    assert told["standing"]["Last backup"].endswith("ago")


def test_restoring_an_older_ledger_is_noticed_and_every_number_ends_right(settled: Accounts) -> None:
    old = Path(settled.bridge("backup", "--json").json["backup"])
    twin = settled.square_variation("A-1")
    product = next(iter(settled.woo.state.items))
    settled.woo.acts["checkout"]([{"id": product, "quantity": 2}])
    settled.settle()
    settled.square.acts["sell"](settled.stores[0], [{"variation_id": twin, "quantity": "3"}])
    settled.settle()
    assert int(settled.woo.state.items[product].stock or 0) == 5

    asked = settled.bridge("restore", str(old))
    assert asked.code == 2  # nobody is here to answer
    told = settled.bridge("restore", str(old), "--yes", "--json").json
    assert Path(told["kept"]).exists()
    assert settled.bridge("status", "--json").json["restored"]
    for _ in range(2):
        settled.bridge("sync", "--yes", "--json")
    assert int(settled.woo.state.items[product].stock or 0) == 5
    assert sum(settled.square.state.inventory.on_hand(twin, place) for place in settled.stores) == 5
    assert not settled.bridge("status", "--json").json["restored"]


@pytest.mark.parametrize("content", [b"", b"no backup at all" * 500])
def test_a_file_that_is_no_backup_changes_nothing(settled: Accounts, content: bytes) -> None:
    before = (settled.folder / "bridge.sqlite").read_bytes()
    (settled.folder / "bad.sqlite").write_bytes(content)
    ended = settled.bridge("restore", "bad.sqlite", "--yes")
    assert ended.code == 2
    assert (settled.folder / "bridge.sqlite").read_bytes() == before
    assert settled.bridge("restore", "missing.sqlite", "--yes").code == 2


def test_restore_without_a_file_lists_the_backups_newest_first_and_changes_nothing(settled: Accounts) -> None:
    none = settled.bridge("restore")
    assert none.code == 2
    assert "There is no backup in" in none.err
    made = Path(settled.bridge("backup", "--json").json["backup"])
    older = made.with_name("bridge-20200101T000000.sqlite")
    older.write_bytes(made.read_bytes())
    (made.parent / "bridge-notes.sqlite").write_text("mine")
    before = (settled.folder / "bridge.sqlite").read_bytes()
    assert settled.bridge("restore", "--json").json["backups"] == [str(made), str(older)]
    assert f"The newest: bridge restore {made}" in settled.bridge("restore").out
    assert (settled.folder / "bridge.sqlite").read_bytes() == before


def test_while_a_bridge_works_a_backup_is_made_and_a_restore_is_refused_with_what_to_type(settled: Accounts) -> None:
    ledger = settled.folder / "bridge.sqlite"
    lock = LockFile(ledger)
    lock.take(Holder("daemon", os.getpid(), os.uname().nodename, "2026-03-02T04:00:00.000000Z"))
    try:
        made = settled.bridge("backup", "--json").json["backup"]
        refused = settled.bridge("restore", made, "--yes")
    finally:
        lock.drop()
    assert refused.code == 1
    assert "Nothing was changed" in refused.err
    assert "systemctl stop bridge" in refused.err
    assert not list(settled.folder.glob("*.replaced-*"))
    assert settled.bridge("restore", made, "--yes").code == 0
