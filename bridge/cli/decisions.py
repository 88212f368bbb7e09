"""``bridge decisions``: what only the retailer can decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, Cli, ListingGroup
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.engine.context import Bridge

_LIST = ("bridge decisions", "bridge decisions list --json")


@click.group(
    cls=ListingGroup,
    examples=("bridge decisions", "bridge decisions show 3", "bridge decisions resolve 3 woo"),
)
def decisions() -> None:
    """List, show and answer what only you can decide."""


@decisions.command("list", cls=BridgeCommand, examples=_LIST)
@click.option("--kind", metavar="KIND", help="Only this kind: conflict, opening, staff_edit, brake, hide, gone …")
@click.pass_obj
def list_(cli: Cli, /, kind: str | None) -> int:
    """List the open questions; exit code 3 when there are some, 4 when one of them is a brake."""
    from bridge.cli.opened import opened
    from bridge.cli.told import BRAKE, DRIFT, OK

    with opened(cli, remotes=False) as bridge:
        found = [row for row in open_decisions(bridge) if not kind or row["kind"] == kind]
    rows = [(row["number"], row["kind"], row["question"], " | ".join(row["choices"])) for row in found]
    if rows:
        cli.output.table(("No.", "Kind", "Question", "Answers"), rows)
        cli.output.line("\nAnswer with: bridge decisions resolve NO ANSWER")
    else:
        cli.output.line("Nothing waits for you.")
    code = BRAKE if any(row["kind"] == "brake" for row in found) else DRIFT if found else OK
    cli.output.result({"decisions": found}, ok=code == 0)
    return code


@decisions.command(cls=BridgeCommand, examples=("bridge decisions show 3", "bridge decisions show 3 --json"))
@click.argument("number", type=int)
@click.pass_obj
def show(cli: Cli, /, number: int) -> None:
    """Show one question with everything known about it."""
    from bridge.cli.opened import opened
    from bridge.ledger import decisions as stored

    with opened(cli, remotes=False) as bridge, bridge.db.reading() as conn:
        row = stored.get(conn, number)
    if row is None:
        raise InputError(f"There is no decision {number}.", advice="`bridge decisions` lists the open ones.")
    one = decision_json(row)
    line = cli.output.line
    line(f"{one['number']}  {one['kind']}  {one['state']}" + (f": {one['answer']}" if one["answer"] else ""))
    line(f"\n{one['question']}\n")
    cli.output.table(("What", "Value"), [(name, value) for name, value in one["detail"].items()])
    if one["state"] == "open":
        line(f"\nAnswer with: bridge decisions resolve {number} {' | '.join(one['choices'])}")
    cli.output.result(one)


@decisions.command(
    cls=BridgeCommand,
    examples=(
        "bridge decisions resolve 3 woo",
        "bridge decisions resolve --all square --kind opening",
        "bridge decisions resolve 3 woo --json",
    ),
)
@click.argument("words", nargs=-1, metavar="[NUMBER] ANSWER")
@click.option("--all", "everything", is_flag=True, help="Every open question that has this answer.")
@click.option("--kind", metavar="KIND", help="With --all: only this kind.")
@click.pass_obj
def resolve(cli: Cli, /, words: tuple[str, ...], everything: bool, kind: str | None) -> None:
    """Answer a question, or with --all every one that knows this answer.

    The next run acts on it.
    """
    number, answer = _number_and_answer(words, everything)
    if kind and not everything:
        raise InputError("--kind goes with --all.")
    from bridge.cli.opened import opened
    from bridge.engine.answers import resolve as take

    with opened(cli, writes_as="decisions", remotes=False) as bridge:
        numbers = _those_with(bridge, answer, kind) if number is None else [number]
        done = [{"number": one, "answer": answer, "told": take(bridge, one, answer)} for one in numbers]
    for one in done:
        cli.output.line(f"{one['number']}  {one['told']}")
    if done:
        cli.output.line("\nA running `bridge run` acts on it at once; without one: bridge sync")
    cli.output.result({"resolved": done})


def _number_and_answer(words: tuple[str, ...], everything: bool) -> tuple[int | None, str]:
    if everything and len(words) == 1:
        return None, words[0]
    if not everything and len(words) == 2 and words[0].isdigit():
        return int(words[0]), words[1]
    advice = "Write `bridge decisions resolve NUMBER ANSWER`, or `bridge decisions resolve --all ANSWER`."
    raise InputError("A question's number and an answer are needed.", advice=advice)


def _those_with(bridge: Bridge, answer: str, kind: str | None) -> list[int]:
    found = [row for row in open_decisions(bridge) if not kind or row["kind"] == kind]
    numbers = [row["number"] for row in found if answer in row["choices"]]
    if not numbers:
        choices = sorted({choice for row in found for choice in row["choices"]})
        advice = f"Answers in use: {', '.join(choices)}." if choices else "Nothing waits for you."
        raise InputError(f"No open question can be answered with `{answer}`.", advice=advice)
    return numbers


def open_decisions(bridge: Bridge) -> list[dict[str, Any]]:
    """Every open question, oldest first."""
    from bridge.ledger import decisions as stored

    with bridge.db.reading() as conn:
        return [decision_json(row) for row in stored.open_ones(conn)]


def decision_json(row: Any) -> dict[str, Any]:
    """A question for programs."""
    from bridge.ledger.text import of_json

    return {
        "number": row.id,
        "kind": row.kind,
        "subject": row.subject,
        "question": row.question,
        "choices": of_json(row.choices_json),
        "detail": of_json(row.detail_json),
        "state": row.state,
        "answer": row.answer,
        "opened": row.opened_at,
        "resolved": row.resolved_at,
    }
