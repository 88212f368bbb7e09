"""``bridge backup``: a checked copy of the ledger, while the bridge works."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.errors import InputError, LedgerError

if TYPE_CHECKING:
    from bridge.config.model import Config
    from bridge.ledger.backup import Backup
    from bridge.ledger.database import Database


@click.command(
    cls=BridgeCommand,
    examples=("bridge backup", "bridge backup /mnt/elsewhere --keep 14", "bridge backup before-the-sale.sqlite"),
)
@click.argument("target", type=click.Path(path_type=Path), required=False)
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Keep the newest N in that folder, delete older.")
@click.pass_obj
def backup(cli: Cli, /, target: Path | None, keep: int | None) -> None:
    """Copy the ledger while the bridge works, and check the copy.

    TARGET is a folder or a new file; without it the copy goes to `backups` beside the ledger. It is read from its
    first to its last page before it counts. Keep copies on another machine too; keys and tokens are not in them.
    """
    from bridge.cli.opened import set_up
    from bridge.clock import SystemClock
    from bridge.ledger.backup import backup as copy

    config = set_up(cli)
    clock = SystemClock()
    place = _place(config, target, f"{clock.now():%Y%m%dT%H%M%S}", keep)
    with _ledger(config) as db:
        made = copy(db, place)
        _note(db)
    gone = _rotate(place.parent, config.ledger.path.stem, keep) if keep else []
    _tell(cli, made, gone)


def usual_folder(config: Config) -> Path:
    """Where backups go unless told otherwise."""
    return config.ledger.path.parent / "backups"


def backups_in(folder: Path, stem: str) -> list[Path]:
    """The files that have the name of a backup of this ledger, the oldest first; none without the folder."""
    ours = re.compile(re.escape(stem) + r"-\d{8}T\d{6}\.sqlite")
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if ours.fullmatch(path.name) and path.is_file())


def _place(config: Config, target: Path | None, stamp: str, keep: int | None) -> Path:
    folder = usual_folder(config) if target is None else target
    if target is not None and not target.is_dir() and target.suffix:
        if keep:
            raise InputError("--keep goes with a folder.", advice="Name a folder, or leave --keep out.")
        return target
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(f"{folder} cannot be made: {problem.strerror}.") from None
    return folder / f"{config.ledger.path.stem}-{stamp}.sqlite"


def _ledger(config: Config) -> Database:
    from bridge.app import open_ledger
    from bridge.clock import SystemClock

    if not config.ledger.path.exists():
        raise InputError(f"There is no ledger {config.ledger.path} yet.", advice="The first `bridge sync` makes it.")
    return open_ledger(config, SystemClock(), write=False)


def _note(db: Database) -> None:
    """Note when it was made, for health pages and alerts; a backup of a ledger nobody can write is one all the same."""
    from bridge.domain.times import time_text
    from bridge.ledger.cursors import note_fact
    from bridge.report.health import BACKUP

    with suppress(LedgerError), db.transaction() as conn:
        note_fact(conn, BACKUP, time_text(db.clock.now()))


def _rotate(folder: Path, stem: str, keep: int) -> list[Path]:
    """Delete all but the newest ``keep`` files that have a backup's name; the name says when it was made."""
    gone = backups_in(folder, stem)[:-keep]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def _tell(cli: Cli, made: Backup, gone: list[Path]) -> None:
    rows = sum(made.counts.values())
    cli.output.line(f"{made.path}: {made.size / 1e6:.1f} MB, {rows} rows, checked.")
    for path in gone:
        cli.output.line(f"Deleted {path}")
    cli.output.result(
        {
            "backup": made.path,
            "made_at": made.made_at,
            "revision": made.revision,
            "bytes": made.size,
            "rows": rows,
            "deleted": gone,
        }
    )
