"""The daemon's process as the town sees it: turned by lines, killed by its own pid, measured from outside."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 60.0
UNIT = Path(__file__).parents[2] / "systemd" / "bridge.service"


@dataclass(frozen=True)
class Size:
    """What a process holds: resident bytes, threads, open files."""

    resident: int
    threads: int
    files: int


def environment() -> dict[str, str]:
    """This process's environment with what the service's unit sets."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    pairs = [word for line in lines if line.startswith("Environment=") for word in line.partition("=")[2].split()]
    return {**os.environ, **dict(pair.split("=", 1) for pair in pairs)}


class Engine:
    """One process after the other on one ledger."""

    def __init__(self, config: Path, planes: tuple[str, ...], log: Path) -> None:
        self.line = [sys.executable, "-m", "tests.soak.engine", str(config), *planes]
        self.log = log
        self.kills = self.starts = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._read = b""

    def start(self) -> dict[str, Any]:
        """Start it and wait until it serves."""
        self.starts += 1
        self._read = b""
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self.line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0, env=environment()
            )
        return self.hear() or {}

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def ask(self, **what: Any) -> None:
        """Begin a turn."""
        assert self._child is not None and self._child.stdin is not None
        self._child.stdin.write(json.dumps(what).encode() + b"\n")

    def hear(self, seconds: float = PATIENCE) -> dict[str, Any] | None:
        """The next answer, ``None`` when it takes longer; raises ``RuntimeError`` when the process has ended."""
        assert self._child is not None and self._child.stdout is not None
        while b"\n" not in self._read:
            ready, _, _ = select.select([self._child.stdout], [], [], seconds)
            if not ready:
                return None
            more = os.read(self._child.stdout.fileno(), 1 << 16)
            if not more:
                raise RuntimeError(f"the daemon ended by itself: {self.last_words()}")
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def kill(self) -> None:
        """SIGKILL, wherever it is."""
        assert self._child is not None
        self._child.send_signal(signal.SIGKILL)
        self._end()
        self.kills += 1

    def stop(self) -> None:
        """Let it end by itself."""
        if self._child is not None and self._child.poll() is None:
            assert self._child.stdin is not None
            self._child.stdin.close()
            try:
                self._child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.wait(timeout=20)
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    pipe.close()

    def size(self) -> Size:
        """From /proc, as any monitoring would see it."""
        place = Path(f"/proc/{self.pid}")
        rows = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines() if ":" in line)
        return Size(int(rows["VmRSS"].split()[0]) * 1024, int(rows["Threads"]), len(list((place / "fd").iterdir())))

    def last_words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-1500:]
