"""Writes ``docs/reference/commands.md`` from the commands' own help: ``python -m bridge.cli.reference [--check]``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from bridge.cli.main import bridge

PAGE = Path("docs/reference/commands.md")
WIDTH = 100
_HEAD = """\
# Commands

Made from the commands' own help by `python -m bridge.cli.reference`; do not edit by hand.

Every command takes `--json` and then answers in one line of JSON with `ok` first; an error is
`{"ok": false, "error": …, "advice": …, "exit_code": …}`.

| exit code | meaning |
|---|---|
| 0 | all is well |
| 1 | an error; the message says what to do |
| 2 | the command line or the configuration cannot be used |
| 3 | drift was found, or decisions wait for you |
| 4 | a brake is on: a limit stopped the run before it changed too much |
| 5 | WooCommerce or Square does not answer |
| 130 | interrupted |
"""


def page() -> str:
    """The whole page as Markdown."""
    parts = [_HEAD]
    for path, command in all_commands():
        context = _context(path, command)
        help_text = command.get_help(context).strip()
        parts.append(f"## {path}\n\n```text\n{help_text}\n```\n")
    return "\n".join(parts)


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups before what is in them."""
    yield from _below("bridge", bridge)


def _below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = _context(path, command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _below(f"{path} {name}", inner)


def _context(path: str, command: click.Command) -> click.Context:
    # the width is given so that the page does not depend on anybody's terminal
    return click.Context(
        command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH, help_option_names=["-h", "--help"]
    )


def main(arguments: list[str]) -> int:
    """Write the page, or with ``--check`` only say whether it is current (exit code 1 when not)."""
    if "--check" in arguments:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        if not current:
            click.echo(f"{PAGE} is not current: run `python -m bridge.cli.reference`.", err=True)
        return 0 if current else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
