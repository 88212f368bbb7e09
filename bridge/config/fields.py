"""The kinds of value a configuration key may have, and the base of its groups of keys."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from bridge.config.secrets import Places, Secret

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]
PerSecond = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Pieces = Annotated[int, Field(ge=0, le=1_000_000)]


def _secret(text: object, info: ValidationInfo) -> Secret:
    if isinstance(text, Secret):
        return text
    return Secret.parse(text, info.context if isinstance(info.context, Places) else Places())


def at(place: str) -> Any:
    """The default place of a secret; a place is text until the configuration is read."""
    return Field(default=place)


def _address(text: str) -> str:
    """An http(s) address without arguments, key or trailing slash."""
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError("is not an address such as `https://shop.example`") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits:
        raise ValueError("is not an address such as `https://shop.example`")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be the bare address: no user, key, `?` or `#` in it")
    return text.strip().rstrip("/").removesuffix("/wp-json")


def _beside(path: Path, info: ValidationInfo) -> Path:
    # beside the configuration file, wherever the command is typed: one configuration, one ledger
    if "\0" in str(path):
        raise ValueError("is not a path")
    folder = info.context.folder if isinstance(info.context, Places) else Path()
    return folder / path.expanduser()


def _listen(text: str) -> str:
    """``127.0.0.1:8085``: a loopback address and a port; strangers come through a proxy that speaks https."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError("is not an address such as `127.0.0.1:8085`")
    if host not in ("127.0.0.1", "localhost", "[::1]"):
        raise ValueError("must be on this machine (127.0.0.1, localhost or [::1]): put a proxy with https before it")
    return text.strip()


def _clock_time(text: object) -> object:
    if not isinstance(text, str):
        return text
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        raise ValueError("is not a time of day such as `22:30`")
    return time(int(hours), int(minutes))


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone such as `Europe/Oslo`") from None
    return text


SecretField = Annotated[Secret, BeforeValidator(_secret)]
Address = Annotated[str, AfterValidator(_address)]
FilePath = Annotated[Path, AfterValidator(_beside)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Listen = Annotated[str, AfterValidator(_listen)]
TimeOfDay = Annotated[time, BeforeValidator(_clock_time)]
Zone = Annotated[str, AfterValidator(_zone)]
Wait = Annotated[float, Field(ge=1, le=86_400, allow_inf_nan=False)]


class Section(BaseModel):
    """A group of keys; an empty value means the default."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, values: Any) -> Any:
        if values is None:
            return {}
        if not isinstance(values, dict):
            return values
        fields = {field.alias or name: field for name, field in cls.model_fields.items()}
        return {
            key: value
            for key, value in values.items()
            if value is not None or key not in fields or type(None) in get_args(fields[key].annotation)
        }
