"""Structured logs on standard error: one line an event, times in UTC, no secret in any of them.

Two things keep secrets out: whatever was revealed in this process is replaced by dots wherever it turns up in a line,
and values under telling names (token, secret, authorization …) never get that far. What libraries log by themselves
goes the same way: on its own it would reach standard error as it is, with addresses whose last part is a secret.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import structlog

from bridge.config.secrets import MASK, redact

Level = Literal["debug", "info", "warning", "error"]
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_TELLING = re.compile(r"(?i)token|secret|password|authorization|consumer_key|signature|cookie")
_SIGNED = re.compile(r"(?i)((?:oauth_signature|oauth_consumer_key|consumer_key|consumer_secret)=)[^&\s]+")
_DOOR = re.compile(r"(/hooks/(?:woo|square)/)[^/\s\"'?]+")
"""A doorbell's address ends in its token; the web server names the address of what it could not answer."""


def set_up_logs(level: Level = "info", *, as_json: bool = False, stream: TextIO | None = None) -> None:
    """Choose what is logged from now on, and how; ``stream`` defaults to standard error."""
    shape: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.processors.LogfmtRenderer(bool_as_flag=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            hide_secrets,
            _event_first,
            shape,
            _redact_line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        # looked up at each line: whoever replaces sys.stderr (a daemon's supervisor, a test) gets what comes after
        logger_factory=lambda *_: structlog.WriteLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Libraries)]:
        root.removeHandler(handler)
    root.addHandler(_Libraries(logging.WARNING))


class _Libraries(logging.Handler):
    """Passes on what a library says (warnings and worse), its traceback in the same line."""

    def emit(self, record: logging.LogRecord) -> None:
        if not structlog.is_configured():
            return
        said: dict[str, Any] = {"by": record.name, "words": record.getMessage()}
        if record.exc_info and record.exc_info[1] is not None:
            said["trace"] = "".join(traceback.format_exception(record.exc_info[1]))
        log("library").log(min(record.levelno, logging.ERROR), "said", **said)


def log(name: str) -> Any:
    """The logger of a part of the bridge, by its short name ("calls", "run")."""
    return structlog.get_logger().bind(part=name)


def hide_secrets(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blot out values under telling names, at any depth, and signed parts of addresses."""
    return {key: MASK if _TELLING.search(key) else _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: MASK if _TELLING.search(str(key)) else _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    if isinstance(value, str):
        return redact(_DOOR.sub(rf"\1{MASK}", _SIGNED.sub(rf"\1{MASK}", value)))
    return value


def _event_first(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    first = [name for name in ("at", "level", "part", "event") if name in event]
    return {name: event[name] for name in (*first, *(key for key in event if key not in first))}


def _redact_line(logger: Any, method: str, line: Any) -> Any:
    return redact(line) if isinstance(line, str) else line
