"""``bridge events``: the doorbells as they came."""

from __future__ import annotations

from typing import Any

import click

from bridge.cli.options import BridgeCommand, BridgeGroup, Cli
from bridge.errors import InputError

_SIDES = click.Choice(("woo", "square"))


@click.group(cls=BridgeGroup, examples=("bridge events list", "bridge events show 12", "bridge events replay 12 13"))
def events() -> None:
    """List, show or replay the webhooks that came.

    A webhook only says where to look; replaying one makes the bridge look there once more.
    """


@events.command(
    "list", cls=BridgeCommand, examples=("bridge events list --new", "bridge events list --side woo --json")
)
@click.option("--side", type=_SIDES, default=None, help="Only of this side.")
@click.option("--topic", metavar="TOPIC", default="", help="Only of this topic, e.g. order.updated.")
@click.option("--new", "only_new", is_flag=True, help="Only those nobody looked at yet.")
@click.option("--most", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many, newest first.")
@click.pass_obj
def list_(cli: Cli, /, side: str | None, topic: str, only_new: bool, most: int) -> None:
    """List webhooks, newest first."""
    from bridge.cli.opened import opened
    from bridge.ledger import doorbells, inbox

    with opened(cli, remotes=False) as bridge, bridge.db.reading() as conn:
        rows = doorbells.newest(conn, side=side or "", topic=topic, only_new=only_new, most=most)
        found = [_event_json(row) for row in rows]
        waiting = inbox.count_new(conn)
    if found:
        columns = ("No.", "Side", "Topic", "About", "Received", "State")
        cli.output.table(columns, [tuple(one[key] for key in _COLUMNS) for one in found])
        cli.output.line(f"\n{waiting} wait to be looked at." if waiting else "\nAll were looked at.")
    else:
        cli.output.line("No such webhook came." if side or topic or only_new else "No webhook came yet.")
    cli.output.result({"events": found, "waiting": waiting})


_COLUMNS = ("number", "side", "topic", "object", "received", "state")


@events.command(cls=BridgeCommand, examples=("bridge events show 12", "bridge events show 12 --json"))
@click.argument("number", type=int)
@click.pass_obj
def show(cli: Cli, /, number: int) -> None:
    """Show one webhook: what of it was kept (names and addresses of customers never are)."""
    from bridge.cli.opened import opened
    from bridge.ledger import doorbells
    from bridge.ledger.text import of_json

    with opened(cli, remotes=False) as bridge, bridge.db.reading() as conn:
        row = doorbells.get(conn, number)
    if row is None:
        raise InputError(f"There is no webhook {number}.", advice="`bridge events list` shows those there are.")
    one = _event_json(row) | {"looked_at": row.seen_at, "kept": of_json(row.body) if row.body else {}}
    cli.output.table(("What", "Value"), [(name.replace("_", " "), value) for name, value in one.items()])
    cli.output.result(one)


@events.command(
    cls=BridgeCommand,
    examples=("bridge events replay 12 13", "bridge events replay --since 2026-03-02T09:00 --side square"),
)
@click.argument("numbers", type=int, nargs=-1)
@click.option("--since", metavar="TIME", help="All that came since then (UTC), e.g. 2026-03-02T09:00.")
@click.option("--side", type=_SIDES, default=None, help="With --since: only of this side.")
@click.pass_obj
def replay(cli: Cli, /, numbers: tuple[int, ...], since: str | None, side: str | None) -> None:
    """Look again at one or many; the running daemon or the next run does it."""
    if bool(numbers) == bool(since):
        raise InputError("Name the webhooks to replay, or a time with --since.")
    moment = _moment(since) if since else ""
    from bridge.cli.opened import opened
    from bridge.ledger import doorbells

    with opened(cli, writes_as="events", remotes=False) as bridge, bridge.db.transaction() as conn:
        chosen = list(numbers) or doorbells.numbers_since(conn, moment, side or "")
        unknown = [number for number in numbers if doorbells.get(conn, number) is None]
        if unknown:
            raise InputError(f"There is no webhook {unknown[0]}. None was replayed.")
        again = doorbells.ring_again(conn, chosen)
    cli.output.line(f"{again} will be looked at again: at once by a running `bridge run`, otherwise by the next run.")
    cli.output.result({"replayed": again})


def _moment(text: str) -> str:
    from datetime import UTC, datetime

    from bridge.domain.times import time_text

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"`{text}` is not a time such as 2026-03-02T09:00.") from None
    return time_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _event_json(row: Any) -> dict[str, Any]:
    return {
        "number": row.id,
        "side": row.side,
        "topic": row.topic,
        "object": row.object_id,
        "received": row.received_at,
        "state": row.state,
    }
