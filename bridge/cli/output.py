"""What a command prints: text and tables for people, or one line of JSON for programs, never both.

Everything printed passes ``safe_text``: a product name cannot send commands to the terminal, and a key or token
that was read in this process shows as dots.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

WIDEST_CELL = 60


def safe_text(text: str) -> str:
    """``text`` without control characters (line ends stay) and without any secret read in this process."""
    secrets = sys.modules.get("bridge.config.secrets")
    if secrets is not None:
        text = secrets.redact(text)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else " " if char == "\t" else "�" for char in text)


class Output:
    """Writes to ``stream`` (standard output); colours and boxes only when it is a terminal."""

    def __init__(self, *, json: bool = False, stream: TextIO | None = None) -> None:
        self.json = json
        self._stream = stream or sys.stdout
        self.is_terminal = not json and self._stream.isatty()

    def line(self, text: str = "") -> None:
        """One line for a person; nothing in JSON mode."""
        if not self.json:
            self._write(safe_text(text))

    def note(self, text: str) -> None:
        """A remark beside the answer, on standard error in both modes."""
        sys.stderr.write(safe_text(text) + "\n")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table for a person; nothing in JSON mode. Numbers stand to the right."""
        if self.json:
            return
        cells = [[_cell(value) for value in row] for row in rows]
        right = [bool(rows) and all(_is_number(row[at]) for row in rows) for at in range(len(columns))]
        if self.is_terminal:
            self._rich_table(columns, cells, right)
        else:
            self._plain_table(columns, cells, right)

    def result(self, values: Mapping[str, Any], *, ok: bool = True) -> None:
        """The answer as one line of JSON with ``ok`` first; nothing for a person."""
        if not self.json:
            return
        import orjson

        told = orjson.dumps({"ok": ok, **values}, default=_plain, option=orjson.OPT_NON_STR_KEYS)
        self._write(safe_text(told.decode()))

    def _write(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()

    def _plain_table(self, columns: Sequence[str], cells: list[list[str]], right: list[bool]) -> None:
        widths = [max(len(row[at]) for row in [list(columns), *cells]) for at in range(len(columns))]
        for row in [list(columns), *cells]:
            padded = (
                text.rjust(width) if to_right else text.ljust(width)
                for text, width, to_right in zip(row, widths, right, strict=True)
            )
            self._write("  ".join(padded).rstrip())

    def _rich_table(self, columns: Sequence[str], cells: list[list[str]], right: list[bool]) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for name, to_right in zip(columns, right, strict=True):
            table.add_column(Text(name), justify="right" if to_right else "left", max_width=WIDEST_CELL)
        for row in cells:
            table.add_row(*(Text(text) for text in row))
        Console(file=self._stream, highlight=False).print(table)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe_text(str(value)).replace("\n", " ")


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no place in a JSON answer")
