"""``bridge apply``: carry out a saved plan, if the world is still the one it was made for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.errors import InputError

LARGEST = 256 * 1024 * 1024


@click.command(cls=BridgeCommand, examples=("bridge apply monday.plan", "bridge apply monday.plan --json"))
@click.argument("file", metavar="FILE")
@click.pass_obj
def apply(cli: Cli, /, file: str) -> int:
    """Carry out a plan that was saved, if the world is still the same.

    The plan is made again first; when anything in it would differ today, nothing is written and the exit code is 3.
    """
    from bridge.cli.opened import opened, steps
    from bridge.cli.sync import tell
    from bridge.engine.planning import apply_plan, plan_from_json

    saved = plan_from_json(read_plan(Path(file)))
    with opened(cli, writes_as="apply") as bridge:
        with steps(cli, "Applying") as step:
            report = apply_plan(bridge, saved, step=step)
        return tell(cli, bridge, report)


def read_plan(path: Path) -> dict[str, Any]:
    """The JSON of a saved plan; raises ``InputError``."""
    import orjson

    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than a plan can be.")
        found = orjson.loads(path.read_bytes())
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror or problem}.") from None
    except ValueError:
        raise InputError(f"{path} is not a plan: it is not JSON.") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} is not a plan.", advice="Make one with `bridge plan --out FILE`.")
    return found
