"""Starts the demo's engine as a process of its own, listens to what it tells, kills it and starts it again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

KEPT = 5000


class EngineProcess:
    """One engine on one ledger. ``starts`` counts processes, ``kills`` the SIGKILLs; ``log`` holds their errors.

    Only processes started here are ever signalled, each through its own handle.
    """

    def __init__(self, config: Path, hooks: Path, log: Path) -> None:
        self._config, self._hooks, self._log = config, hooks, log
        self._process: subprocess.Popen[str] | None = None
        self._changed = threading.Condition()
        self.told: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.number_told = self.passes = self.starts = self.kills = 0

    @property
    def pid(self) -> int:
        """Id of the process that runs now, 0 when none does."""
        return self._process.pid if self._process is not None and self._process.poll() is None else 0

    def start(self) -> None:
        """Start a process; does not wait for it."""
        with self._log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bridge.sim.demo_engine", str(self._config), str(self._hooks)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        self.starts += 1
        threading.Thread(target=self._listen, args=(self._process,), name="engine-told", daemon=True).start()

    def kill(self) -> None:
        """SIGKILL: no time to say goodbye, wherever it is."""
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=10)
            self.kills += 1

    def stop(self, seconds: float = 10) -> None:
        """Ask it to stop; what does not is killed."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        self.ask("stop")
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)

    def ask(self, word: str) -> None:
        """Write one word to its standard input."""
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(word + "\n")
            self._process.stdin.flush()
        except OSError:
            return  # it is gone; whoever waits for an answer will notice

    def wait_for(self, event: str, *, after: int, seconds: float, **like: Any) -> dict[str, Any] | None:
        """The first thing told after number ``after`` that fits, ``None`` when time is up or the process ended."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                for one in list(self.told):
                    fits = one["number"] > after and one["event"] == event
                    if fits and all(one.get(name) == value for name, value in like.items()):
                        return one
                left = deadline - time.monotonic()
                if left <= 0 or not self.pid:
                    return None
                self._changed.wait(min(left, 0.5))

    def full_pass(self, seconds: float) -> dict[str, Any] | None:
        """Have it make a full pass and return what that did, ``None`` when it did not end in time."""
        after = self.number_told
        self.ask("full")
        return self.wait_for("pass", after=after, seconds=seconds, full=True)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                one = json.loads(line)
            except ValueError:
                continue  # cut short by a kill
            with self._changed:
                self.number_told += 1
                self.passes += one.get("event") == "pass"
                self.told.append({**one, "number": self.number_told, "at": time.monotonic()})
                self._changed.notify_all()
        process.stdout.close()

    def last_words(self) -> str:
        """The end of what the processes wrote to standard error."""
        return self._log.read_text(encoding="utf-8")[-2000:] if self._log.exists() else ""
