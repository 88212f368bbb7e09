"""``bridge status``: how things stand, from the ledger and the daemon's own word."""

from __future__ import annotations

from typing import Any

import click

from bridge.cli.options import BridgeCommand, Cli


@click.command(cls=BridgeCommand, examples=("bridge status", "bridge status --json"))
@click.pass_obj
def status(cli: Cli, /) -> int:
    """Show how things stand, without calling either side.

    The ledger is read, and the daemon asked where one runs on this machine. Exit code 3: decisions wait for you; 4: a
    brake is on.
    """
    from bridge.app_alerts import probe_of
    from bridge.cli.alive import ask_daemon
    from bridge.cli.opened import opened
    from bridge.cli.told import BRAKE, DRIFT, OK
    from bridge.engine.standing import standing
    from bridge.report.health import in_words

    with opened(cli, remotes=False) as bridge:
        found = standing(bridge)
        found["health"] = dict(in_words(probe_of(cli.config, bridge)()))
    found["daemon"] = ask_daemon(cli.config)
    _tell(cli, found)
    code = BRAKE if found["brakes"] else DRIFT if found["decisions"] else OK
    cli.output.result(found, ok=code == 0)
    return code


def _tell(cli: Cli, found: dict[str, Any]) -> None:
    from bridge.cli.alive import where
    from bridge.report.daemon_status import in_words

    out, run = cli.output, found["last_run"]
    shown = (
        "none yet: bridge sync" if run is None else f"no. {run['run']}, {run['kind']}, {run['state']}, {run['started']}"
    )
    rows: list[tuple[str, object]] = [
        ("Last run", shown),
        ("Working now", found["working"] or "nobody"),
        ("Linked", f"{found['linked_products']} products, {found['linked_variations']} variations"),
        ("Shown", f"{found['shop_products']} in the shop, {found['square_items']} at Square"),
        ("Stock kept in step", found["stock"].get("open", 0)),
        ("Stock not yet opened", found["stock"].get("unopened", 0)),
        ("Stock left alone", found["stock"].get("off", 0)),
        ("Writes waiting", found["waiting"]),
        ("Writes refused", found["outbox"].get("refused", 0)),
        ("Decisions for you", found["decisions"]),
        ("Brakes on", found["brakes"]),
    ]
    rows += [(f"Read so far: {name}", when) for name, when in found["read_until"].items()]
    out.table(("What", "How it stands"), rows)
    out.line()
    out.table(("Health", "How it stands"), list(found["health"].items()))
    out.line()
    out.table(("By itself", "How it stands"), in_words(found["daemon"], where(cli.config)))
    if found["restored"]:
        out.line(
            f"\nThe ledger was put back from the past ({found['restored']}): the next run looks at both sides afresh."
        )
    if found["decisions"]:
        out.line("\nSee: bridge decisions")
