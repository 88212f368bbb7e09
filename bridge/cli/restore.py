"""``bridge restore``: put a backup in the ledger's place."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.options import BridgeCommand, Cli


@click.command(cls=BridgeCommand, examples=("bridge restore backups/bridge-20260302T040000.sqlite",))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore(cli: Cli, /, file: Path, yes: bool) -> None:
    """Put a backup in the ledger's place; the next run notices.

    FILE is checked first; one that is damaged changes nothing. The present ledger is kept beside it. Stop the daemon
    before. The next run sees that the ledger is older than the world, looks at both sides afresh, and counts nothing
    twice.
    """
    from bridge.app import new_id
    from bridge.cli.opened import set_up
    from bridge.clock import SystemClock
    from bridge.ledger.backup import restore as put_back
    from bridge.ledger.backup import verify

    config = set_up(cli)
    found = verify(file)
    cli.output.line(
        f"{file}: made at {found.made_at or 'an unknown time'}, {sum(found.counts.values())} rows, checked."
    )
    if not cli.confirm(f"Put it in the place of {config.ledger.path}?", yes=yes):
        raise click.Abort
    done = put_back(file, config.ledger.path, clock=SystemClock(), ids=new_id)
    cli.output.line(f"Restored to {done.ledger}.")
    if done.kept is not None:
        cli.output.line(f"The ledger it replaced is kept: {done.kept}")
    cli.output.line("\nThe next run looks at both sides afresh: bridge sync, or start the daemon.")
    cli.output.result({"ledger": done.ledger, "backup": file, "made_at": found.made_at, "kept": done.kept})
