"""What commands print: for people on a terminal, for people in a pipe, for programs."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from bridge.cli.output import Output, safe_text
from bridge.cli.progress import progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


COLUMNS = ("SKU", "Name", "On hand")
ROWS = [("W-1", "Wine, red", Decimal(3)), ("0012", "Hat", 120), ("x", "[bold]Odd[/bold]", None)]


def test_a_table_in_a_pipe_is_plain_text_in_columns() -> None:
    stream = io.StringIO()
    Output(stream=stream).table(COLUMNS, ROWS[:2])
    assert stream.getvalue() == "SKU   Name       On hand\nW-1   Wine, red        3\n0012  Hat            120\n"


def test_a_table_on_a_terminal_shows_everything_and_obeys_no_markup_in_names() -> None:
    stream = Terminal()
    Output(stream=stream).table(COLUMNS, ROWS)
    shown = stream.getvalue()
    assert "[bold]Odd[/bold]" in shown
    assert "–" in shown
    assert all(name in shown for name in COLUMNS)


def test_a_table_without_rows_shows_its_columns() -> None:
    stream = io.StringIO()
    Output(stream=stream).table(COLUMNS, [])
    assert stream.getvalue() == "SKU  Name  On hand\n"


def test_in_json_only_the_result_is_printed_and_it_is_one_line() -> None:
    stream = io.StringIO()
    output = Output(json=True, stream=stream)
    output.line("for people")
    output.table(COLUMNS, ROWS)
    output.result({"rows": ROWS, "whole": Decimal("5.0"), "part": Decimal("0.5"), "path": Path("a/b")})
    told = json.loads(stream.getvalue())
    assert stream.getvalue().count("\n") == 1
    assert told["ok"] is True
    assert told["whole"] == 5
    assert told["part"] == "0.5"
    assert told["path"] == "a/b"


def test_for_people_the_result_is_silent() -> None:
    stream = io.StringIO()
    Output(stream=stream).result({"rows": 3})
    assert stream.getvalue() == ""


@pytest.mark.parametrize("text", ["\x1b[2J wiped", "bell\x07", "\x9b31m", "a\x00b", "ring\u202egnir"])
def test_a_name_cannot_command_the_terminal(text: str) -> None:
    stream = Terminal()
    output = Output(stream=stream)
    output.line(text)
    assert all(char.isprintable() or char == "\n" for char in stream.getvalue())


def test_ordinary_text_stays_as_it_is() -> None:
    assert safe_text("Größe „M“ – 東京 €\nnext") == "Größe „M“ – 東京 €\nnext"


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(Output(stream=io.StringIO()), "Reading", 10) as advance:
        advance(10)
    said = capsys.readouterr()
    assert said.out + said.err == ""


def test_progress_is_drawn_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    with progress(Output(stream=Terminal()), "Reading [shop]", 10) as advance:
        advance(10)
    assert "Reading [shop]" in screen.getvalue()
