"""``bridge run`` as a real process on loopback: start, doorbells, signals, takeover, systemd."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cli.conftest import KEY, SECRET, TOKEN, Accounts, accounts, bridge  # noqa: F401  (fixtures)
from tests.daemon.test_commands import WEB, free_port

pytestmark = pytest.mark.process
FAST = "timetable: {when_silent: 1, when_unsure: 2, when_alive: 3, drain_seconds: 10}\n"


def eventually(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for another process; polled, because nothing else tells."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


class House:
    """Accounts on loopback and daemons as child processes; all are ended by their own pids."""

    def __init__(self, shop: Accounts) -> None:
        self.shop, self.port = shop, free_port()
        shop.configure(WEB.replace("{port}", str(self.port)) + FAST)
        self.children: list[subprocess.Popen[str]] = []

    def start(self, *, port: int = 0, **more: str) -> subprocess.Popen[str]:
        if port:
            self.shop.configure(WEB.replace("{port}", str(port)) + FAST)
        environ = {
            **os.environ,
            "BRIDGE_WOO_KEY": KEY,
            "BRIDGE_WOO_SECRET": SECRET,
            "BRIDGE_SQUARE_TOKEN": TOKEN,
            **more,
        }
        child = subprocess.Popen(
            [sys.executable, "-m", "bridge.cli.main", "run", "--json"], cwd=self.shop.folder, env=environ, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.children.append(child)
        return child

    def told(self, child: subprocess.Popen[str]) -> Any:
        assert child.stdout is not None
        line = child.stdout.readline()
        assert line, child.communicate()[1]
        return json.loads(line)

    def end(self) -> None:
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.communicate(timeout=10)


@pytest.fixture
def house(accounts: Accounts) -> Iterator[House]:  # noqa: F811
    made = House(accounts)
    accounts.product("W-1", stock=10)
    accounts.settle()
    yield made
    made.end()


def cpu_seconds(pid: int) -> float:
    """What a process has computed so far: unlike a stopwatch, the same on a machine that others keep busy."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sell(house: House, pieces: int) -> None:
    lines = [{"variation_id": house.shop.square_variation("W-1"), "quantity": str(pieces)}]
    with house.shop.square.lock:
        house.shop.square.acts["sell"](house.shop.stores[0], lines)


def in_shop(house: House) -> int:
    (item,) = house.shop.woo.state.items.values()
    return int(item.stock or 0)


def test_it_serves_after_less_than_three_seconds_of_work_registers_and_follows_a_sale_by_doorbell(house: House) -> None:
    child = house.start()
    told = house.told(child)
    assert requests.post(f"{told['url']}/hooks/woo/wrong", data=b"{}", timeout=5).status_code == 404
    assert cpu_seconds(child.pid) < 3
    eventually(lambda: len(house.shop.woo.state.webhooks) == 7 and len(house.shop.square.state.subscriptions) == 1)
    sell(house, 3)
    eventually(lambda: in_shop(house) == 7)


def test_sigterm_ends_it_cleanly_and_the_ledger_is_free_at_once(house: House) -> None:
    child = house.start()
    house.told(child)
    eventually(lambda: bool(house.shop.woo.state.webhooks))
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=15) == 0
    ended = house.shop.bridge("sync", "--json")
    assert ended.code == 0, ended


def test_a_killed_daemon_is_followed_by_one_that_catches_up(house: House) -> None:
    child = house.start()
    house.told(child)
    eventually(lambda: bool(house.shop.square.state.subscriptions))
    child.kill()
    child.wait(timeout=5)
    sell(house, 4)
    house.told(house.start())
    eventually(lambda: in_shop(house) == 6)


def test_of_two_daemons_on_one_ledger_one_works_and_the_other_takes_over_when_it_is_killed(house: House) -> None:
    first = house.start()
    house.told(first)
    eventually(lambda: bool(house.shop.square.state.subscriptions))
    second = house.start(port=free_port())
    house.told(second)
    sell(house, 1)
    eventually(lambda: in_shop(house) == 9)
    assert second.poll() is None
    first.kill()
    first.wait(timeout=5)
    sell(house, 1)
    eventually(lambda: in_shop(house) == 8)


def test_commands_that_write_are_lent_the_ledger_while_the_daemon_works(house: House) -> None:
    house.told(house.start())
    eventually(lambda: bool(house.shop.square.state.subscriptions))
    environ = {**os.environ, "BRIDGE_WOO_KEY": KEY, "BRIDGE_WOO_SECRET": SECRET, "BRIDGE_SQUARE_TOKEN": TOKEN}
    for words in (("events", "replay", "--since", "2020-01-01"), ("sync", "--incremental"), ("status",)):
        line = [sys.executable, "-m", "bridge.cli.main", *words, "--json"]
        ended = subprocess.run(line, cwd=house.shop.folder, env=environ, capture_output=True, text=True, timeout=60)
        assert ended.returncode in (0, 3), ended
    sell(house, 2)
    eventually(lambda: in_shop(house) == 8)


