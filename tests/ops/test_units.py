"""The systemd units: hardened, understood by systemd, and in step with the commands and the configuration."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli.main import run
from bridge.config.load import parse_config

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = ("bridge", "bridge-backup", "bridge-check")
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)


def settings_in(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text().splitlines():
        if "=" in line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def analyze(*arguments: str) -> str:
    ended = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)
    return ended.stdout + ended.stderr


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_exposes_as_little_as_it_can(name: str) -> None:
    said = analyze("security", "--offline=true", str(UNITS / f"{name}.service"))
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found is not None, said
    assert float(found.group(1)) <= 1.5, said


@needs_systemd
@pytest.mark.parametrize("path", sorted(UNITS.glob("*.*")), ids=lambda path: path.name)
def test_systemd_understands_every_line(path: Path) -> None:
    said = [line for line in analyze("verify", str(path)).splitlines() if path.name in line]
    # the program itself is not installed where the tests run
    assert [line for line in said if "is not executable: No such file or directory" not in line] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_starts_a_command_there_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = settings_in(f"{name}.service")["ExecStart"]
    words = line.split()
    assert words[:3] == ["/opt/bridge/bin/bridge", "--config", "/etc/bridge/bridge.yaml"]
    command = [word for word in words[3:] if not word.startswith("-") and not word.isdigit()]
    options = [word for word in words[3:] if word.startswith("--")]
    assert run([*command, "--help"]) == 0
    said = capsys.readouterr().out
    assert all(option in said for option in options)


def test_the_daemon_may_listen_where_the_configuration_says_and_has_time_to_drain() -> None:
    config = parse_config("woo: {url: https://shop.example}")
    unit = settings_in("bridge.service")
    assert unit["SocketBindAllow"] == [f"tcp:{config.web.host_and_port[1]}"]
    assert float(unit["TimeoutStopSec"][0]) > config.timetable.drain_seconds
    assert unit["Type"] == ["notify"]
    assert float(unit["WatchdogSec"][0]) > 0
    assert unit["RestartPreventExitStatus"] == ["2"]


@pytest.mark.parametrize("name", ("bridge-backup", "bridge-check"))
def test_a_timer_catches_up_after_the_machine_was_off(name: str) -> None:
    timer = settings_in(f"{name}.timer")
    assert timer["Persistent"] == ["yes"]
    assert timer["WantedBy"] == ["timers.target"]


def test_the_self_check_may_find_something_without_counting_as_failed() -> None:
    assert settings_in("bridge-check.service")["SuccessExitStatus"] == ["3 5"]


def test_the_helper_script_is_sound_shell_and_runs_as_the_service_does() -> None:
    script = UNITS / "bridgectl"
    subprocess.run(["sh", "-n", str(script)], check=True, timeout=10)
    text, unit = script.read_text(), settings_in("bridge.service")
    for key in ("User", "DynamicUser", "StateDirectory", "StateDirectoryMode", "UMask", "LoadCredential"):
        assert f"--property={key}={unit[key][0]}" in text


_NO_NEW_CODE = """
import ctypes, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):  # PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN: Linux 6.3 and later
    sys.exit(77)
import bridge.app_daemon, httpx, prometheus_client, square, ssl, waitress, woocommerce
"""


@pytest.mark.process
def test_everything_loads_while_memory_may_not_become_code() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _NO_NEW_CODE], capture_output=True, text=True, timeout=120, check=False
    )
    if ended.returncode == 77:
        pytest.skip("this kernel cannot forbid a process to make code (MemoryDenyWriteExecute) without systemd")
    assert ended.returncode == 0, ended.stderr
