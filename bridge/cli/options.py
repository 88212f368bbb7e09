"""What every command shares: ``--json``, ``--config``, examples in its help, and what it is handed.

A command is written as::

    @click.command(cls=BridgeCommand, examples=("bridge status", "bridge status --json"))
    @click.pass_obj
    def status(cli: Cli, /) -> int | None: ...

and may return its exit code (``None`` means 0).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.cli.output import Output
    from bridge.config.model import Config

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Cli:
    """What a command is handed: its output and, read when first asked for, the configuration."""

    def __init__(self) -> None:
        self.config_asked: str | None = None
        self.as_json = False
        self._output: Output | None = None
        self._config: Config | None = None

    @property
    def output(self) -> Output:
        """Where the command writes."""
        if self._output is None:
            from bridge.cli.output import Output

            self._output = Output(json=self.as_json)
        return self._output

    @property
    def config(self) -> Config:
        """The configuration; raises ``ConfigError`` when there is none or it cannot be used."""
        if self._config is None:
            from bridge.config.load import find_config, load_config

            self._config = load_config(find_config(self.config_asked))
        return self._config

    @property
    def interactive(self) -> bool:
        """True when a person is there to be asked."""
        return not self.as_json and sys.stdin.isatty()

    def confirm(self, question: str, *, yes: bool) -> bool:
        """True when ``yes`` or when the person says so; without a person to ask, ``--yes`` is needed."""
        if yes:
            return True
        if not self.interactive:
            raise InputError(f"{question} Nobody is here to answer.", advice="Add --yes to say yes beforehand.")
        return click.confirm(question, err=True)


class _WithExamples(click.Command):
    """A command whose help ends with examples."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        settings.setdefault("context_settings", SETTINGS)
        super().__init__(*args, **settings)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they are typed, never wrapped."""
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")
        super().format_epilog(ctx, formatter)


class BridgeCommand(_WithExamples):
    """A command with ``--json``, and ``--config`` also behind its name."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.append(
            click.Option(
                ["--json"], is_flag=True, expose_value=False, callback=_take_json, help="Answer in one line of JSON."
            )
        )
        self.params.append(
            click.Option(["--config"], hidden=True, expose_value=False, callback=_take_config, metavar="PATH")
        )


class BridgeGroup(_WithExamples, click.Group):
    """A group of commands, with examples."""

    command_class = BridgeCommand


class ListingGroup(BridgeGroup):
    """A group that lists when no command is named, also with options: ``bridge decisions --json``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``list`` before arguments that name no command."""
        if not any(arg in ("-h", "--help") or arg in self.commands for arg in args):
            named = [arg for arg in args if not arg.startswith("-")]
            if not named or args[0].startswith("-"):
                args = ["list", *args]
        return super().parse_args(ctx, args)


def _take_json(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    ctx.ensure_object(Cli).as_json = asked


def _take_config(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    if path:
        ctx.ensure_object(Cli).config_asked = path
