"""What goes over the wire to Square through the official SDK's connection."""

from __future__ import annotations

import subprocess
import sys

import httpx
import orjson
import pytest

from bridge.remotes.port import Call, NoReply
from bridge.remotes.square.transport import SdkTransport
from tests.unit.remotes.counting_server import counting_server

BASE = "http://127.0.0.1:1"


def mocked(answer: httpx.Response | Exception, **more: object) -> tuple[SdkTransport, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def give(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.Client(transport=httpx.MockTransport(give))
    return SdkTransport(more.pop("token", "token-1"), BASE, httpx_client=client, **more), seen  # type: ignore[arg-type]


def test_the_sdk_still_has_the_way_in_that_this_module_uses() -> None:
    """Notices a new SDK in which the private attribute moved."""
    transport, seen = mocked(httpx.Response(200, json={"locations": []}))
    reply = transport.send(Call("GET", "v2/locations", (("cursor", "a b"),)))
    assert reply.status == 200 and orjson.loads(reply.body) == {"locations": []}
    assert str(seen[0].url) == f"{BASE}/v2/locations?cursor=a+b"
    assert seen[0].headers["authorization"] == "Bearer token-1"
    assert seen[0].headers["square-version"] == "2026-09-16"
    assert seen[0].headers["user-agent"].startswith("squareup/")


def test_a_call_may_name_another_version() -> None:
    transport, seen = mocked(httpx.Response(200, json={}))
    transport.send(Call("GET", "v2/locations", version="2025-08-20"))
    assert seen[0].headers["square-version"] == "2025-08-20"


def test_a_renewed_token_is_used_from_the_next_call_on() -> None:
    tokens = iter(["old", "new"])
    transport, seen = mocked(httpx.Response(200, json={}), token=lambda: next(tokens))
    for _ in range(2):
        transport.send(Call("GET", "v2/locations"))
    assert [request.headers["authorization"] for request in seen] == ["Bearer old", "Bearer new"]


def test_a_body_goes_out_byte_for_byte_as_it_was_built() -> None:
    transport, seen = mocked(httpx.Response(200, json={}))
    body = {"idempotency_key": "k", "object": {"id": "#1", "empty": None, "nested": [{"b": 1, "a": "ü"}]}}
    for _ in range(2):
        transport.send(Call("POST", "v2/catalog/object", body=body))
    assert seen[0].content == seen[1].content == orjson.dumps(body)
    assert seen[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_the_sdk_does_not_repeat_a_call_on_its_own(status: int) -> None:
    transport, seen = mocked(httpx.Response(status, json={"errors": []}))
    assert transport.send(Call("POST", "v2/catalog/object", body={})).status == status
    assert len(seen) == 1


def test_redirects_are_not_followed() -> None:
    transport, seen = mocked(httpx.Response(302, headers={"location": "https://elsewhere.test/"}))
    assert transport.send(Call("POST", "v2/catalog/object", body={})).status == 302
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("broken", "sent"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("slow"), False),
        (httpx.ReadTimeout("slow"), True),
        (httpx.RemoteProtocolError("reset"), True),
        (httpx.ReadError("reset"), True),
    ],
)
def test_a_broken_connection_says_whether_the_call_may_have_arrived(broken: Exception, sent: bool) -> None:
    transport, _ = mocked(broken)
    with pytest.raises(NoReply) as lost:
        transport.send(Call("POST", "v2/catalog/object", body={}))
    assert lost.value.sent is sent and "token-1" not in str(lost.value)


def test_an_image_goes_out_as_multipart_with_its_request() -> None:
    transport, seen = mocked(httpx.Response(200, json={}))
    files = {
        "request": ("request.json", b'{"idempotency_key":"k"}', "application/json"),
        "image_file": ("mug.png", b"\x89PNG", "image/png"),
    }
    transport.send(Call("POST", "v2/catalog/images", files=files))
    assert seen[0].headers["content-type"].startswith("multipart/form-data")
    assert b'name="request"' in seen[0].content and b'filename="mug.png"' in seen[0].content


def test_calls_share_one_connection() -> None:
    with counting_server() as server:
        transport = SdkTransport("t", server.url)
        for _ in range(5):
            transport.send(Call("POST", "v2/catalog/search", body={"limit": 1}))
        transport.close()
    assert len(server.requests) == 5
    assert server.connections == 1


def test_importing_the_transport_does_not_import_the_sdk() -> None:
    code = "import sys, bridge.remotes.square.transport; print('square' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert out.stdout.strip() == "False"
