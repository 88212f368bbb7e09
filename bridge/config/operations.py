"""The keys of what runs beside the engine: who is told of trouble, and how Square's token is renewed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bridge.config.fields import FilePath, Name, SecretField, Section

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "off"]
Minutes = Annotated[float, Field(ge=0, le=10_080, allow_inf_nan=False)]


class OAuth(Section):
    """An application of the retailer's own at Square, in place of a personal token; off without an id."""

    application_id: Name | None = None
    application_secret: SecretField | None = None
    tokens: FilePath = Path("square-tokens.json")

    @property
    def on(self) -> bool:
        """True when the token is the one ``bridge auth`` keeps."""
        return self.application_id is not None


class Mail(Section):
    """Alerts by mail; off while ``to`` is empty."""

    to: tuple[Name, ...] = ()
    sender: Name | None = None
    host: Name = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: FilePath | None = None
    user: Name | None = None
    password: SecretField | None = None

    @model_validator(mode="after")
    def _fits(self) -> Mail:
        if (self.user is None) != (self.password is None):
            raise ValueError("needs `user` and `password` together, or neither")
        if self.password is not None and self.security == "none":
            raise ValueError("would send the password for all to read: `security` must be `starttls` or `tls`")
        if any("@" not in address or not address.isprintable() for address in self.to):
            raise ValueError("has something in `to` that is not a mail address")
        return self


class Alerts(Section):
    """Who is told when something needs a person, and how."""

    name: str = ""
    mail: Mail = Mail()
    webhook: SecretField | None = None
    apprise: SecretField | None = None
    dead_man: SecretField | None = None
    patience_minutes: Minutes = 10
    lag_minutes: Minutes = 15
    remind_hours: Annotated[float, Field(ge=1, le=720, allow_inf_nan=False)] = 24
    weekly: Day = "monday"
