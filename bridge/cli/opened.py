"""Opens the bridge for a command, with logs that do not get in the way of its answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bridge.cli.options import Cli
from bridge.cli.output import safe_text

if TYPE_CHECKING:
    from bridge.config.model import Config
    from bridge.engine.context import Bridge
    from bridge.engine.sync import Step


def set_up(cli: Cli) -> Config:
    """The configuration, with logging chosen: a command itself says what it does, so "info" shows warnings only."""
    from bridge.report.logs import set_up_logs

    config = cli.config
    level = "warning" if config.logs.level == "info" else config.logs.level
    set_up_logs(level, as_json=config.logs.as_json)
    return config


@contextmanager
def opened(cli: Cli, *, writes_as: str = "", remotes: bool = True) -> Iterator[Bridge]:
    """The bridge of this command's configuration; see ``bridge.app.open_bridge``."""
    config = set_up(cli)
    from bridge.app import open_bridge

    with open_bridge(config, writes_as=writes_as, remotes=remotes) as bridge:
        yield bridge


def _unseen(name: str) -> None:
    pass


@contextmanager
def steps(cli: Cli, label: str) -> Iterator[Step]:
    """A moving bar that names the step the engine is at, when a person watches."""
    if cli.output.json or not sys.stderr.isatty():
        yield _unseen
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(escape(label), total=None)
        yield lambda name: bars.update(task, description=escape(safe_text(f"{label}: {name}")))
