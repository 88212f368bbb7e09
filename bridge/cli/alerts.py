"""``bridge alerts``: what needs a person now, whether messages arrive, and the self-check of a timer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, BridgeGroup, Cli
from bridge.errors import BridgeError, InputError, LedgerError

if TYPE_CHECKING:
    from bridge.config.model import Config
    from bridge.engine.context import Bridge
    from bridge.report.health import Vitals

NEEDED, DOWN = 3, 5


@click.group(cls=BridgeGroup, examples=("bridge alerts list", "bridge alerts test", "bridge alerts check --compare"))
def alerts() -> None:
    """What needs a person, and whether they are told."""


@alerts.command("list", cls=BridgeCommand, examples=("bridge alerts list", "bridge alerts list --json"))
@click.pass_obj
def list_(cli: Cli, /) -> int:
    """Show what needs a person now, without telling anybody; exit code 3 when there is something."""
    from bridge.app_alerts import choices_of, probe_of
    from bridge.report.alerts import conditions
    from bridge.report.health import in_words

    with _bridge(cli) as (config, bridge, ledger):
        vitals = ledger or probe_of(config, bridge)()
    found = conditions(vitals, choices_of(config).limits)
    for one in found:
        cli.output.line(f"{one.title}\n  What happened: {one.happened}\n  What the bridge did: {one.did}")
        cli.output.line(f"  What to do: {one.todo}\n")
    if not found:
        cli.output.line("Nothing needs you.\n")
    cli.output.table(("What", "How it stands"), in_words(vitals))
    rows = [
        {"key": one.key, "title": one.title, "happened": one.happened, "did": one.did, "todo": one.todo}
        for one in found
    ]
    cli.output.result({"alerts": rows, "standing": dict(in_words(vitals))}, ok=not found)
    return NEEDED if found else 0


@alerts.command(cls=BridgeCommand, examples=("bridge alerts test",))
@click.pass_obj
def test(cli: Cli, /) -> int:
    """Send a test message by every configured way, and say what became of it."""
    from bridge.app import new_id
    from bridge.app_alerts import name_of
    from bridge.cli.opened import set_up
    from bridge.clock import SystemClock
    from bridge.report.channels import channels_of, http_client

    config = set_up(cli)
    name = name_of(config)
    http = http_client()
    channels = channels_of(config, SystemClock(), new_id, http)
    if not channels:
        raise InputError(
            "Nobody would be told: no way is configured.", advice="Set `alerts.mail.to` or `alerts.webhook`."
        )
    subject, text = f"[bridge {name}] a test", "This is a test. When something needs you, you are told this way.\n"
    ended: dict[str, str] = {}
    for channel in channels:
        try:
            channel.send(subject, text, {"text": f"{subject}\n\n{text}", "kind": "test", "bridge": name})
            ended[channel.name] = "delivered"
        except BridgeError as problem:
            ended[channel.name] = f"{problem} {problem.advice}"
    http.close()
    cli.output.table(("Way", "What became of it"), list(ended.items()))
    fine = all(said == "delivered" for said in ended.values())
    cli.output.result({"channels": ended}, ok=fine)
    return 0 if fine else 1


@alerts.command(cls=BridgeCommand, examples=("bridge alerts check", "bridge alerts check --compare"))
@click.option("--compare", is_flag=True, help="First compare both whole sides, reading only.")
@click.pass_obj
def check(cli: Cli, /, compare: bool) -> int:
    """Look once from outside the daemon, and tell whoever is to be told; for a timer.

    Finds what a daemon that is not running cannot tell. Exit code 3: something needs a person; 5: a side did not
    answer the comparison.
    """
    from bridge.app_alerts import choices_of, open_overseer, probe_of
    from bridge.report.alerts import conditions, overview

    down = ""
    with _bridge(cli) as (config, bridge, ledger):
        if compare and ledger is None:
            down = _compare(cli, config)
        probe: Any = probe_of(config, bridge) if ledger is None else lambda: ledger
        with open_overseer(config, bridge, probe) as overseer:
            vitals = overseer.tick()
            found = overview(conditions(vitals, choices_of(config).limits))
    cli.output.table(("Alert", "What"), found) if found else cli.output.line("Nothing needs you.")
    if down:
        cli.output.line(f"\nNot compared: {down}")
    fine = not found and not down and not overseer.undelivered
    told = {"alerts": [key for key, _ in found], "delivered": overseer.delivered, "undelivered": overseer.undelivered}
    cli.output.result({**told, "compared": compare and not down, "problem": down}, ok=fine)
    if overseer.undelivered:
        return 1
    return NEEDED if found else DOWN if down else 0


def _compare(cli: Cli, config: Config) -> str:
    """Compare both sides and note the outcome; why it could not be done, "" when it was."""
    from bridge.app import open_bridge
    from bridge.engine.reconcile import reconcile
    from bridge.report.drift import note_comparison

    try:
        with open_bridge(config) as bridge:
            found = reconcile(bridge)
            with bridge.db.transaction() as conn:
                note_comparison(conn, checked=found.checked, found=len(found.rows), now=bridge.now())
    except BridgeError as problem:
        return str(problem)
    return ""


@alerts.command(cls=BridgeCommand, examples=("bridge alerts week",))
@click.pass_obj
def week(cli: Cli, /) -> None:
    """Show the last seven days in short: what the weekly summary would say now."""
    from bridge.app_alerts import probe_of
    from bridge.report.summary import as_facts, as_text, week_of

    with _bridge(cli) as (config, bridge, ledger):
        if ledger is not None:
            raise LedgerError(ledger.ledger)
        vitals, about = probe_of(config, bridge)(), week_of(bridge.db, bridge.clock.now())
    cli.output.line(as_text(about, vitals))
    cli.output.result(as_facts(about, vitals))


@contextmanager
def _bridge(cli: Cli) -> Iterator[tuple[Config, Bridge, Vitals | None]]:
    """The bridge, reading only; with a ledger that cannot be opened, an empty one and the reading that says so."""
    from bridge.app import open_bridge
    from bridge.cli.opened import set_up
    from bridge.clock import SystemClock
    from bridge.report.health import Vitals

    config, broken = set_up(cli), None
    with ExitStack() as stack:
        try:
            bridge = stack.enter_context(open_bridge(config, remotes=False))
        except LedgerError as problem:
            broken = Vitals(at=SystemClock().now(), ledger=str(problem))
            ledger = config.ledger.model_copy(update={"path": config.ledger.path / "none"})
            nowhere = config.model_copy(update={"ledger": ledger})
            bridge = stack.enter_context(open_bridge(nowhere, remotes=False))
        yield config, bridge, broken
