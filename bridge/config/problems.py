"""What is wrong in a configuration file, in words, with its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bridge.config.model import Config
from bridge.config.secrets import Secret
from bridge.errors import ConfigError

Path = tuple[str | int, ...]
_LONGEST_SHOWN = 24
_LOOKS_SECRET = re.compile(r"(ck|cs)_|EAAA|sq0|[0-9A-Za-z_-]{21,}")
_TYPES = {
    "bool": "must be `true` or `false`",
    "int": "must be a whole number",
    "float": "must be a number",
    "string": "must be a text",
    "list": "must be a list (lines that start with `-`)",
    "tuple": "must be a list (lines that start with `-`)",
    "dict": "must be a group of `key: value` lines",
    "model": "must be a group of `key: value` lines",
    "path": "must be a path",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to correct: line and column count from 1; 0 when it has no place in the file."""

    line: int
    column: int
    text: str


class BadConfig(ConfigError):
    """The configuration cannot be used."""

    def __init__(self, name: str, problems: Iterable[Problem], *, advice: str = "") -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(_message(name, self.problems), advice=advice)


def _message(name: str, problems: Sequence[Problem]) -> str:
    lines = [f"{name}{f':{p.line}:{p.column}' if p.line else ''}: {p.text}" for p in problems]
    if len(lines) == 1:
        return lines[0]
    return "\n  ".join([f"{name} has {len(lines)} problems:", *lines])


def describe(error: ErrorDetails, path: Path, given: Any) -> str:
    """One sentence about what pydantic found at ``path``, with the value only when it cannot be a secret."""
    key = dotted(path)
    kind = error["type"]
    context = error.get("ctx", {})
    if kind == "missing":
        return f"`{key}` is missing"
    if kind == "extra_forbidden":
        return unknown_key(path)
    if kind == "value_error":
        return _own_words(path, str(context.get("error", "")))
    not_this = shown(path, given)
    if kind == "literal_error":
        choices = [word for part in _parts(field_at(path)) for word in get_args(part) if isinstance(word, str)]
        return f"`{key}` must be {_choices(context, choices)}{not_this}{_close(given, choices)}"
    limits = _limits(context)
    if limits:
        return f"`{key}` must be {limits}{not_this}"
    if kind == "string_pattern_mismatch":
        return f"`{key}` must be a date such as `2026-09-16`{not_this}"
    if kind in ("string_too_short", "too_short"):
        return f"`{key}` must not be empty"
    if kind in ("string_too_long", "too_long"):
        return f"`{key}` is too long"
    if kind == "finite_number":
        return f"`{key}` must be a number{not_this}"
    return f"`{key}` {_TYPES.get(kind.partition('_')[0], 'cannot be used')}{not_this}"


def _own_words(path: Path, said: str) -> str:
    where = f"`{dotted(path)}`" if path else "the configuration"
    if said != "holds the value itself":
        return f"{where} {said}"
    variable = "BRIDGE_" + "_".join(str(part) for part in path).upper()
    return (
        f"{where} holds the secret itself; take it out of the file (and replace it: it may have been seen), "
        f"put it into the environment and write `{path[-1]}: env:{variable}`, or write `file:PATH` or "
        "`credential:NAME`"
    )


def _choices(context: dict[str, Any], choices: Sequence[Any]) -> str:
    if choices:
        named = [f"`{choice}`" for choice in choices]
        return f"{', '.join(named[:-1])} or {named[-1]}"
    return str(context.get("expected", "one of the words it knows")).replace("'", "`")


def _limits(context: dict[str, Any]) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    return " and ".join(f"{words[k]} {context[k]:g}" for k in words if k in context)


def shown(path: Path, given: Any) -> str:
    """``, not "value"`` for a short harmless value, else nothing."""
    if not isinstance(given, str) or len(given) > _LONGEST_SHOWN or _LOOKS_SECRET.search(given):
        return ""
    if Secret in _parts(field_at(path)) or not given.isprintable():
        return ""
    return f', not "{given}"'


def unknown_key(path: Path) -> str:
    """The sentence about a key nobody knows, with the key that was probably meant."""
    key = str(path[-1])
    if len(key) > 60 or not key.isprintable() or _LOOKS_SECRET.match(key):
        return "a key here is unknown (a value where a key should be?)"
    here = keys_at(path[:-1])
    where = f" in `{dotted(path[:-1])}`" if path[:-1] else ""
    text = f"unknown key `{key}`{where}"
    close = get_close_matches(key.lower(), here, n=1, cutoff=0.6)
    if close:
        return f"{text}; did you mean `{close[0]}`?"
    elsewhere = [section for section in keys_at(()) if key in keys_at((section,))]
    if elsewhere:
        return f"{text}; did you mean `{elsewhere[0]}.{key}`?"
    return f"{text}; known here: {', '.join(here)}" if here else text


def _close(given: Any, choices: Sequence[Any]) -> str:
    close = get_close_matches(str(given).lower(), [str(choice) for choice in choices], n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else ""


def dotted(path: Path) -> str:
    """``stores[0].id`` for ``("stores", 0, "id")``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def keys_at(path: Path) -> list[str]:
    """The keys a section knows; empty when there is no section with fixed keys at ``path``."""
    kind = field_at(path)
    models = [part for part in _parts(kind) if isinstance(part, type) and issubclass(part, BaseModel)]
    return [field.alias or name for name, field in models[0].model_fields.items()] if models else []


def field_at(path: Path) -> Any:
    """The type of what stands at ``path``; ``None`` when the model knows nothing there."""
    kind: Any = Config
    for part in path:
        kind = _inside(kind, part)
        if kind is None:
            return None
    return kind


def _inside(kind: Any, part: str | int) -> Any:
    for option in _parts(kind):
        if isinstance(option, type) and issubclass(option, BaseModel):
            field = _named(option, part)
            return field.annotation if field is not None else None
        inner = get_args(option)
        if inner and getattr(option, "__origin__", None) in (dict, list, tuple):
            return inner[1] if option.__origin__ is dict else inner[0]
    return None


def _named(model: type[BaseModel], part: str | int) -> FieldInfo | None:
    return next((f for name, f in model.model_fields.items() if (f.alias or name) == part), None)


def _parts(kind: Any) -> tuple[Any, ...]:
    """A type and everything it is made of: unions and ``Annotated`` opened."""
    args = get_args(kind)
    if not args or getattr(kind, "__origin__", None) in (dict, list, tuple):
        return (kind,)
    return (kind, *(part for arg in args for part in _parts(arg)))
