"""The pages on running the bridge stay true: configurations load, commands exist, metrics are all explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bridge.cli.main import COMMANDS, run
from bridge.config.load import parse_config
from bridge.report.metrics import METRICS, page

DOCS = Path(__file__).parents[2] / "docs"
VPS = (DOCS / "how-to" / "vps.md").read_text(encoding="utf-8")
UNITS = Path(__file__).parents[2] / "systemd"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", VPS, flags=re.S)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_configuration_on_the_page_loads_and_writes_only_where_it_may(text: str) -> None:
    config = parse_config(text)
    assert str(config.ledger.path).startswith("/var/lib/bridge/") or "ledger" not in text
    for secret in config.secrets().values():
        assert "env:" not in text or secret is not None
    named = set(re.findall(r"credential:(\w+)", text))
    assert all(name.startswith("bridge_") for name in named)  # LoadCredential=bridge:/etc/bridge/secrets
    for name in named:
        assert f"`{name.removeprefix('bridge_')}`" in VPS or f"secrets/{name.removeprefix('bridge_')}" in VPS


def test_every_command_on_the_page_exists(capsys: pytest.CaptureFixture[str]) -> None:
    typed = re.findall(r"bridgectl ([a-z]+)(?: (url|finish|status|list|test|week))?", VPS)
    assert len(typed) > 10
    for name, below in typed:
        assert name in COMMANDS
        assert run([name, *([below] if below else []), "--help"]) == 0
    capsys.readouterr()


def test_the_times_and_numbers_on_the_page_are_those_of_the_units() -> None:
    assert "04:20:00" in (UNITS / "bridge-backup.timer").read_text() and "| 04:20 |" in VPS
    assert "05:10:00" in (UNITS / "bridge-check.timer").read_text() and "| 05:10 |" in VPS
    assert "--keep 14" in (UNITS / "bridge-backup.service").read_text() and "the newest 14 kept" in VPS
    assert VPS.count("127.0.0.1:8085") >= 5


def test_the_page_of_metrics_is_current() -> None:
    written = (DOCS / "reference" / "metrics.md").read_text(encoding="utf-8")
    assert written == page(), "run `python -m bridge.report.metrics`"
    assert all(name in written for name in METRICS)
