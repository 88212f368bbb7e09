"""The two processes of a measurement seen from outside: the services, and one worker after the other."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORKER_SECONDS = 3600.0
"""The longest piece, linking 100,000 variations, takes some minutes; nothing runs for ever."""


@dataclass(slots=True)
class Services:
    """Both simulators in their process; calls are counted and stock is journaled there, not by the bridge."""

    access: dict[str, Any]
    folder: Path
    shift: float = 0.0
    access_file: Path = field(init=False)

    def __post_init__(self) -> None:
        self.access_file = self.folder / "access.json"
        self.access_file.write_text(json.dumps(self.access))

    @property
    def ledger(self) -> Path:
        """Where the bridge's ledger of this world stands."""
        return self.folder / "ledger.db"

    def control(self, side: str, verb: str, body: dict[str, Any] | None = None, *, method: str = "") -> Any:
        """Ask a simulator's control plane."""
        request = urllib.request.Request(  # loopback only: the address was printed by our own child
            f"{self.access[f'{side}_url']}/_sim/{verb}",
            data=None if body is None else json.dumps(body).encode(),
            method=method or ("GET" if body is None else "POST"),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def act(self, side: str, name: str, **how: Any) -> Any:
        """Let people do something on a side."""
        told = self.control(side, f"act/{name}", how)
        return told["result"]

    def later(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self.shift += seconds
        for side in ("woo", "square"):
            self.control(side, "clock", {"advance": seconds})

    def work(self, what: str) -> dict[str, Any]:
        """One worker from start to end, with the calls each side counted meanwhile and what its journal gained."""
        for side in ("woo", "square"):
            self.control(side, "calls", method="DELETE")
        self.news()
        command = [sys.executable, "-m", "tests.bench.worker", what, str(self.access_file), str(self.ledger)]
        done = subprocess.run(
            [*command, "--shift", str(self.shift)], capture_output=True, text=True, timeout=WORKER_SECONDS, check=False
        )
        if done.returncode:
            raise RuntimeError(f"the worker {what} failed:\n{done.stderr[-4000:]}")
        told: dict[str, Any] = json.loads(done.stdout)
        told["calls"] = {side: self.control(side, "calls").get("total", 0) for side in ("woo", "square")}
        told["calls_total"] = sum(told["calls"].values())
        told["journaled"] = self.news()
        return told

    def news(self) -> int:
        """How many true events both journals gained since this was last asked."""
        gained = 0
        for side, seen in self.access["journaled"].items():
            news = len(self.control(side, f"journal?since={seen}"))
            self.access["journaled"][side] = seen + news
            gained += news
        return gained


@contextmanager
def services(folder: Path, variations: int, *, twin: bool) -> Iterator[Services]:
    """Start both simulators; they end when their pipe does."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.bench.services", "--variations", str(variations)]
    child = subprocess.Popen(
        [*command, "--twin"] if twin else command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        line = child.stdout.readline()
        if not line:
            raise RuntimeError("the simulators did not start")
        yield Services(json.loads(line), folder)
    finally:
        child.stdin.close()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()
