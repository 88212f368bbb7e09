"""The page on pickups stays true: its configurations load, its commands exist, its words are the program's."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.cli.init import MODES
from bridge.cli.main import COMMANDS
from bridge.config.load import parse_config
from tests.cli.conftest import Ended

PAGE = (Path(__file__).parents[2] / "docs/how-to/pickups.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.S)
TYPED = [line.partition(" > ")[0] for block in BLOCKS for line in block.splitlines()]
TYPED += re.findall(r"`(bridge [^`]+)`", PAGE)


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.S))
def test_every_configuration_on_the_page_loads(text: str) -> None:
    config = parse_config("woo: {url: https://shop.example}\n" + text)
    assert config.places.map or config.places.holidays


@pytest.mark.parametrize("line", TYPED)
def test_every_command_on_the_page_is_one(bridge: Callable[..., Ended], line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    assert words[0] in COMMANDS
    below = [word for word in words[1:] if word in ("resolve", "places", "show", "retry")][:1]
    assert bridge(words[0], *below, "--help").code == 0
    help_text = bridge(words[0], *below, "--help").out
    for option in (word for word in words if word.startswith("--")):
        assert option in help_text, line


def test_the_page_names_every_mode_and_its_cost() -> None:
    for mode in MODES:
        assert f"| `{mode}`" in PAGE
    assert "1 %" in PAGE
