"""``bridge run``: the daemon."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.app_daemon import Running


@click.command(
    cls=BridgeCommand, examples=("bridge run", "bridge --config /etc/bridge/bridge.yaml run", "bridge run --yes")
)
@click.option("--yes", is_flag=True, help="Begin although no run has ever ended on this ledger.")
@click.pass_obj
def run(cli: Cli, /, yes: bool) -> None:
    """Keep shop and stores in step until stopped: doorbells, timetable, retries.

    Looks at once when a webhook comes, by itself every minute or so, and at everything once a day. Logs go to
    standard error. SIGTERM or Ctrl-C ends what is under way and stops, within `timetable.drain_seconds`. While
    another bridge has the ledger this one waits for it; other commands may be used meanwhile.
    """
    from bridge.app_daemon import open_daemon
    from bridge.engine.systemd_notify import Notify
    from bridge.report.logs import set_up_logs

    config = cli.config
    set_up_logs(config.logs.level, as_json=config.logs.as_json)
    notify = Notify(os.environ)
    with open_daemon(config, notify=notify) as running:
        _begin(cli, running, yes)
        if not running.work_until_stopped(notify):
            # whatever it is, the ledger knows of it: the next start reads it back, as after a kill
            cli.output.note("Stopped in the middle of a pass; the next start goes on from there.")
            sys.stdout.flush()
            os._exit(0)
    cli.output.line("Stopped.")


def _begin(cli: Cli, running: Running, yes: bool) -> None:
    from bridge.cli.sync import is_first_run

    if not yes and is_first_run(running.daemon.bridge):
        raise InputError(
            "No run has ever ended on this ledger, so nobody has seen what the first one would change.",
            advice="Look with `bridge match` and `bridge plan`, then `bridge sync`; or begin with `bridge run --yes`.",
        )

    def heard(number: int, frame: FrameType | None) -> None:
        running.bells.stop()

    signal.signal(signal.SIGINT, heard)
    signal.signal(signal.SIGTERM, heard)
    cli.output.result({"url": running.url, "webhooks": running.doorbell is not None, "pid": os.getpid()})
    cli.output.line(f"Running at {running.url}" if running.url else "Running.")
    if running.doorbell is None:
        cli.output.line("No webhooks: set `web.public_url` to be told of changes within seconds.")
