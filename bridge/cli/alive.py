"""Asks the daemon on this machine how it is: ``/status`` at ``web.listen``, which answers nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.config.model import Config

_PATIENCE = 2.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def where(config: Config) -> str:
    """The address a daemon of this configuration answers at, from this machine."""
    host, port = config.web.host_and_port
    host = _ANYWHERE.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_taken(config: Config) -> bool:
    """True when anything at all listens there."""
    import socket

    host, port = config.web.host_and_port
    try:
        with socket.create_connection((_ANYWHERE.get(host, host), port), timeout=_PATIENCE):
            return True
    except OSError:
        return False


def ask_daemon(config: Config) -> dict[str, Any] | None:
    """What the daemon says of itself, ``None`` when none answers (or what answers is none)."""
    from urllib.request import ProxyHandler, build_opener

    try:
        with build_opener(ProxyHandler({})).open(f"http://{where(config)}/status", timeout=_PATIENCE) as answer:
            told = json.load(answer)
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and "words" in told else None
