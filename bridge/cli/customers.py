"""``bridge customers``: who of the shop is who at Square; hand out or erase what is known of one person."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.options import BridgeCommand, BridgeGroup, Cli


@click.group(
    cls=BridgeGroup,
    examples=(
        "bridge customers match",
        "bridge customers export alice@example.com",
        "bridge customers erase alice@example.com",
    ),
)
def customers() -> None:
    """Match customers of both sides, export or erase one person."""


@customers.command(cls=BridgeCommand, examples=("bridge customers match", "bridge customers match --json"))
@click.pass_obj
def match(cli: Cli, /) -> None:
    """Show who is recognised at Square, who needs a review, and who is unknown; nothing is written.

    `bridge sync customers` then links them, asks about the rest in `bridge decisions`, and makes the unknown ones known
    at Square only with `customers.create_at_square: true`. Marketing consent is never read or carried.
    """
    show_matches(cli)


def show_matches(cli: Cli) -> int:
    """The table of customers, and the exit code."""
    from bridge.cli.opened import opened, steps
    from bridge.engine.sync_customers import recognise, told
    from bridge.ledger import people

    with steps(cli, "Reading") as step, opened(cli) as bridge:
        step("customers of both sides")
        with bridge.db.reading() as conn:
            known = people.every(conn)
        rows = [told(one) for one in recognise(bridge, known)]
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    shown = [tuple(row[name] for name in ("customer", "name", "email", "state", "square", "how")) for row in rows]
    if shown:
        cli.output.table(("Customer", "Name", "E-mail", "State", "At Square", "By"), shown)
    cli.output.line(", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "No customers.")
    cli.output.result({"counts": counts, "customers": rows})
    return 0


@customers.command(
    cls=BridgeCommand,
    examples=("bridge customers export alice@example.com", "bridge customers export woo:17 --out alice.json"),
)
@click.argument("who", metavar="WHO")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file (only you can read).")
@click.option("--ledger-only", is_flag=True, help="Leave both sides alone; look into the ledger only.")
@click.pass_obj
def export(cli: Cli, /, who: str, out: Path | None, ledger_only: bool) -> None:
    """Print everything known of one person as JSON: at the shop, at Square and in the ledger.

    WHO is an e-mail address, a telephone number, woo:ID or square:ID.
    """
    import orjson

    from bridge.cli.files import write_private
    from bridge.cli.opened import opened
    from bridge.engine.person_file import export as gather

    with opened(cli, remotes=not ledger_only) as bridge:
        found = gather(bridge, who, ask_sides=not ledger_only)
    text = orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str).decode()
    if out is not None:
        write_private(out, text + "\n", replace=False)
        cli.output.line(f"Written to {out}.")
        cli.output.result({"written": out})
        return
    cli.output.line(text)
    cli.output.result(found)


@customers.command(
    cls=BridgeCommand,
    examples=("bridge customers erase alice@example.com", "bridge customers erase woo:17 --yes --json"),
)
@click.argument("who", metavar="WHO")
@click.option(
    "--ledger-only", is_flag=True, help="Do not ask both sides for their ids; they forgot the person already."
)
@click.option("--yes", is_flag=True, help="Erase without asking.")
@click.pass_obj
def erase(cli: Cli, /, who: str, ledger_only: bool, yes: bool) -> None:
    """Erase one person's data from the ledger, and say what stays and why; neither side is changed.

    WHO is an e-mail address, a telephone number, woo:ID or square:ID. Erase here first: both sides still know which
    orders and ids are theirs.
    """
    from bridge.cli.opened import opened
    from bridge.engine.person_file import erase as forget

    if not cli.confirm(f"Erase {who} from the ledger? This cannot be undone.", yes=yes):
        raise click.Abort
    with opened(cli, writes_as="customers", remotes=not ledger_only) as bridge:
        done = forget(bridge, who, ask_sides=not ledger_only)
    if done.rows:
        cli.output.table(("Erased in", "Rows"), list(done.rows.items()))
    else:
        cli.output.line("The ledger knew nothing of them.")
    cli.output.line("\nWhat stays, and why:")
    for what, why in done.stays:
        cli.output.line(f"- {what}: {why}")
    cli.output.result({"erased": done.rows, "stays": [{"what": what, "why": why} for what, why in done.stays]})
