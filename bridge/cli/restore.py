"""``bridge restore``: put a backup in the ledger's place, or list the backups there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.errors import InputError, LedgerBusy

if TYPE_CHECKING:
    from bridge.config.model import Config
    from bridge.ledger.backup import Restored


@click.command(
    cls=BridgeCommand, examples=("bridge restore", "bridge restore backups/bridge-20260302T040000.sqlite --yes")
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore(cli: Cli, /, file: Path | None, yes: bool) -> None:
    """Put a backup in the ledger's place; the next run notices.

    Without FILE the backups beside the ledger are listed, the newest first. FILE is checked first; one that is
    damaged changes nothing. The present ledger is kept beside it. Stop the daemon before. The next run sees that the
    ledger is older than the world, looks at both sides afresh, and counts nothing twice.
    """
    from bridge.cli.opened import set_up
    from bridge.ledger.backup import verify

    config = set_up(cli)
    if file is None:
        _list(cli, config)
        return
    found = verify(file)
    cli.output.line(
        f"{file}: made at {found.made_at or 'an unknown time'}, {sum(found.counts.values())} rows, checked."
    )
    if not cli.confirm(f"Put it in the place of {config.ledger.path}?", yes=yes):
        raise click.Abort
    done = _put_back(file, config)
    cli.output.line(f"Restored to {done.ledger}.")
    if done.kept is not None:
        cli.output.line(f"The ledger it replaced is kept: {done.kept}")
    cli.output.line("\nThe next run looks at both sides afresh: bridge sync, or start the daemon.")
    cli.output.result({"ledger": done.ledger, "backup": file, "made_at": found.made_at, "kept": done.kept})


def _list(cli: Cli, config: Config) -> None:
    from bridge.cli.backup import backups_in, usual_folder

    folder = usual_folder(config)
    found = sorted(backups_in(folder, config.ledger.path.stem), reverse=True)
    if not found:
        raise InputError(
            f"There is no backup in {folder}.",
            advice="Name the file: `bridge restore FILE`. `bridge backup` makes one. Nothing was changed.",
        )
    cli.output.table(("Backup", "MB"), [(path, f"{path.stat().st_size / 1e6:.1f}") for path in found])
    cli.output.line(f"\nThe newest: bridge restore {found[0]}")
    cli.output.result({"backups": found})


def _put_back(file: Path, config: Config) -> Restored:
    from bridge.app import new_id
    from bridge.clock import SystemClock
    from bridge.ledger.backup import restore as put_back

    try:
        return put_back(file, config.ledger.path, clock=SystemClock(), ids=new_id)
    except LedgerBusy as busy:
        raise LedgerBusy(
            f"{busy} Nothing was changed.",
            advice="If that is the daemon: `systemctl stop bridge` (or Ctrl-C where it runs), restore, then start it "
            "again.",
        ) from None
