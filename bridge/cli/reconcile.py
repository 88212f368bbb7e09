"""``bridge reconcile``: compare both whole sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.options import BridgeCommand, Cli

if TYPE_CHECKING:
    from bridge.engine.context import Bridge
    from bridge.engine.reconcile import DriftReport


@click.command(cls=BridgeCommand, examples=("bridge reconcile", "bridge reconcile --fix", "bridge reconcile --json"))
@click.option("--fix", is_flag=True, help="Heal what drifted, by a normal run.")
@click.pass_obj
def reconcile(cli: Cli, /, fix: bool) -> int:
    """Compare both whole sides and say what drifted, and why.

    Without --fix nothing is written. Exit code 3: there was drift, or (with --fix) decisions are left for you.
    """
    from dataclasses import asdict

    from bridge.cli.opened import opened, steps
    from bridge.cli.told import report_json
    from bridge.engine.reconcile import reconcile as compare

    with opened(cli, writes_as="reconcile" if fix else "") as bridge:
        with steps(cli, "Comparing") as step:
            found = compare(bridge, fix=fix, step=step)
        code = _code(bridge, found)
    _tell(cli, found)
    told = {
        "checked": found.checked,
        "products_differ": found.products_differ,
        "rows": [asdict(row) for row in found.rows],
        "fixed": report_json(found.fixed) if found.fixed else None,
    }
    cli.output.result(told, ok=code == 0)
    return code


def _code(bridge: Bridge, found: DriftReport) -> int:
    from bridge.cli.told import DRIFT, OK, exit_code
    from bridge.ledger import decisions

    if found.fixed is None:
        return DRIFT if found.rows or found.products_differ else OK
    with bridge.db.reading() as conn:
        brakes = len(decisions.open_ones(conn, "brake"))
    return exit_code(found.fixed, brakes=brakes)


def _tell(cli: Cli, found: DriftReport) -> None:
    from dataclasses import astuple

    from bridge.cli.told import tell_report

    line = cli.output.line
    if found.rows:
        columns = ("SKU", "Store", "Shop", "Square", "Expected", "Likely cause", "What heals it")
        cli.output.table(columns, [astuple(row) for row in found.rows])
        line()
    line(f"{found.checked} variations compared; {len(found.rows)} numbers are not what they should be.")
    if found.products_differ:
        line(f"{found.products_differ} products differ in their fields: bridge plan products")
    if found.fixed:
        line("\nHealed:")
        tell_report(cli.output, found.fixed)
    elif found.rows or found.products_differ:
        line("Heal with: bridge reconcile --fix")
