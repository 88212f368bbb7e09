"""The pages on running the bridge stay true: configurations load, commands exist, metrics are all explained."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from bridge.cli.main import bridge
from bridge.config.load import parse_config
from bridge.report.metrics import METRICS, page
from bridge.web.doorbell import BODY_LIMIT

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


def typed_lines() -> list[list[str]]:
    """Every command line of the guide, in words: those of its blocks, and those within its sentences."""
    block = [line for text in blocks("sh") for line in text.splitlines()]
    inline = re.findall(r"`((?:apt-get|bridgectl|certbot|nginx|systemctl|rsync|/opt/bridge/bin/pip) [^`]+)`", VPS)
    return [words for line in block + inline if (words := shlex.split(line, comments=True))]


@pytest.mark.parametrize(
    "words",
    [words[1:] for words in typed_lines() if words[0] == "bridgectl" and "…" not in words],
    ids=" ".join,
)
def test_every_bridgectl_line_on_the_page_is_understood(words: list[str]) -> None:
    command: click.Command = bridge
    while isinstance(command, click.Group) and words:
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"no command {words[0]}"
        command, words = found, words[1:]
    command.make_context(command.name, words)  # parses and checks as click would, without doing it


BASE = {"apt-get", "cat", "cd", "chmod", "chown", "cp", "install", "ln", "systemctl", "umask"}
"""What the smallest Debian with systemd has."""
PACKAGES = {
    "python3": "python3-venv",
    "git": "git",
    "curl": "curl",
    "nginx": "nginx",
    "certbot": "python3-certbot-nginx",
    "bridgectl": "dbus",  # systemd-run --wait speaks D-Bus
}


def test_every_program_typed_on_the_page_is_there_or_was_installed_by_a_line_before() -> None:
    lines = typed_lines()
    installed = {name for words in lines if words[:2] == ["apt-get", "install"] for name in words[2:]}
    for words in lines:
        program = words[0]
        if program in BASE or program.startswith("/opt/bridge/bin/") or program == "rsync":
            continue
        assert PACKAGES[program] in installed, words
    assert "ca-certificates" in installed  # without it neither git nor mail trusts anybody
    assert "rsync must be installed on both" in VPS


def test_the_files_and_folders_on_the_page_are_those_of_the_units_and_of_the_source() -> None:
    words = {word for line in typed_lines() for word in line}
    for unit in UNITS.glob("*.service"):
        text = unit.read_text()
        (program,) = re.findall(r"^ExecStart=(\S+) --config (\S+)", text, flags=re.M)
        assert program == ("/opt/bridge/bin/bridge", "/etc/bridge/bridge.yaml")
        for credential in re.findall(r"^LoadCredential=bridge:(\S+)", text, flags=re.M):
            assert credential in words
        for guide in re.findall(r"^Documentation=file://(\S+)", text, flags=re.M):
            assert (DOCS.parent / guide.removeprefix("/opt/bridge-source/")).is_file()
        assert f"systemctl enable --now {unit.stem}." in VPS or f" {unit.stem}.timer" in VPS
    assert {"/opt/bridge", "/opt/bridge-source", "/etc/bridge/secrets", "/etc/bridge/bridge.yaml"} <= words
    for word in words:
        if word.startswith("/opt/bridge-source/"):
            assert list(DOCS.parent.glob(word.removeprefix("/opt/bridge-source/").split("[")[0])), word


def test_the_proxies_on_the_page_let_doorbells_through_and_nothing_else() -> None:
    caddy, nginx = blocks("text")
    for proxy in (caddy, nginx):
        assert "bridge.shop.example" in proxy
        assert "127.0.0.1:8085" in proxy
        assert "/hooks/" in proxy
        assert "404" in proxy
    assert BODY_LIMIT == 1 << 20  # and neither refuses a body the door would take
    assert "max_size 1MiB" in caddy
    assert "client_max_body_size 1m;" in nginx


def test_the_times_and_numbers_on_the_page_are_those_of_the_units() -> None:
    assert "04:20:00" in (UNITS / "bridge-backup.timer").read_text() and "| 04:20 |" in VPS
    assert "05:10:00" in (UNITS / "bridge-check.timer").read_text() and "| 05:10 |" in VPS
    assert "--keep 14" in (UNITS / "bridge-backup.service").read_text() and "the newest 14 kept" in VPS
    assert VPS.count("127.0.0.1:8085") >= 5


def test_the_page_of_metrics_is_current() -> None:
    written = (DOCS / "reference" / "metrics.md").read_text(encoding="utf-8")
    assert written == page(), "run `python -m bridge.report.metrics`"
    assert all(name in written for name in METRICS)
