"""Sends calls to Square through the official SDK's own connection, past its models.

The SDK gives authentication, version and identification headers; its models cost a thousand times the JSON they
read. The way in is a private attribute, used in this module only and guarded by a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from bridge.remotes.port import Call, NoReply, Reply

if TYPE_CHECKING:
    from square import Square

PRODUCTION = "https://connect.squareup.com"
SANDBOX = "https://connect.squareupsandbox.com"
VERSION = "2026-09-16"


class SdkTransport:
    """A ``Transport`` to Square: ``path`` as in ``v2/locations``; ``call.version`` overrides ``version``.

    ``token`` may be a function, asked for every call, so that a renewed token needs no new client. ``timeout`` is
    in seconds. The SDK's retries and redirects are off: repeating is decided above, where outcomes are known.
    """

    def __init__(
        self,
        token: str | Callable[[], str],
        base_url: str = PRODUCTION,
        *,
        version: str = VERSION,
        timeout: float = 15,
        httpx_client: httpx.Client | None = None,
    ) -> None:
        self._token, self._base_url, self._version = token, base_url, version
        self._timeout = timeout
        self._http = httpx_client or httpx.Client(
            timeout=timeout,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=30),
        )
        self._sdk: Square | None = None

    def sdk(self) -> Square:
        """The official client over the same connections, made when first needed (importing it takes 0.5 s)."""
        if self._sdk is None:
            from square import Square

            self._sdk = Square(
                token=self._token,
                base_url=self._base_url,
                version=self._version,
                timeout=self._timeout,
                httpx_client=self._http,
            )
        return self._sdk

    def send(self, call: Call) -> Reply:
        """Send once; no retries, no redirects."""
        sdk_http = self.sdk()._client_wrapper.httpx_client
        headers: dict[str, Any] = {"Square-Version": call.version} if call.version else {}
        content = None
        if call.body is not None:
            # encoded here, not by the SDK: the same body is the same bytes, as its idempotency key promises
            content = orjson.dumps(call.body)
            headers["Content-Type"] = "application/json"
        try:
            answer = sdk_http.request(
                call.path,
                method=call.method,
                params=dict(call.query) or None,
                content=content,
                files=call.files,
                headers=headers,
                request_options={"max_retries": 0},
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as broken:
            raise NoReply(_reason(broken), sent=False) from None
        except httpx.HTTPError as broken:
            raise NoReply(_reason(broken), sent=True) from None
        return Reply(answer.status_code, dict(answer.headers), answer.content)

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()


def _reason(broken: httpx.HTTPError) -> str:
    if isinstance(broken, httpx.ConnectError):
        certificate = "CERTIFICATE_VERIFY_FAILED" in str(broken)
        return "Square's certificate is not trusted" if certificate else "no connection"
    if isinstance(broken, httpx.TimeoutException):
        return "no answer in time"
    return "the connection broke"
