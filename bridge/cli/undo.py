"""``bridge undo``: take back what a run changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.engine.undo import UndoReport


@click.command(
    cls=BridgeCommand,
    examples=("bridge undo --list", "bridge undo 17 --dry-run", "bridge undo 17", "bridge undo 17 --json"),
)
@click.argument("run", type=int, required=False, metavar="[RUN]")
@click.option("--list", "listing", is_flag=True, help="List the latest runs with what they changed.")
@click.option("--dry-run", is_flag=True, help="Only say what would be taken back.")
@click.pass_obj
def undo(cli: Cli, /, run: int | None, listing: bool, dry_run: bool) -> int:
    """Take back what a run changed, as far as that is still right.

    A field that somebody changed since is left as it is, and so is stock that follows sales; each with its reason.
    Taking back is a run of its own, with its own history. Exit code 3: something was left.
    """
    if listing:
        return _list(cli)
    if run is None:
        raise InputError("Which run?", advice="`bridge undo --list` shows the runs and their numbers.")
    from bridge.cli.opened import opened, steps
    from bridge.cli.told import DRIFT, OK
    from bridge.engine import undo as engine

    with opened(cli, writes_as="" if dry_run else "undo") as bridge, steps(cli, "Taking back") as step:
        done = engine.undo(bridge, run, dry_run=dry_run, step=step)
    _tell(cli, done, dry_run=dry_run)
    left = [{"what": what, "why": why} for what, why in done.left]
    told = {"run": run, "dry_run": dry_run, "restored": list(done.restored), "left": left, "undo_run": done.run_id}
    cli.output.result(told, ok=not left)
    return DRIFT if left else OK


def _tell(cli: Cli, done: UndoReport, *, dry_run: bool) -> None:
    out = cli.output
    if done.restored:
        out.table(("Would be taken back" if dry_run else "Taken back",), [(what,) for what in done.restored])
    elif not done.left:
        out.line("That run changed nothing that could be taken back.")
    if done.left:
        out.line()
        out.table(("Left as it is", "Because"), done.left)
    if done.run_id:
        out.line(f"\nThis is run {done.run_id}; it can be taken back too: bridge undo {done.run_id}")


def _list(cli: Cli) -> int:
    from bridge.cli.opened import opened
    from bridge.ledger import history
    from bridge.ledger.text import of_json

    with opened(cli, remotes=False) as bridge, bridge.db.reading() as conn:
        runs = history.runs_with_changes(conn)
    told: list[dict[str, Any]] = [
        {
            "run": row.id,
            "kind": row.kind,
            "started": row.started_at,
            "state": row.state,
            "changes": row.changes,
            "counts": of_json(row.counts_json),
        }
        for row in runs
    ]
    columns = ("run", "started", "kind", "state", "changes")
    cli.output.table([name.capitalize() for name in columns], [[one[name] for name in columns] for one in told])
    cli.output.line("\nRuns that changed nothing are left out." if told else "No run has changed anything yet.")
    cli.output.result({"runs": told})
    return 0
