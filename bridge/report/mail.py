"""Tells a person by mail, through the SMTP server of the configuration, and says in words why that failed."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from bridge.clock import Clock
from bridge.config.operations import Mail
from bridge.errors import ConfigError, NotDelivered
from bridge.report.logs import log

TIMEOUT = 20.0
"""Seconds; nobody is waiting, and a slow mail server is still one."""
_PORTS = "Port 587 goes with `security: starttls`, port 465 with `security: tls`."


class MailChannel:
    """Mail through an SMTP server. With STARTTLS or TLS nothing, least of all the password, is sent before the server
    has shown a certificate that is trusted and bears the name of ``host``.
    """

    name = "mail"

    def __init__(self, mail: Mail, clock: Clock, ids: Callable[[], str]) -> None:
        self._mail, self._clock, self._ids = mail, clock, ids

    def send(self, subject: str, text: str, facts: Mapping[str, Any]) -> None:
        """Deliver to everybody in ``to``; it counts when the server took it for at least one of them."""
        mail, letter = self._mail, self._letter(subject, text)
        password = mail.password.reveal() if mail.password is not None else ""
        with _in_words(mail):
            server = self._connect()
            try:
                if mail.user is not None:
                    server.login(mail.user, password)
                refused = server.send_message(letter)
            finally:
                _hang_up(server)
        for address, (code, _) in refused.items():
            log("alerts").warning("mail refused for one of them", address=address, code=code)

    def _connect(self) -> smtplib.SMTP:
        """A connection that is as safe as was configured, or none at all."""
        mail = self._mail
        if mail.security == "tls":
            return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT, context=_trust(mail))
        server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT)
        try:
            if mail.security == "starttls":
                server.starttls(context=_trust(mail))
        except BaseException:
            server.close()
            raise
        return server

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


def _hang_up(server: smtplib.SMTP) -> None:
    # the letter is taken or refused by now: a server that is rude at the end must not have it sent again
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def _trust(mail: Mail) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(mail.ca_file) if mail.ca_file else None)
    except OSError as problem:
        raise ConfigError(
            f"`alerts.mail.ca_file` ({mail.ca_file}) cannot be used: {problem.strerror or problem}."
        ) from None


@contextmanager
def _in_words(mail: Mail) -> Iterator[None]:
    """Turn what the mail server or the network said into ``NotDelivered``, without a word of ours to the server."""
    where = f"{mail.host}:{mail.port}"
    try:
        yield
    except ssl.SSLCertVerificationError as problem:
        raise NotDelivered(
            f"The certificate of the mail server {where} is not trusted: {problem.verify_message}. No password and no "
            "mail was sent to it.",
            advice="`alerts.mail.host` must be the name in its certificate. If the certificate comes from an authority "
            "of your own, name that in `alerts.mail.ca_file`.",
        ) from None
    except ssl.SSLError:
        raise NotDelivered(f"The mail server {where} does not speak TLS as expected.", advice=_PORTS) from None
    except smtplib.SMTPException as problem:
        message, advice = _said(problem, where, mail)
        raise NotDelivered(message, advice=advice) from None
    except OSError as problem:
        why = problem.strerror or str(problem) or type(problem).__name__
        raise NotDelivered(
            f"The mail server {where} cannot be reached: {why}.",
            advice=f"Check `alerts.mail.host` and `port`, and whether this machine may call out to it. {_PORTS}",
        ) from None


def _said(problem: smtplib.SMTPException, where: str, mail: Mail) -> tuple[str, str]:
    """What went wrong in words, and what to do. Of the server's own words only the number is told: it may quote us."""
    code = getattr(problem, "smtp_code", None)
    number = f" ({code})" if code else ""
    match problem:
        case smtplib.SMTPAuthenticationError():
            return (
                f"The mail server {where} refuses user {mail.user} with this password{number}.",
                "Check `alerts.mail.user`, and put the right password where `alerts.mail.password` says. Some "
                "providers want a password made for this program (an “app password”).",
            )
        case smtplib.SMTPNotSupportedError() if mail.security == "starttls":
            return f"The mail server {where} offers no STARTTLS or no login; nothing was sent in the open.", _PORTS
        case smtplib.SMTPNotSupportedError():
            return f"The mail server {where} offers no login.", _PORTS
        case smtplib.SMTPRecipientsRefused():
            codes = sorted({refused for refused, _ in problem.recipients.values()})
            number = f" ({', '.join(map(str, codes))})"
            return f"The mail server {where} takes no mail for `alerts.mail.to`{number}.", "Check the addresses there."
        case smtplib.SMTPSenderRefused(smtp_code=530):
            return (
                f"The mail server {where} takes no mail without a login{number}.",
                "Set `alerts.mail.user` and `alerts.mail.password`.",
            )
        case smtplib.SMTPSenderRefused():
            return (
                f"The mail server {where} takes no mail from {problem.sender}{number}.",
                "Set `alerts.mail.sender` to an address this mail account may write from.",
            )
        case smtplib.SMTPServerDisconnected():
            return f"The mail server {where} hung up or did not answer in time.", _PORTS
    return f"The mail server {where} did not take it: {type(problem).__name__}{number}.", ""
