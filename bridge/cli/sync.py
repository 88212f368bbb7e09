"""``bridge sync``: make both sides agree, now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.engine.context import Bridge
    from bridge.engine.sync import Report, Scope

WHAT = ("all", "products", "stock", "orders", "places", "customers")
ALONE = ("places", "customers")
"""Parts that are synced by themselves; the others are passes of the engine."""


@click.command(
    cls=BridgeCommand,
    examples=(
        "bridge sync --dry-run",
        "bridge sync",
        "bridge sync stock --incremental",
        "bridge sync --sku 0012 --sku W-1 --yes",
        "bridge sync places",
        "bridge sync customers --dry-run",
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

    `orders` is `stock` under its other name: orders move stock. `places` brings the shop's pickup locations into step
    with Square's stores, `customers` recognises customers; both are left out of `all` unless the configuration has
    them in (`places.sync`, `customers.sync`).

    Writes that a side is too busy for are tried again for up to a minute; what is left then stays in the outbox
    for the next run. Exit code 3: decisions wait for you; 4: a brake stopped something; 5: a side is down.
    """
    from bridge.cli.opened import opened
    from bridge.engine.sync import Scope

    if what in ALONE:
        if skus:
            raise InputError(f"--sku does not go with `{what}`.")
        return _alone(cli, what, dry_run=dry_run)
    scope = Scope(products=what not in ("stock", "orders"), stock=what != "products", full=full or bool(skus))
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
        return not any(row.state == "done" and row.kind not in ALONE for row in history.runs(conn, 1000))


def _alone(cli: Cli, what: str, *, dry_run: bool) -> int:
    """Sync pickup places or customers; a dry run shows what stands there and what would be done."""
    from bridge.cli.opened import opened, steps
    from bridge.engine import part_run

    if dry_run:
        from bridge.cli.customers import show_matches
        from bridge.cli.places import show_places

        return show_places(cli) if what == "places" else show_matches(cli)
    from bridge.engine.sync_places import look

    run = part_run.sync_places if what == "places" else part_run.sync_customers
    with opened(cli, writes_as="sync") as bridge:
        with steps(cli, "Syncing") as step:
            report = run(bridge, step=step)
        paste = look(bridge).paste if what == "places" else ""
        if paste:
            cli.output.line(f"The bridge may not write there without `woo.app_password`. By hand:\n{paste}\n")
        return tell(cli, bridge, report, idle="Nothing was written." if paste else "")


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


def tell(cli: Cli, bridge: Bridge, report: Report, *, idle: str = "") -> int:
    """Say what a run did (``idle`` when it wrote nothing), and name its exit code."""
    from bridge.cli.told import exit_code, report_json, tell_report
    from bridge.ledger import decisions

    with bridge.db.reading() as conn:
        brakes = len(decisions.open_ones(conn, "brake"))
    code = exit_code(report, brakes=brakes)
    tell_report(cli.output, report, **({"idle": idle} if idle else {}))
    cli.output.result(report_json(report), ok=code == 0)
    return code
