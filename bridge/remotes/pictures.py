"""Downloads pictures from the addresses a shop shows: only http(s), in time, and never more than 15 MB."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from bridge.clock import Clock, SystemClock

LARGEST = 15 * 1024 * 1024
"""Square takes pictures up to 15 MB (CreateCatalogImage)."""
SECONDS = 60.0
"""A picture that trickles in for longer is given up."""
REDIRECTS = 3
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}
_CHUNK = 64 * 1024


class PictureFetcher:
    """Reads pictures: ``fetch(url)`` gives (bytes, MIME type) or ``None`` for whatever is not a picture to be had."""

    def __init__(
        self,
        *,
        ca_file: str | None = None,
        timeout: float = 30,
        clock: Clock | None = None,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self._timeout = timeout
        self._clock = clock or SystemClock()
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc entry would send somebody's password along
        self._session.verify = ca_file or True
        self._session.max_redirects = REDIRECTS
        for scheme in ("https://", "http://"):
            if adapter is not None:
                self._session.mount(scheme, adapter)

    def fetch(self, url: str) -> tuple[bytes, str] | None:
        """The picture at ``url``; its kind is told by its first bytes, not by what the server calls it."""
        if urlsplit(url).scheme not in ("http", "https"):
            return None
        try:
            with self._session.get(url, stream=True, timeout=self._timeout) as answer:
                content = self._read(answer) if answer.status_code == 200 else None
        except (requests.exceptions.RequestException, ValueError):
            return None
        mime = kind_of(content) if content else ""
        return (content, mime) if content and mime else None

    def _read(self, answer: requests.Response) -> bytes | None:
        until = self._clock.monotonic() + SECONDS
        content = bytearray()
        for chunk in answer.iter_content(_CHUNK):
            content += chunk
            if len(content) > LARGEST or self._clock.monotonic() > until:
                return None
        return bytes(content)

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()


def kind_of(content: bytes) -> str:
    """The MIME type of a picture Square takes (JPEG, PNG, GIF), "" for anything else."""
    return next((mime for start, mime in _KINDS.items() if content.startswith(start)), "")
