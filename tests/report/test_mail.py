"""Alerts by mail against real mail servers on loopback: plain, STARTTLS, TLS, with login, and every way it fails."""

from __future__ import annotations

import email
import email.policy
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import trustme

from bridge.clock import VirtualClock
from bridge.config.load import parse_config
from bridge.config.secrets import Places
from bridge.errors import ConfigError, NotDelivered
from bridge.ledger import decisions
from bridge.report.alerts import as_text, subject
from bridge.report.book import BookFile
from bridge.report.channels import MailChannel, channels_of
from bridge.report.health import Probe
from bridge.report.logs import set_up_logs
from bridge.report.overseer import Choices, Overseer
from tests.report.smtp_server import MailServer
from tests.report.test_alerts import NOW, message
from tests.world import World

USER, PASSWORD = "bridge@shop.example", "canary-mail-password"
SUBJECT, TEXT = subject(message(), "Café"), as_text(message())


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """The certificate of a mail server that is called ``names``."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(made)
    return made


@pytest.fixture
def tls(authority: trustme.CA, tmp_path: Path) -> Iterator[ssl.SSLContext]:
    """A certificate for 127.0.0.1 from the authority in ``ca.pem``."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    yield context(authority, "127.0.0.1")


def channel(port: int, folder: Path = Path(), **keys: object) -> MailChannel:
    mail = {"to": "[a@b.example, c@d.example]", "host": "127.0.0.1", "port": port, "security": "none"} | keys
    yaml = ", ".join(f"{key}: {value}" for key, value in mail.items())
    places = Places({"MAIL_PASSWORD": PASSWORD}, folder)
    config = parse_config(f"woo: {{url: https://shop.example}}\nalerts: {{mail: {{{yaml}}}}}\n", places=places)
    (made,) = channels_of(config, VirtualClock(NOW), lambda: "id-1", Any)  # type: ignore[arg-type]
    assert isinstance(made, MailChannel)
    return made


LOGIN = {"user": USER, "password": "env:MAIL_PASSWORD"}


def refused(by: MailChannel) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        by.send(SUBJECT, TEXT, {})
    for words in (str(caught.value), caught.value.advice):
        assert PASSWORD not in words
        assert words.endswith(".")
    return caught.value


