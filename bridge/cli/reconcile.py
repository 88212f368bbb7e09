"""``bridge reconcile``: compare both whole sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, Cli

if TYPE_CHECKING:
    from bridge.engine.reconcile import DriftReport


@click.command(cls=BridgeCommand, examples=("bridge reconcile", "bridge reconcile --fix", "bridge reconcile --json"))
@click.option("--fix", is_flag=True, help="Heal what drifted, by a normal run.")
@click.pass_obj
def reconcile(cli: Cli, /, fix: bool) -> int:
    """Compare both whole sides and say what drifted, and why.

    Without --fix nothing is written. Exit code 3: there was drift.
    """
    from bridge.cli.opened import opened, steps
    from bridge.cli.told import DRIFT, OK
    from bridge.engine import reconcile as engine

    with opened(cli, writes_as="reconcile" if fix else "") as bridge, steps(cli, "Comparing"):
        found = engine.reconcile(bridge, fix=fix)
    _tell(cli, found, fixed=fix)
    clean = not found.rows and not found.products_differ
    rows = [row_json(row) for row in found.rows]
    told = {"checked": found.checked, "products_differ": found.products_differ, "fixed": fix, "rows": rows}
    cli.output.result(told, ok=clean)
    return OK if clean else DRIFT


def row_json(row: Any) -> dict[str, Any]:
    """A row of the report for programs."""
    names = ("sku", "store", "woo", "square", "expected", "cause", "proposal")
    return {name: getattr(row, name) for name in names}


def _tell(cli: Cli, found: DriftReport, *, fixed: bool) -> None:
    line = cli.output.line
    if found.rows:
        columns = ("SKU", "Store", "Shop", "Square", "Expected", "Likely cause", "Healed by" if fixed else "To be done")
        cli.output.table(columns, [list(row_json(row).values()) for row in found.rows])
    line(f"\n{found.checked} variations compared; {len(found.rows)} numbers differ from what they should be.")
    if found.products_differ:
        line(f"{found.products_differ} products differ in their fields: bridge plan products")
    if (found.rows or found.products_differ) and not fixed:
        line("Heal with: bridge reconcile --fix")
