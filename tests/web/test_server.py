"""The doorbell behind its real server, rung with raw bytes: bodies in pieces, lengths that lie, and too much."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bridge.web.doorbell import BODY_LIMIT
from bridge.web.server import WebServer
from tests.web.test_doorbell import ORDER, House, orjson, sign

BODY = orjson.dumps(ORDER)
SIGNED = f"X-WC-Webhook-Signature: {sign('woo-secret', BODY)}\r\nX-WC-Webhook-Topic: order.updated\r\n"
START = "POST /hooks/woo/woo-token HTTP/1.1\r\nHost: bridge.example\r\n"


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.db.close()


@contextmanager
def door(house: House) -> Iterator[socket.socket]:
    with WebServer(house.bell) as server, socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        yield line


def say(line: socket.socket, *parts: str | bytes) -> str:
    """Send the parts one by one, then read what is answered until the server closes or nothing more is meant."""
    try:
        for part in parts:
            line.sendall(part.encode("latin-1") if isinstance(part, str) else part)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it does not read what it will not take
    try:
        return line.recv(65536).split(b"\r\n")[0].decode()
    except ConnectionResetError:
        return "closed"


def chunk(body: bytes) -> bytes:
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


def test_a_body_in_chunks_is_taken_whole_and_its_signature_checked(house: House) -> None:
    with door(house) as line:
        pieces = [chunk(BODY[:10]), chunk(BODY[10:]), b"0\r\n\r\n"]
        assert say(line, START + SIGNED + "Transfer-Encoding: chunked\r\n\r\n", *pieces) == "HTTP/1.1 200 OK"
    with door(house) as line:
        said = say(line, START + SIGNED + "Transfer-Encoding: chunked\r\n\r\n", chunk(BODY + b" "), b"0\r\n\r\n")
        assert said == "HTTP/1.1 401 Unauthorized"
    assert house.bell.counts == {"stored": 1, "bad_signature": 1}


def test_a_body_in_chunks_that_never_ends_is_cut_off_at_the_limit(house: House) -> None:
    with door(house) as line:
        piece = chunk(b"x" * 65536)
        many = [piece] * (4 * BODY_LIMIT // 65536)
        said = say(line, START + SIGNED + "Transfer-Encoding: chunked\r\n\r\n", *many)
    assert said in ("HTTP/1.1 413 Request Entity Too Large", "closed")
    assert house.rows() == []
    assert house.bell.counts == {}, "the doorbell itself never saw it"


def test_a_length_over_the_limit_is_refused_before_the_body_is_sent(house: House) -> None:
    with door(house) as line:
        said = say(line, START + SIGNED + f"Content-Length: {BODY_LIMIT + 1}\r\n\r\n")
    assert said == "HTTP/1.1 413 Request Entity Too Large"
    assert house.rows() == []


def test_a_length_that_says_less_than_is_sent_gives_a_body_that_fits_no_signature(house: House) -> None:
    with door(house) as line:
        said = say(line, START + SIGNED + f"Content-Length: {len(BODY) - 1}\r\n\r\n", BODY)
    assert said == "HTTP/1.1 401 Unauthorized"
    assert house.rows() == []


def test_a_length_that_says_more_than_is_sent_is_not_answered_before_the_rest_comes(house: House) -> None:
    with door(house) as line:
        line.settimeout(0.3)
        line.sendall((START + SIGNED + f"Content-Length: {len(BODY)}\r\n\r\n").encode() + BODY[:-1])
        with pytest.raises(TimeoutError):
            line.recv(100)
        assert house.rows() == []
        line.settimeout(10)
        assert say(line, BODY[-1:]) == "HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: x",
        "Content-Length: -1",
        "Content-Length: 5\r\nContent-Length: 7",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: gzip",
    ],
)
def test_lengths_that_are_none_leave_nothing_behind(house: House, lengths: str) -> None:
    with door(house) as line:
        said = say(line, f"{START}{SIGNED}{lengths}\r\n\r\n", BODY)
    assert int(said.split()[1]) in (400, 401, 411, 501)
    assert house.rows() == []


def test_without_any_length_there_is_no_body(house: House) -> None:
    with door(house) as line:
        said = say(line, START + SIGNED + "\r\n")
    assert int(said.split()[1]) in (401, 411)
    assert house.rows() == []


def test_a_second_request_hidden_behind_two_kinds_of_length_is_not_let_in(house: House) -> None:
    with door(house) as line:
        hidden = START + SIGNED + f"Content-Length: {len(BODY)}\r\n\r\n" + BODY.decode()
        both = f"Content-Length: {len(hidden) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n"
        said = say(line, START + both, "0\r\n\r\n", hidden)
    assert not said.startswith("HTTP/1.1 200")
    assert len(house.rows()) <= 1, "at most the one that was signed"


def test_headers_without_end_are_refused(house: House) -> None:
    with door(house) as line:
        said = say(line, START, *["X-Filler: " + "x" * 1000 + "\r\n"] * 100)
    assert said == "closed" or said.split()[1] == "431"
    assert house.rows() == []
