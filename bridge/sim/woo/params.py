"""Checks arguments as the REST layer does for single calls (never inside a batch): all bad ones at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sim.woo.routes import WooError
from bridge.sim.woo.times import is_rest_date

_INT = re.compile(r"^\s*[+-]?\d+\s*$")
_NUMBER = re.compile(r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$")


@dataclass(frozen=True, slots=True)
class Param:
    """One argument's rule. ``type``: integer number string boolean array object date-time mixed."""

    type: str = "string"
    enum: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    items: str = "string"
    item_enum: tuple[str, ...] = ()
    default: Any = None
    nullable: bool = False
    fields: Mapping[str, Param] | None = None


PAGING = {
    "page": Param("integer", minimum=1, default=1),
    "per_page": Param("integer", minimum=1, maximum=100, default=10),
    "offset": Param("integer"),
    "order": Param(enum=("asc", "desc"), default="desc"),
    "include": Param("array", items="integer", default=()),
    "exclude": Param("array", items="integer", default=()),
    "search": Param(),
}
DATES = {
    "after": Param("date-time"),
    "before": Param("date-time"),
    "modified_after": Param("date-time"),
    "modified_before": Param("date-time"),
    "dates_are_gmt": Param("boolean", default=False),
}

Problem = tuple[str, str, dict[str, Any] | None]


def checked(rules: dict[str, Param], given: dict[str, Any], *, defaults: bool = True) -> dict[str, Any]:
    """``given`` with every ruled argument checked and converted; others pass as they are.

    Raises the recorded 400 ``rest_invalid_param`` naming every bad argument. ``None`` is not checked but
    turned into the type's empty value, as a single write does. ``defaults`` fills in missing arguments.
    """
    made = dict(given)
    problems: dict[str, Problem] = {}
    for name, value in given.items():
        rule = rules.get(name)
        if rule is None:
            continue
        if value is None:
            made[name] = None if rule.nullable else _EMPTY.get(rule.type)
            continue
        result = _convert(rule, name, value)
        if isinstance(result, _Bad):
            problems[name] = result.problem
        else:
            made[name] = result
    if problems:
        raise invalid(problems)
    if defaults:
        for name, rule in rules.items():
            if name not in made:
                made[name] = rule.default
    return made


def invalid(problems: dict[str, Problem]) -> WooError:
    """The 400 for bad arguments: name -> (code, message, data)."""
    return WooError(
        400,
        "rest_invalid_param",
        "Invalid parameter(s): " + ", ".join(problems),
        {
            "params": {name: message for name, (_, message, _) in problems.items()},
            "details": {
                name: {"code": code, "message": message, "data": data}
                for name, (code, message, data) in problems.items()
            },
        },
    )


_EMPTY: dict[str, Any] = {
    "integer": 0,
    "number": 0,
    "string": "",
    "boolean": False,
    "array": [],
    "object": {},
}


@dataclass(frozen=True, slots=True)
class _Bad:
    problem: Problem


def _wrong_type(name: str, kind: str) -> _Bad:
    return _Bad(("rest_invalid_type", f"{name} is not of type {kind}.", {"param": name}))


def _convert(rule: Param, name: str, value: Any) -> Any:
    if rule.type == "integer":
        return _integer(rule, name, value)
    if rule.type == "boolean":
        return _boolean(name, value)
    if rule.type == "array":
        return _array(rule, name, value)
    if rule.type == "object":
        if value in ("", []):
            return {}
        return _object(rule, name, value) if isinstance(value, dict) else _wrong_type(name, "object")
    if rule.type == "date-time":
        return _date(name, value)
    if rule.type == "number":
        ok = isinstance(value, int | float) and not isinstance(value, bool)
        ok = ok or (isinstance(value, str) and bool(_NUMBER.match(value)))
        return value if ok else _wrong_type(name, "number")
    if rule.type == "string":
        if not isinstance(value, str):
            return _wrong_type(name, "string")
        return _in_enum(rule.enum, name, value)
    return value


def _integer(rule: Param, name: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return _wrong_type(name, "integer")
    if isinstance(value, str) and _NUMBER.match(value):
        value = float(value) if not _INT.match(value) else int(value)
    if isinstance(value, str) or value != int(value):
        return _wrong_type(name, "integer")
    number = int(value)
    low, high = rule.minimum, rule.maximum
    if low is not None and high is not None and not low <= number <= high:
        text = f"{name} must be between {low} (inclusive) and {high} (inclusive)"
        return _Bad(("rest_out_of_bounds", text, None))
    if low is not None and number < low:
        return _Bad(("rest_out_of_bounds", f"{name} must be greater than or equal to {low}", None))
    if high is not None and number > high:
        return _Bad(("rest_out_of_bounds", f"{name} must be less than or equal to {high}", None))
    return number


def _boolean(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    # the REST layer takes true/false/1/0; "yes" and the like are refused
    if text in ("true", "1"):
        return True
    return False if text in ("false", "0", "") else _wrong_type(name, "boolean")


def _object(rule: Param, name: str, value: dict[str, Any]) -> Any:
    made = dict(value)
    for key, inner in (rule.fields or {}).items():
        if value.get(key) is None:
            continue
        result = _convert(inner, f"{name}[{key}]", value[key])
        if isinstance(result, _Bad):
            code, message, data = result.problem
            return _Bad((code, message, {"param": f"{name}[{key}]"} if data else None))
        made[key] = result
    return made


def _array(rule: Param, name: str, value: Any) -> Any:
    if isinstance(value, str):
        value = [part.strip() for part in re.split(r"[\s,]+", value) if part.strip()]
    elif isinstance(value, int):
        value = [value]
    elif isinstance(value, dict):
        value = list(value.values()) if all(str(k).isdecimal() for k in value) else None
    if not isinstance(value, list):
        return _wrong_type(name, "array")
    made = []
    for at, part in enumerate(value):
        inner = Param(rule.items, enum=rule.item_enum, fields=rule.fields)
        result = _convert(inner, f"{name}[{at}]", part)
        if isinstance(result, _Bad):
            return result
        made.append(result)
    return made


def _date(name: str, value: Any) -> Any:
    if isinstance(value, str) and is_rest_date(value):
        return value
    return _Bad(("rest_invalid_date", "Invalid date.", None))


def _in_enum(enum: tuple[str, ...], name: str, value: str) -> Any:
    if not enum or value in enum:
        return value
    *head, last = enum
    text = f"{', '.join(head)}, and {last}" if len(head) > 1 else (f"{head[0]} and {last}" if head else last)
    code, verb = "rest_not_in_enum", "is not one of" if head else "is not"
    return _Bad((code, f"{name} {verb} {text}.", None))


def as_flag(value: Any) -> bool:
    """WooCommerce's own loose truth (``wc_string_to_bool``): true, "yes", "true", "1", 1."""
    return value is True or value == 1 or str(value).lower() in ("yes", "true", "1")
