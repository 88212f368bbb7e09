"""What happens when the bridge itself is at fault: one line for the person, the traceback into a private file.

The traceback holds no values of variables, and secrets read in this process are blotted out of it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path

from bridge.cli.output import safe_text
from bridge.clock import Clock, SystemClock


def explain_crash(problem: BaseException, environ: Mapping[str, str], clock: Clock | None = None) -> tuple[str, str]:
    """Message and advice; ``$BRIDGE_DEBUG`` prints the traceback on standard error too."""
    text = safe_text("".join(traceback.format_exception(problem)))
    if environ.get("BRIDGE_DEBUG"):
        sys.stderr.write(text)
    said = (str(problem).strip().splitlines() or [""])[0][:200]
    message = f"Something went wrong inside the bridge: {type(problem).__name__}{f': {said}' if said else ''}"
    written = _write(text, environ, clock or SystemClock())
    where = f"The traceback is in {written}" if written else "Set BRIDGE_DEBUG=1 to see the traceback"
    return message, f"{where}; please report it. What was due stays in the outbox."


def _write(text: str, environ: Mapping[str, str], clock: Clock) -> Path | None:
    name = f"crash-{clock.now():%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    for folder in _folders(environ):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / name
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
        except OSError:
            continue
        return path
    return None


def _folders(environ: Mapping[str, str]) -> list[Path]:
    folders = []
    if environ.get("STATE_DIRECTORY"):
        folders.append(Path(environ["STATE_DIRECTORY"].partition(":")[0]))
    if environ.get("XDG_STATE_HOME"):
        folders.append(Path(environ["XDG_STATE_HOME"]) / "bridge")
    elif environ.get("HOME"):
        folders.append(Path(environ["HOME"]) / ".local/state/bridge")
    return [*folders, Path(tempfile.gettempdir())]