# -- it arrives ---------------------------------------------------------------------------
def test_mail_arrives_at_a_mail_server_with_everything_a_letter_needs() -> None:
    with MailServer() as server:
        channel(server.port).send(SUBJECT, TEXT, {})
    letter = email.message_from_string(server.letters[0], policy=email.policy.default)
    assert letter["To"] == "a@b.example, c@d.example"
    assert letter["Subject"] == "[bridge Café] Square refuses our key or token"
    assert letter["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert letter["Message-ID"].startswith("<id-1@")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "What to do:" in letter.get_content()
    named = [line.split(":")[1] for line in server.said if line.lower().startswith("rcpt")]
    assert named == ["<a@b.example>", "<c@d.example>"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_with_starttls_and_with_tls_login_and_letter_go_encrypted_only(
    security: str, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    with MailServer(tls=tls, implicit=security == "tls", login=(USER, PASSWORD)) as server:
        channel(server.port, tmp_path, security=security, ca_file="ca.pem", **LOGIN).send(SUBJECT, TEXT, {})
    assert len(server.letters) == 1
    in_the_open = [line.split()[0].upper() for line in server.said if not line.startswith("s")]
    assert in_the_open == ([] if security == "tls" else ["EHLO", "STARTTLS"])
    assert any(line.startswith("sAUTH") for line in server.said)


def test_a_server_without_login_is_used_without_one() -> None:
    with MailServer() as server:
        channel(server.port).send(SUBJECT, TEXT, {})
    assert not any("AUTH" in line for line in server.said)


@pytest.mark.parametrize("bye", ["421 too many connections", ""])
def test_a_server_that_is_rude_at_the_end_has_taken_the_letter_all_the_same(bye: str) -> None:
    with MailServer(replies={"QUIT": bye}) as server:
        channel(server.port).send(SUBJECT, TEXT, {})
    assert len(server.letters) == 1


# -- it does not, and says why ------------------------------------------------------------
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_an_unknown_authority_is_refused_before_anything_is_told(
    security: str, tls: ssl.SSLContext
) -> None:
    with MailServer(tls=tls, implicit=security == "tls", login=(USER, PASSWORD)) as server:
        problem = refused(channel(server.port, security=security, **LOGIN))
    assert "is not trusted" in str(problem)
    assert "No password and no mail was sent" in str(problem)
    assert "`alerts.mail.ca_file`" in problem.advice
    assert server.letters == []
    assert not any("AUTH" in line or "MAIL" in line for line in server.said)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_trusted_certificate_for_another_name_is_refused_too(
    security: str, authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    other = context(authority, "mail.elsewhere.example")
    with MailServer(tls=other, implicit=security == "tls") as server:
        problem = refused(channel(server.port, tmp_path, security=security, ca_file="ca.pem"))
    assert "mismatch" in str(problem)
    assert "must be the name in its certificate" in problem.advice
    assert server.letters == []


def test_a_server_that_offers_no_starttls_is_told_nothing() -> None:
    with MailServer(login=(USER, PASSWORD)) as server:
        problem = refused(channel(server.port, security="starttls", **LOGIN))
    assert "no STARTTLS" in str(problem)
    assert "port 465 with `security: tls`" in problem.advice
    assert {line.split()[0].upper() for line in server.said} <= {"EHLO", "QUIT"}
    assert server.letters == []


def test_a_server_without_tls_where_tls_is_expected_is_told_nothing() -> None:
    with MailServer() as server:
        problem = refused(channel(server.port, security="tls"))
    assert "does not speak TLS" in str(problem)
    assert "port 465" in problem.advice
    assert server.letters == []


def test_a_refused_login_says_whose_and_never_with_which_password(tls: ssl.SSLContext, tmp_path: Path) -> None:
    # the server quotes what it was given; its words are not passed on
    with MailServer(tls=tls, login=(USER, "another")) as server:
        problem = refused(channel(server.port, tmp_path, security="starttls", ca_file="ca.pem", **LOGIN))
    assert f"refuses user {USER} with this password (535)" in str(problem)
    assert "where `alerts.mail.password` says" in problem.advice
    assert server.letters == []


@pytest.mark.parametrize(
    ("replies", "said", "todo"),
    [
        ({"RCPT": "550 no such user"}, r"takes no mail for `alerts.mail.to` \(550\)", "Check the addresses"),
        ({"MAIL": "553 not yours"}, r"takes no mail from bridge@shop.example \(553\)", "`alerts.mail.sender`"),
        ({"MAIL": "530 log in first"}, r"takes no mail without a login \(530\)", "`alerts.mail.user`"),
        ({"DATA": "554 spam"}, r"did not take it: SMTPDataError \(554\)", "`bridge alerts test`"),
        ({"MAIL": ""}, "hung up or did not answer in time", "Port 587"),
    ],
)
def test_each_refusal_says_what_was_refused_and_what_to_do(replies: dict[str, str], said: str, todo: str) -> None:
    with MailServer(replies=replies) as server:
        by = channel(server.port, sender="bridge@shop.example")
        problem = refused(by)
    assert server.letters == []
    assert re.search(said, str(problem))
    assert todo in problem.advice


def test_no_server_there_says_so_and_what_to_look_at() -> None:
    with MailServer() as server:
        pass
    problem = refused(channel(server.port))
    assert f"127.0.0.1:{server.port} cannot be reached: Connection refused" in str(problem)
    assert "`alerts.mail.host` and `port`" in problem.advice


def test_an_authority_that_is_not_there_is_a_matter_of_the_configuration(tls: ssl.SSLContext, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    with MailServer(tls=tls) as server:
        for file in ("missing.pem", "empty.pem"):
            with pytest.raises(ConfigError, match=f"ca_file.*{file}"):
                channel(server.port, tmp_path, security="starttls", ca_file=file).send(SUBJECT, TEXT, {})


def test_the_password_is_never_sent_in_the_open() -> None:
    with pytest.raises(ConfigError, match="send the password for all to read"):
        channel(25, security="none", **LOGIN)


# -- nothing is lost ----------------------------------------------------------------------
def test_an_alert_waits_for_the_right_password_and_is_then_told_once_with_no_word_of_it_in_the_log(
    tls: ssl.SSLContext, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("debug")
    world = World()
    world.sync(full=True)
    with world.db.transaction() as conn:
        decisions.ask(conn, "brake", "zero", "Really?", choices=["yes"], now=world.bridge.now())
    with MailServer(tls=tls, login=(USER, "another")) as server:
        by = channel(server.port, tmp_path, security="starttls", ca_file="ca.pem", **LOGIN)
        book = BookFile(tmp_path / "book")
        overseer = Overseer(
            Probe(world.bridge), db=world.db, clock=world.clock, channels=[by], book=book, choices=Choices("shop")
        )
        for _ in range(5):
            world.clock.advance(60)
            overseer.tick()
        assert server.letters == []
        assert overseer.undelivered > 0
        server.login = (USER, PASSWORD)
        for _ in range(20):
            world.clock.advance(60)
            overseer.tick()
    assert len(server.letters) == 1
    logged = capsys.readouterr()
    assert f"refuses user {USER}" in logged.err
    assert PASSWORD not in logged.err + logged.out + (tmp_path / "book").read_text()


def test_a_letter_that_one_of_two_does_not_get_is_noted_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("info")
    answers = iter(["250 ok", "550 no such user"])

    class Choosy(dict[str, str]):
        def get(self, word: str, default: Any = None) -> Any:
            return next(answers) if word == "RCPT" else default

    with MailServer(replies=Choosy()) as server:
        channel(server.port).send(SUBJECT, TEXT, {})
    assert len(server.letters) == 1
    assert "address=c@d.example" in capsys.readouterr().err
