"""Writes a configuration and the secrets it refers to, readable by their owner only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bridge.errors import InputError


def write_private(path: Path, text: str, *, replace: bool) -> None:
    """Write ``text`` with mode 0600 in one step; raises ``InputError`` when it exists and is not to be replaced."""
    if path.exists() and not replace:
        raise InputError(f"{path} is already there.", advice="Add --force to replace it, or choose another name.")
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as problem:
        raise InputError(f"{path} cannot be written: {problem.strerror or problem}.") from None


def write_secrets(config: Path, values: Mapping[str, str], *, replace: bool) -> dict[str, str]:
    """Write each value into ``<config>.secrets/<name>``; returns name -> the reference for the configuration."""
    folder = config.with_name(f"{config.stem}.secrets")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as problem:
        raise InputError(f"{folder} cannot be made: {problem.strerror or problem}.") from None
    for name, value in values.items():
        write_private(folder / name, value + "\n", replace=replace)
    return {name: f"file:{folder.name}/{name}" for name in values}
