"""Where keys and tokens come from: the configuration names a place, never the value.

Three kinds of place: ``env:NAME`` (the environment; when unset, the file named by ``NAME_FILE``),
``file:PATH`` (relative to the configuration file) and ``credential:NAME`` (systemd's ``LoadCredential=``,
found in ``$CREDENTIALS_DIRECTORY``). A value is read at each use: to rotate a key, replace the file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bridge.errors import ConfigError

MASK = "•••"
KINDS = ("env", "file", "credential")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_SHORTEST = 6
_revealed: set[str] = set()


@dataclass(frozen=True, slots=True)
class Places:
    """Where secrets are looked for: the environment, and the folder relative paths start from."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folder: Path = field(default_factory=Path)


class SecretMissing(ConfigError):
    """A key or token is not where the configuration says it is."""

    advice = "Put the value in one of those places and run the command again. Nothing was changed."


class Secret:
    """A reference to a key or token; shows as dots everywhere, ``reveal`` reads the value."""

    __slots__ = ("_name", "_places", "kind")

    def __init__(self, kind: str, name: str, places: Places) -> None:
        self.kind = kind
        self._name = name
        self._places = places

    @classmethod
    def parse(cls, text: object, places: Places) -> Secret:
        """The reference in ``text``; raises ``ValueError`` (without the text) when it is not one."""
        if not isinstance(text, str):
            raise ValueError("must be written as `env:NAME`, `file:PATH` or `credential:NAME`")
        kind, colon, name = text.strip().partition(":")
        name = name.strip()
        if not colon or kind not in KINDS:
            raise ValueError("holds the value itself")
        if not name or "\0" in name or (kind != "file" and not _NAME.match(name)):
            raise ValueError(f"has no usable name after `{kind}:`")
        return cls(kind, name, places)

    def reveal(self) -> str:
        """The value, read now; raises ``SecretMissing`` naming every place that was looked at."""
        looked: list[str] = []
        value = self._from_environment(looked) if self.kind == "env" else self._from_file(looked)
        if value is None:
            raise SecretMissing("A key or token is missing. Looked at: " + "; ".join(looked) + ".")
        conceal(value)
        return value

    def file(self) -> Path | None:
        """The file this secret is read from (``None`` for the environment)."""
        if self.kind == "file":
            return self._places.folder / Path(self._name).expanduser()
        if self.kind == "credential":
            folder = self._places.environ.get("CREDENTIALS_DIRECTORY", "")
            return Path(folder) / self._name if folder else None
        return None

    def open_to_others(self) -> bool:
        """True when other users of this machine can read the file."""
        path = self.file()
        try:
            return path is not None and bool(path.stat().st_mode & 0o077)
        except OSError:
            return False

    def _from_environment(self, looked: list[str]) -> str | None:
        environ = self._places.environ
        value = environ.get(self._name, "").strip()
        if value:
            return value
        looked.append(f"environment variable {self._name} ({'empty' if self._name in environ else 'not set'})")
        pointer = f"{self._name}_FILE"
        if not environ.get(pointer):
            looked.append(f"environment variable {pointer} (not set)")
            return None
        return _read(self._places.folder / environ[pointer], looked)

    def _from_file(self, looked: list[str]) -> str | None:
        path = self.file()
        if path is None:
            looked.append(f"credential {self._name} (CREDENTIALS_DIRECTORY is not set: not started by systemd?)")
            return None
        return _read(path, looked)

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self.kind, self._name) == (other.kind, other._name)

    def __hash__(self) -> int:
        return hash((self.kind, self._name))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be copied out of this process")


def _read(path: Path, looked: list[str]) -> str | None:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        looked.append(f"file {path} (not there)")
    except (OSError, ValueError) as problem:
        looked.append(f"file {path} ({getattr(problem, 'strerror', None) or 'not readable text'})")
    else:
        if value:
            return value
        looked.append(f"file {path} (empty)")
    return None


def conceal(value: str) -> None:
    """Have ``redact`` blot out this value from now on (it came from elsewhere than a ``Secret``)."""
    if len(value) >= _SHORTEST:
        _revealed.add(value)


def keep_hidden(value: str) -> str:
    """``value``, shown as dots from now on like every secret that was read."""
    conceal(value)
    return value


def redact(text: str) -> str:
    """``text`` with every value revealed in this process replaced by dots."""
    for value in sorted(_revealed, key=len, reverse=True):
        text = text.replace(value, MASK)
    return text
