"""The ways a person can be told: mail, a webhook, Apprise; and the dead man's switch.

A channel delivers or raises ``NotDelivered``; it never repeats by itself, the caller comes again.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.utils import format_datetime
from importlib import import_module
from typing import Any, Protocol

import httpx

from bridge.clock import Clock
from bridge.config.model import Config
from bridge.config.operations import Mail
from bridge.config.secrets import Secret
from bridge.errors import BridgeError, ConfigError

TIMEOUT = 20.0
"""Seconds; nobody is waiting, and a slow mail server is still one."""


class NotDelivered(BridgeError):
    """A message could not be delivered."""

    advice = "Check the `alerts` of the configuration with `bridge alerts test`."


class Channel(Protocol):
    """A way of telling; ``name`` is also the name of its memory."""

    name: str

    def send(self, subject: str, text: str, facts: Mapping[str, Any]) -> None:
        """Deliver; raises ``NotDelivered`` or ``ConfigError`` (a missing password)."""
        ...


class MailChannel:
    """Mail through an SMTP server."""

    name = "mail"

    def __init__(self, mail: Mail, clock: Clock, ids: Callable[[], str]) -> None:
        self._mail, self._clock, self._ids = mail, clock, ids

    def send(self, subject: str, text: str, facts: Mapping[str, Any]) -> None:
        """Deliver to everybody in ``to``; it counts when the server took it for at least one of them."""
        mail, letter = self._mail, self._letter(subject, text)
        secure = ssl.create_default_context()
        try:
            with self._connect(secure) as server:
                if mail.security == "starttls":
                    server.starttls(context=secure)
                if mail.user is not None and mail.password is not None:
                    server.login(mail.user, mail.password.reveal())
                server.send_message(letter)
        except smtplib.SMTPException as problem:
            raise NotDelivered(f"The mail server {mail.host} did not take it: {_said(problem)}.") from None
        except OSError as problem:
            raise NotDelivered(f"The mail server {mail.host}:{mail.port} cannot be reached: {_why(problem)}.") from None

    def _connect(self, secure: ssl.SSLContext) -> smtplib.SMTP:
        mail = self._mail
        if mail.security == "tls":
            return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT, context=secure)
        return smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT)

    def _letter(self, subject: str, text: str) -> EmailMessage:
        letter = EmailMessage()
        host = socket.gethostname()
        letter["Subject"] = subject
        letter["From"] = self._mail.sender or f"bridge@{host}"
        letter["To"] = ", ".join(self._mail.to)
        letter["Date"] = format_datetime(self._clock.now())
        letter["Message-ID"] = f"<{self._ids()}@{host}>"
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
        letter.set_content(text)
        return letter


def _said(problem: smtplib.SMTPException) -> str:
    code = getattr(problem, "smtp_code", None)
    return f"{type(problem).__name__}{f' {code}' if code else ''}"


def _why(problem: OSError) -> str:
    return problem.strerror or str(problem) or type(problem).__name__


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
