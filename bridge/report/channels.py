"""The ways a person can be told: mail, a webhook, Apprise; and the dead man's switch.

A channel delivers or raises ``NotDelivered``; it never repeats by itself, the caller comes again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

import httpx

from bridge.clock import Clock
from bridge.config.model import Config
from bridge.config.secrets import Secret
from bridge.errors import ConfigError, NotDelivered
from bridge.report.mail import TIMEOUT, MailChannel


class Channel(Protocol):
    """A way of telling; ``name`` is also the name of its memory."""

    name: str

    def send(self, subject: str, text: str, facts: Mapping[str, Any]) -> None:
        """Deliver; raises ``NotDelivered`` or ``ConfigError`` (a missing password)."""
        ...


class WebhookChannel:
    """A POST of JSON to an address the retailer chose; any 2xx counts."""

    name = "webhook"

    def __init__(self, address: Secret, http: httpx.Client) -> None:
        self._address, self._http = address, http

    def send(self, subject: str, text: str, facts: Mapping[str, Any]) -> None:
        """Deliver ``facts``."""
        _called(lambda: self._http.post(self._address.reveal(), json=dict(facts)), "The alert webhook")


class AppriseChannel:
    """Everything Apprise knows; the secret holds one or more of its addresses, apart by blanks or lines."""

    name = "apprise"

    def __init__(self, addresses: Secret) -> None:
        self._addresses = addresses

    def send(self, subject: str, text: str, facts: Mapping[str, Any]) -> None:
        """Deliver through every address; one that fails is a failure of all (they are told again)."""
        try:
            apprise = import_module("apprise")
        except ImportError:
            raise ConfigError(
                "`alerts.apprise` is set, but Apprise is not installed.",
                advice="Install it: pip install 'woo-square-bridge[alerts]'.",
            ) from None
        out = apprise.Apprise()
        for address in self._addresses.reveal().split():
            if not out.add(address):
                raise ConfigError("`alerts.apprise` holds an address Apprise does not know.")
        if not out.notify(title=subject, body=text):
            raise NotDelivered("Apprise could not deliver it.")


class DeadMan:
    """An address elsewhere that raises the alarm when it is *not* called for a while."""

    def __init__(self, address: Secret, http: httpx.Client) -> None:
        self._address, self._http = address, http

    def ping(self) -> None:
        """Call it; raises ``NotDelivered``."""
        _called(lambda: self._http.get(self._address.reveal()), "The dead man's switch")


def _called(call: Callable[[], httpx.Response], name: str) -> None:
    """Make a call whose address is a secret: what goes wrong is told without it."""
    try:
        answer = call()
    except httpx.InvalidURL:
        raise ConfigError(f"{name} has no usable address.") from None
    except httpx.HTTPError as broken:
        raise NotDelivered(f"{name} cannot be reached: {type(broken).__name__}.") from None
    if not answer.is_success:
        raise NotDelivered(f"{name} answered HTTP {answer.status_code}.")


def channels_of(config: Config, clock: Clock, ids: Callable[[], str], http: httpx.Client) -> list[Channel]:
    """The channels that are configured."""
    alerts, found = config.alerts, list[Channel]()
    if alerts.mail.to:
        found.append(MailChannel(alerts.mail, clock, ids))
    if alerts.webhook is not None:
        found.append(WebhookChannel(alerts.webhook, http))
    if alerts.apprise is not None:
        found.append(AppriseChannel(alerts.apprise))
    return found


def http_client() -> httpx.Client:
    """The connections of webhook and dead man's switch."""
    return httpx.Client(timeout=TIMEOUT, follow_redirects=False)
