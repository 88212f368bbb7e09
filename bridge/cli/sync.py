"""``bridge sync``: make both sides agree, now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.options import BridgeCommand, Cli

if TYPE_CHECKING:
    from bridge.engine.context import Bridge
    from bridge.engine.sync import Report, Scope

WHAT = ("all", "products", "stock")


@click.command(
    cls=BridgeCommand,
    examples=(
        "bridge sync --dry-run",
        "bridge sync",
        "bridge sync stock --incremental",
        "bridge sync --sku 0012 --sku W-1 --yes",
    ),
)
@click.argument("what", type=click.Choice(WHAT), default="all")
@click.option("--full/--incremental", default=True, help="Read everything (the default), or only what changed.")
@click.option("--sku", "skus", multiple=True, metavar="SKU", help="Only this SKU; repeat for several.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done; nothing is written anywhere.")
@click.option("--yes", is_flag=True, help="Write without asking; only the very first run asks.")
@click.pass_obj
def sync(cli: Cli, /, what: str, full: bool, skus: tuple[str, ...], dry_run: bool, yes: bool) -> int:
    """Make shop and stores agree: observe, decide, write, read back.

    Writes that a side is too busy for are tried again for up to a minute; what is left then stays in the outbox
    for the next run. Exit code 3: decisions wait for you; 4: a brake stopped something; 5: a side is down.
    """
    from bridge.cli.opened import opened
    from bridge.engine.sync import Scope

    scope = Scope(products=what != "stock", stock=what != "products", full=full or bool(skus))
    if dry_run:
        from bridge.cli.plan import show_plan

        return show_plan(cli, scope, skus, out=None)
    with opened(cli, writes_as="sync") as bridge:
        if not yes and is_first_run(bridge):
            _ask(cli, bridge, scope, skus)
        return tell(cli, bridge, _run(cli, bridge, scope, skus))


def is_first_run(bridge: Bridge) -> bool:
    """True until a run has come to its end: both sides may then look very different afterwards."""
    from bridge.ledger import history

    with bridge.db.reading() as conn:
        return not any(row.state == "done" for row in history.runs(conn, 1000))


def _ask(cli: Cli, bridge: Bridge, scope: Scope, skus: tuple[str, ...]) -> None:
    if cli.interactive:
        from bridge.cli.opened import steps
        from bridge.cli.plan import tell_plan
        from bridge.engine.planning import make_plan

        with steps(cli, "Planning") as step:
            plan = make_plan(bridge, scope, skus=skus, step=step)
        tell_plan(cli.output, plan)
    if not cli.confirm("This is the first run on this ledger. Write to both sides?", yes=False):
        raise click.Abort


def _run(cli: Cli, bridge: Bridge, scope: Scope, skus: tuple[str, ...]) -> Report:
    from bridge.cli.opened import steps
    from bridge.engine.until_quiet import sync_until_quiet

    with steps(cli, "Syncing") as step:
        if not skus:
            return sync_until_quiet(bridge, scope, step=step).report
        from bridge.engine.planning import apply_plan, make_plan

        # a plan for these SKUs only, carried out at once; further passes would not be limited to them
        return apply_plan(bridge, make_plan(bridge, scope, skus=skus, step=step), step=step)


def tell(cli: Cli, bridge: Bridge, report: Report) -> int:
    """Say what a run did, and name its exit code."""
    from bridge.cli.told import exit_code, report_json, tell_report
    from bridge.ledger import decisions

    with bridge.db.reading() as conn:
        brakes = sum(1 for row in decisions.open_ones(conn) if row.kind == "brake")
    code = exit_code(report, brakes=brakes)
    tell_report(cli.output, report)
    cli.output.result(report_json(report), ok=code == 0)
    return code
