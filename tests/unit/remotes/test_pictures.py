"""Pictures: only real ones, only over http(s), never too large."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from bridge.clock import VirtualClock
from bridge.remotes.pictures import LARGEST, PictureFetcher

JPEG = b"\xff\xd8\xff" + b"x" * 100


class Canned(BaseAdapter):
    """Answers every request from a table of address -> (status, headers, body)."""

    def __init__(self, answers: dict[str, tuple[int, dict[str, str], bytes]]) -> None:
        super().__init__()
        self.answers, self.asked = answers, list[str]()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        url = str(request.url)
        self.asked.append(url)
        if url not in self.answers:
            raise requests.exceptions.ConnectionError("nobody there")
        status, headers, body = self.answers[url]
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = status, url, request
        answer.headers.update(headers)
        answer.raw = io.BytesIO(body)
        return answer

    def close(self) -> None:
        pass


def fetcher(answers: Mapping[str, tuple[int, dict[str, str], bytes]]) -> PictureFetcher:
    return PictureFetcher(clock=VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)), adapter=Canned(dict(answers)))


def test_a_picture_comes_with_its_kind_told_by_its_bytes() -> None:
    found = fetcher({"https://a.test/x.png": (200, {"Content-Type": "image/png"}, JPEG)}).fetch("https://a.test/x.png")
    assert found == (JPEG, "image/jpeg")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.test/x.jpg", "data:image/png;base64,AAAA", "", "x.jpg"])
def test_other_schemes_are_never_asked(url: str) -> None:
    assert fetcher({}).fetch(url) is None


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}, JPEG),
        (200, {}, b"<!DOCTYPE html>"),
        (200, {}, b""),
        (200, {}, b"RIFF0000WEBP"),
        (200, {}, JPEG + b"x" * LARGEST),
        (302, {"Location": "file:///etc/passwd"}, b""),
    ],
)
def test_what_is_not_a_picture_to_be_had_is_none(answer: tuple[int, dict[str, str], bytes]) -> None:
    assert fetcher({"https://a.test/x.jpg": answer}).fetch("https://a.test/x.jpg") is None


def test_nobody_there_is_none() -> None:
    assert fetcher({}).fetch("https://a.test/x.jpg") is None


def test_a_redirect_to_another_web_address_is_followed() -> None:
    found = fetcher(
        {
            "https://a.test/x.jpg": (302, {"Location": "https://b.test/y.jpg"}, b""),
            "https://b.test/y.jpg": (200, {}, JPEG),
        }
    ).fetch("https://a.test/x.jpg")
    assert found == (JPEG, "image/jpeg")
