"""``bridge plan``: what a run would change, product by product; nothing is written."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, Cli

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.cli.output import Output
    from bridge.engine.planned import PlannedAction
    from bridge.engine.planning import Plan
    from bridge.engine.sync import Scope

SIDES = {"woo": "shop", "square": "Square"}
KINDS = {
    "field": "fields changed",
    "add": "products given more variations",
    "create": "products created",
    "stock": "stock numbers changed",
    "inventory": "store counts changed",
}


@click.command(
    cls=BridgeCommand,
    examples=("bridge plan", "bridge plan stock --sku 0012", "bridge plan --out monday.plan", "bridge plan --json"),
)
@click.argument("what", type=click.Choice(["all", "products", "stock"]), default="all")
@click.option("--sku", "skus", multiple=True, metavar="SKU", help="Only this SKU; repeat for several.")
@click.option("--out", metavar="FILE", help="Save the plan, to be carried out by `bridge apply FILE`.")
@click.pass_obj
def plan(cli: Cli, /, what: str, skus: tuple[str, ...], out: str | None) -> int:
    """Show what a run would change, product by product; nothing is written.

    Both sides are read afresh and decided upon in a copy of the ledger. Exit code 3: decisions would wait for you;
    4: a brake would stop something.
    """
    from bridge.engine.sync import Scope

    return show_plan(cli, Scope(products=what != "stock", stock=what != "products", full=True), skus, out=out)


def show_plan(cli: Cli, scope: Scope, skus: Sequence[str], *, out: str | None) -> int:
    """Make a plan, print it, save it when ``out`` names a file; the exit code."""
    from bridge.cli.opened import opened, steps
    from bridge.cli.told import BRAKE, DRIFT, OK
    from bridge.engine.planning import make_plan, plan_to_json

    with opened(cli) as bridge, steps(cli, "Planning") as step:
        made = make_plan(bridge, scope, skus=tuple(skus), step=step)
    told = plan_to_json(made)
    if out:
        _save(Path(out), told)
    tell_plan(cli.output, made)
    if out:
        cli.output.line(f"\nSaved. Carry it out with: bridge apply {out}")
    code = BRAKE if made.brakes else DRIFT if made.decisions else OK
    cli.output.result({**told, "file": out}, ok=code == 0)
    return code


def _save(path: Path, told: dict[str, Any]) -> None:
    import json

    from bridge.cli.files import write_private

    write_private(path, json.dumps(told, ensure_ascii=False, indent=1) + "\n", replace=True)


def tell_plan(output: Output, made: Plan) -> None:
    """A plan for a person: what changes by product, then how many of what, what is left out, brakes and questions."""
    if not made.actions:
        output.line("Nothing would be written: both sides agree.")
    for subject, actions in _by_subject(made.actions).items():
        output.line(subject)
        for action in actions:
            output.line(f"  {action.text}")
    output.line()
    output.table(("Writes in all", "Times"), sorted(_kinds(made.actions).items()))
    skipped = {n.removeprefix("skipped: "): times for n, times in made.counts.items() if n.startswith("skipped: ")}
    if skipped:
        output.line()
        output.table(("Left out, because", "Times"), sorted(skipped.items()))
    _tell_list(output, "A brake would stop", made.brakes)
    _tell_list(output, "To be decided by you", made.decisions)


def _by_subject(actions: Sequence[PlannedAction]) -> dict[str, list[PlannedAction]]:
    groups: dict[str, list[PlannedAction]] = {}
    for action in actions:
        groups.setdefault(action.subject, []).append(action)
    return groups


def _kinds(actions: Sequence[PlannedAction]) -> Counter[str]:
    return Counter(f"{SIDES[action.side]}: {KINDS[action.kind]}" for action in actions)


def _tell_list(output: Output, label: str, found: Sequence[str]) -> None:
    if found:
        output.line(f"\n{label}:")
        for one in found:
            output.line(f"  {one}")