def command(house: House, *words: str) -> Any:
    """What a command in a second shell answers while the daemon runs."""
    environ = {**os.environ, "BRIDGE_WOO_KEY": KEY, "BRIDGE_WOO_SECRET": SECRET, "BRIDGE_SQUARE_TOKEN": TOKEN}
    line = [sys.executable, "-m", "bridge.cli.main", *words, "--json"]
    ended = subprocess.run(line, cwd=house.shop.folder, env=environ, capture_output=True, text=True, timeout=60)
    assert ended.returncode in (0, 3, 4), ended
    return json.loads(ended.stdout)


def test_status_in_a_second_shell_tells_what_only_the_daemon_knows(house: House) -> None:
    told = house.told(house.start())
    eventually(lambda: bool(house.shop.square.state.subscriptions))
    sell(house, 1)
    eventually(lambda: in_shop(house) == 9)
    assert requests.post(f"{told['url']}/hooks/woo/guess", data=b"{}", timeout=5).status_code == 404
    daemon = command(house, "status")["daemon"]
    assert daemon["passes"] > 0
    assert daemon["doorbells"]["stored"] > 0
    assert daemon["doorbells"]["no_such_door"] == 1
    assert daemon["sides"]["woo"]["calls"] > 0
    assert set(daemon["trust"]) == {"woo", "square"}
    through_proxy = requests.get(f"{told['url']}/status", headers={"X-Forwarded-For": "192.0.2.1"}, timeout=5)
    assert through_proxy.status_code == 404


def test_decisions_are_answered_explained_and_taken_back_while_the_daemon_works(house: House) -> None:
    house.told(house.start())
    eventually(lambda: bool(house.shop.square.state.subscriptions))
    house.shop.reprice(house.shop.square_variation("W-1"), 100)
    eventually(lambda: bool(command(house, "decisions", "list")["decisions"]))
    (asked,) = command(house, "decisions", "list")["decisions"]
    newest = command(house, "undo", "--list")["runs"][0]["run"]
    assert asked["kind"] == "brake"
    command(house, "decisions", "resolve", str(asked["number"]), "release")
    (item,) = house.shop.woo.state.items.values()
    eventually(lambda: str(item.regular_price) == "1.00")
    sell(house, 3)
    eventually(lambda: in_shop(house) == 7)
    assert any("sold at the till" in str(step) for step in command(house, "explain", "W-1")["chain"])
    runs = command(house, "undo", "--list")["runs"]
    assert all(run["changes"] for run in runs), "passes that changed nothing are left out"
    priced = min(run["run"] for run in runs if run["run"] > newest)
    command(house, "undo", str(priced))
    eventually(lambda: str(item.regular_price) == "10.00")
    assert in_shop(house) == 7


def test_told_to_stop_in_the_middle_of_a_call_it_ends_in_time_and_the_next_one_ends_what_was_begun(
    house: House,
) -> None:
    house.shop.configure(WEB.replace("{port}", str(house.port)) + FAST.replace("drain_seconds: 10", "drain_seconds: 1"))
    child = house.start()
    house.told(child)
    eventually(lambda: bool(house.shop.square.state.subscriptions))
    reached, go_on, handle = threading.Event(), threading.Event(), house.shop.woo.handle

    def busy(request: Any) -> Any:
        reached.set()
        go_on.wait(30)
        return handle(request)

    house.shop.woo.handle = busy  # type: ignore[method-assign]
    sell(house, 3)
    assert reached.wait(20)
    child.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    assert child.wait(timeout=20) == 0
    assert time.monotonic() - asked < 10, "a second to drain, and what a busy machine needs to end a process"
    go_on.set()
    house.told(house.start())
    eventually(lambda: in_shop(house) == 7)


def test_it_tells_systemd_when_it_is_ready_alive_and_stopping(house: House, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(20)
        child = house.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="600000")
        heard: list[str] = []
        while not any("WATCHDOG=1" in one for one in heard):
            heard.append(ear.recv(4096).decode())
        child.send_signal(signal.SIGTERM)
        while not any("STOPPING=1" in one for one in heard):
            heard.append(ear.recv(4096).decode())
    assert any("READY=1" in one for one in heard)
    assert any("STATUS=" in one for one in heard)
    assert child.wait(timeout=15) == 0


def test_it_starts_while_a_side_is_down_and_works_when_it_is_back(house: House) -> None:
    house.shop.woo.faults.add("server_error", times=None, options={"status": 503})
    sell(house, 2)
    child = house.start()
    house.told(child)
    eventually(lambda: house.shop.woo.faults.struck.get("server_error", 0) >= 3)
    assert child.poll() is None
    house.shop.woo.faults.clear()
    eventually(lambda: in_shop(house) == 8, seconds=40)


def test_neither_keys_nor_the_doors_token_are_in_its_logs(house: House) -> None:
    child = house.start()
    house.told(child)
    eventually(lambda: bool(house.shop.square.state.subscriptions))
    hook = next(iter(house.shop.woo.state.webhooks.values()))
    sell(house, 1)
    eventually(lambda: in_shop(house) == 9)
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=15)
    for canary in (KEY, SECRET, TOKEN, hook.secret, hook.delivery_url.rpartition("/")[2]):
        assert canary not in out + err
    assert "part=daemon event=state" in err
