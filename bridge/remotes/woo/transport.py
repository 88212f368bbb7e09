"""Sends calls to a WooCommerce shop through one pooled session, Basic over https, OAuth 1.0a over http."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote, urlencode

import orjson
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from woocommerce.oauth import OAuth

from bridge.clock import Clock, SystemClock
from bridge.remotes.port import Call, NoReply, Reply

USER_AGENT = "woo-square-bridge"
_CHUNK = 1 << 20
"""Bytes of an answer read at once: a page in a few reads, where ``requests`` itself would take dozens."""


class _SignedUrl(OAuth):  # type: ignore[misc]
    """The client package's signature with PHP's encoding: it leaves ``/`` as it is, PHP signs ``%2F``."""

    @staticmethod
    def normalize_parameters(params: Any) -> dict[str, str]:
        """Names and values encoded twice, as they stand in the string to sign."""
        return {_twice(str(name)): _twice(str(value)) for name, value in (params or {}).items()}


def _twice(text: str) -> str:
    return quote(unquote(text), safe="~").replace("%", "%25")


class RequestsTransport:
    """A ``Transport`` to ``base_url`` (the shop's address, subdirectory included); paths lie below ``wp-json``.

    ``timeout`` is in seconds and holds for connecting and for each wait on the answer. Redirects are never
    followed: they show a wrong address, and a redirected write would be repeated as a read. ``adapter`` replaces
    the network in tests.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        secret: str,
        *,
        ca_file: str | None = None,
        timeout: float = 30,
        adapter: BaseAdapter | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._base = base_url.rstrip("/") + "/wp-json/"
        self._key, self._secret = key, secret
        self._timeout = timeout
        self._clock = clock or SystemClock()
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc entry would replace our credentials
        self._session.verify = ca_file or True
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        pooled = adapter or HTTPAdapter(pool_connections=1, pool_maxsize=8, max_retries=0)
        self._session.mount("https://", pooled)
        self._session.mount("http://", pooled)
        self._basic = HTTPBasicAuth(key, secret) if self._base.startswith("https://") else None

    def send(self, call: Call) -> Reply:
        """Send once; no retries, no redirects."""
        body = None if call.body is None else orjson.dumps(call.body)
        try:
            answer = self._session.request(
                call.method,
                self._url(call),
                data=body,
                headers={"Content-Type": "application/json"} if body is not None else None,
                auth=self._basic,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
            with answer:
                content = b"".join(answer.iter_content(_CHUNK))
        except requests.exceptions.RequestException as broken:
            # the exception's own text holds the signed address: only its kind may travel on
            raise NoReply(_reason(broken), sent=not _never_left(broken)) from None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, headers, content)

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def _url(self, call: Call) -> str:
        url = self._base + quote(call.path, safe="/")
        if call.query:
            url += "?" + urlencode(call.query)
        if self._basic is not None:
            return url
        signed = _SignedUrl(
            url=url,
            consumer_key=self._key,
            consumer_secret=self._secret,
            version="wc/v3",
            method=call.method,
            oauth_timestamp=int(self._clock.now().timestamp()),
        )
        return str(signed.get_oauth_url())


def _cause(broken: BaseException) -> BaseException:
    """The innermost reason urllib3 gives (``MaxRetryError.reason``)."""
    inner = broken.args[0] if broken.args else None
    reason = getattr(inner, "reason", None)
    return reason if isinstance(reason, BaseException) else broken


def _never_left(broken: requests.exceptions.RequestException) -> bool:
    """True when the call certainly did not reach the shop: refused or unresolved, or a wrong certificate."""
    cause = _cause(broken)
    if isinstance(cause, (NewConnectionError, ConnectTimeoutError)):
        return True
    if isinstance(broken, requests.exceptions.SSLError):
        return "CERTIFICATE_VERIFY_FAILED" in str(cause)
    return isinstance(broken, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema))


def _reason(broken: requests.exceptions.RequestException) -> str:
    if isinstance(broken, requests.exceptions.SSLError):
        return "the shop's certificate is not trusted" if _never_left(broken) else "the secure connection broke"
    if isinstance(broken, requests.exceptions.Timeout):
        return "no answer in time"
    if _never_left(broken):
        return "no connection"
    return "the connection broke"
