"""Where Square's renewed tokens are kept: one file, readable by its owner only, replaced as a whole.

A renewed token that was lost means a person must log in again, so it is on disk before anything else happens.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bridge.config.secrets import SecretMissing, conceal
from bridge.errors import ConfigError

_ADVICE = "Run `bridge auth url` and follow it; nothing is lost meanwhile."


@dataclass(frozen=True, slots=True)
class Tokens:
    """What Square granted. Times are RFC 3339 UTC text, "" where Square names none.

    ``trouble`` is why the last renewal failed ("" when it did not); ``needs_person`` when only a new login helps.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: str = ""
    refresh_expires_at: str = ""
    obtained_at: str = ""
    merchant_id: str = ""
    trouble: str = ""
    needs_person: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """A login that was begun: what the answer must carry, and the PKCE secret that proves that it is ours."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    begun_at: str = ""
    redirect: str = ""


class TokenFile:
    """The file of one Square account, safe between processes when used inside ``locked``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Tokens | None:
        """What is kept, ``None`` before the first login; raises ``ConfigError`` when the file cannot be used."""
        found = self._load().get("tokens")
        tokens = Tokens(**found) if found else None
        if tokens is not None:
            conceal(tokens.access_token)
            conceal(tokens.refresh_token)
        return tokens

    def access_token(self) -> str:
        """The token to call with; raises ``SecretMissing`` before the first login."""
        tokens = self.read()
        if tokens is None:
            raise SecretMissing(f"Nobody has logged in at Square yet ({self.path} holds no token).", advice=_ADVICE)
        return tokens.access_token

    def write(self, tokens: Tokens) -> None:
        """Keep ``tokens``, durably; a login that was begun is over."""
        conceal(tokens.access_token)
        conceal(tokens.refresh_token)
        self._store({"tokens": asdict(tokens)})

    def begin(self, login: Login) -> None:
        """Remember a login that was begun, beside the tokens in force."""
        self._store({**self._load(), "login": asdict(login)})

    def login(self) -> Login | None:
        """The login that was begun last, if it did not end yet."""
        found = self._load().get("login")
        return Login(**found) if found else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time: a PKCE refresh token works once, two who use it lose it."""
        beside = self.path.with_name(self.path.name + ".lock")
        try:
            number = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise ConfigError(f"{beside} cannot be written: {problem.strerror}.", advice="Check its folder.") from None
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            yield
        finally:
            os.close(number)

    def _load(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise ValueError
            for kind, named in ((Tokens, "tokens"), (Login, "login")):
                if named in found:
                    kind(**found[named])
        except FileNotFoundError:
            return {}
        except OSError as problem:
            raise ConfigError(f"{self.path} cannot be read: {problem.strerror}.", advice=_ADVICE) from None
        except (ValueError, TypeError):
            raise ConfigError(f"{self.path} does not hold tokens.", advice=_ADVICE) from None
        return found

    def _store(self, content: dict[str, Any]) -> None:
        beside = self.path.with_name(f".{self.path.name}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(json.dumps(content, indent=1) + "\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as problem:
            raise ConfigError(
                f"{self.path} cannot be written: {problem.strerror}.", advice="Check its folder."
            ) from None
