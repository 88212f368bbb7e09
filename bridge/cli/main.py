"""The command ``bridge``: finds commands, and turns every end into a message and an exit code.

Exit codes: 0 ok · 1 error · 2 usage · 3 drift or decisions open · 4 brake on · 5 a remote is down ·
130 interrupted. Commands are imported only when they are used: ``bridge --help`` loads nothing but click.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from bridge.cli.options import BridgeGroup, Cli
from bridge.errors import BridgeError

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("bridge.cli.init:init", "Write the configuration: asks, tests both accounts, writes one file."),
    "doctor": ("bridge.cli.doctor:doctor", "Look at everything that must be right, and say what to do about the rest."),
    "match": ("bridge.cli.match:match", "Show which products belong together, before anything is written."),
    "plan": ("bridge.cli.plan:plan", "Show what a run would change, product by product; nothing is written."),
    "apply": ("bridge.cli.apply:apply", "Carry out a plan that was saved, if the world is still the same."),
    "sync": ("bridge.cli.sync:sync", "Make shop and stores agree: observe, decide, write, read back."),
    "places": ("bridge.cli.places:places", "Show which store each pickup place is, and what a sync would change."),
    "availability": (
        "bridge.cli.availability:availability",
        "Tell which stores can fill a cart now, later, or not.",
    ),
    "customers": ("bridge.cli.customers:customers", "Match customers of both sides, export or erase one person."),
    "explain": ("bridge.cli.explain:explain", "Tell where a SKU's numbers come from, cause by cause."),
    "orders": ("bridge.cli.orders:orders", "List and show online orders and their counterparts; try one again."),
    "picklist": ("bridge.cli.picklist:picklist", "List what each store has to prepare, to read or to print."),
    "status": ("bridge.cli.status:status", "Show how things stand, without calling either side."),
    "decisions": ("bridge.cli.decisions:decisions", "List, show and answer what only you can decide."),
    "undo": ("bridge.cli.undo:undo", "Take back what a run changed, as far as that is still right."),
    "reconcile": ("bridge.cli.reconcile:reconcile", "Compare both whole sides and say what drifted, and why."),
    "report": ("bridge.cli.report:report", "Tell what was sold, both channels in one table."),
    "demo": ("bridge.cli.demo:demo", "Play a busy day on a simulated shop and three stores, and prove the result."),
    "run": ("bridge.cli.run:run", "Keep shop and stores in step until stopped: doorbells, timetable, retries."),
    "webhooks": ("bridge.cli.webhooks:webhooks", "Register, list, test, repair or remove the doorbells at both sides."),
    "events": ("bridge.cli.events:events", "List, show or replay the webhooks that came."),
    "alerts": ("bridge.cli.alerts:alerts", "What needs a person, and whether they are told."),
    "auth": ("bridge.cli.auth:auth", "Log in at Square with an application of your own."),
    "backup": ("bridge.cli.backup:backup", "Copy the ledger while the bridge works, and check the copy."),
    "restore": ("bridge.cli.restore:restore", "Put a backup in the ledger's place; the next run notices."),
    "sandbox": ("bridge.cli.sandbox:sandbox", "Serve a simulated shop and Square account on this machine."),
}
"""Name -> (where the command is, its first sentence): in the order of the help."""
INTERRUPTED = 130


class LazyCommands(BridgeGroup):
    """The commands of ``COMMANDS``, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelt name gets the closest one as advice."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"There is no command `{args[0]}`.{_meant(args[0])}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, first) for name, (_, first) in COMMANDS.items()])


def _meant(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, COMMANDS, n=1)
    return f" Did you mean `{close[0]}`?" if close else ""


def _print_version(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"bridge {version('woo-square-bridge')}")
        ctx.exit()


@click.group(
    cls=LazyCommands,
    examples=("bridge init", "bridge --config shop.yaml status"),
    invoke_without_command=True,
)
@click.option("--config", metavar="PATH", help="Configuration file; also $BRIDGE_CONFIG.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
@click.pass_context
def bridge(ctx: click.Context, config: str | None) -> None:
    """One product and stock truth between a WooCommerce shop and Square POS in several stores.

    Without --config the file is $BRIDGE_CONFIG, ./bridge.yaml or /etc/bridge/bridge.yaml.
    """
    ctx.ensure_object(Cli).config_asked = config
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; nothing escapes but ``SystemExit`` of the interpreter."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in arguments
    try:
        code = bridge.main(args=arguments, prog_name="bridge", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, click.Abort):
        return _end("Interrupted.", "", INTERRUPTED, as_json)
    except click.UsageError as problem:
        return _end(problem.format_message(), _usage_advice(problem), 2, as_json)
    except click.ClickException as problem:
        return _end(problem.format_message(), "", problem.exit_code, as_json)
    except BridgeError as problem:
        return _end(str(problem), problem.advice, problem.exit_code, as_json)
    except BrokenPipeError:
        # the reader (`| head`) has seen enough; keep the interpreter from complaining at its own flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as problem:
        from bridge.cli.crash import explain_crash

        return _end(*explain_crash(problem, os.environ), 1, as_json)


def _usage_advice(problem: click.UsageError) -> str:
    path = problem.ctx.command_path if problem.ctx else "bridge"
    return f"See `{path} --help`."


def _end(message: str, advice: str, code: int, as_json: bool) -> int:
    from bridge.cli.output import safe_text

    message, advice = safe_text(message), safe_text(advice)
    if as_json:
        import json

        told = {"ok": False, "error": message, "advice": advice, "exit_code": code}
        click.echo(json.dumps(told, ensure_ascii=False))
        return code
    click.echo(f"{click.style('Error:', fg='red', bold=True)} {message}", err=True)
    if advice:
        click.echo(advice, err=True)
    return code


def main() -> None:
    """The console script."""
    sys.exit(run())


if __name__ == "__main__":
    main()
