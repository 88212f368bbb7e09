"""Strangers at the real server: requests that are none, by raw bytes. It goes on answering whoever comes next."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

from bridge.clock import VirtualClock
from bridge.ledger import inbox
from bridge.ledger.database import Database
from bridge.web.doorbell import Doorbell, WooBell
from bridge.web.server import WebServer
from tests.fuzz.door import NOW
from tests.web.test_doorbell import sign

TRIES = 400
SECRET = "wire-secret"


def request(number: int) -> bytes:
    """A genuine delivery as it goes over the wire."""
    body = b'{"id":1,"date_modified_gmt":"%d"}' % number
    head = (
        f"POST /hooks/woo/t HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-WC-Webhook-Topic: order.updated\r\n"
        f"X-WC-Webhook-Signature: {sign(SECRET, body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def spoiled(dice: random.Random, whole: bytes) -> bytes:
    """Changed, cut, doubled or shuffled; sometimes nothing of it is left."""
    sent = bytearray(whole)
    for _ in range(dice.randint(1, 12)):
        if not sent:
            return dice.randbytes(200)
        place = dice.randrange(len(sent))
        kind = dice.randrange(4)
        if kind == 0:
            sent[place] = dice.randrange(256)
        elif kind == 1:
            del sent[place : place + dice.randint(1, 30)]
        elif kind == 2:
            more = (b"\r\n", b"\x00", b": ", b"chunked", b"\xff" * 9, b"Content-Length: 9\r\n")
            sent[place:place] = dice.choice(more)
        else:
            sent = sent[place:] + sent[:place]
    return bytes(sent)


def answered(port: int, sent: bytes) -> bytes:
    """What came back until the server hung up; nothing more is sent, so that it need not wait."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line, suppress(ConnectionError):
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        while more := line.recv(65536):
            said += more
    return said


def test_bytes_that_are_no_request_bring_no_server_error_no_trace_and_nothing_into_the_ledger() -> None:
    dice, clock, refused = random.Random(5), VirtualClock(NOW), 0
    with Database.open(":memory:", clock=clock, ids=lambda: "wire") as db:
        bell = Doorbell(db, clock, woo=WooBell("t", lambda: [SECRET]))
        with WebServer(bell) as server:
            for number in range(TRIES):
                said = answered(server.port, spoiled(dice, request(number)))
                assert b"Traceback" not in said
                status = said.split(b" ", 2)[1:2]
                refused += bool(status) and status[0] != b"200"
                assert not status or status[0][:1] in (b"2", b"4") or status[0] == b"501", said[:200]
            before = bell.counts["stored"]
            assert answered(server.port, request(TRIES)).startswith(b"HTTP/1.1 200")
        assert bell.counts["stored"] == before + 1
        with db.reading() as conn:
            assert inbox.count_new(conn) == before + 1
        assert refused > TRIES / 2, "or nothing is shown"
        assert before < TRIES / 4, "what was spoiled fits its signature only where the body was left alone"
