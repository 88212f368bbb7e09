"""Square's catalog images: multipart upload, replacement, and where the bytes are served from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.square.catalog_read import shown
from bridge.sim.square.catalog_write import begin, change_data, finish
from bridge.sim.square.idempotency import key_of
from bridge.sim.square.moments import rfc3339
from bridge.sim.square.routes import Answer, Route, Router, refusal
from bridge.sim.square.state import StoredFile

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
LARGEST = 15 * 1024 * 1024
KINDS = frozenset({"image/jpeg", "image/pjpeg", "image/png", "image/gif"})
ENDINGS = {"image/png": "png", "image/gif": "gif"}
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_NAME = re.compile(rb'name="([^"]*)"')


def register(router: Router) -> None:
    """Add the endpoints."""
    router.add("POST", "/v2/catalog/images", create, scopes=("ITEMS_WRITE",), json_body=False)
    router.add("PUT", "/v2/catalog/images/{image_id}", update, scopes=("ITEMS_WRITE",), json_body=False)


def parts_of(request: SimRequest) -> dict[str, tuple[str, bytes]]:
    """The parts of a multipart body by name: (content type, bytes)."""
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    if found is None:
        raise refusal("INVALID_CONTENT_TYPE", "Expected multipart/form-data.")
    parts: dict[str, tuple[str, bytes]] = {}
    for raw in (b"\r\n" + request.body).split(b"\r\n--" + found.group(1).encode())[1:-1]:
        head, _, content = raw.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = _NAME.search(head)
        kind = re.search(rb"(?i)content-type:\s*([^\r\n;]+)", head)
        if name is not None:
            parts[name.group(1).decode()] = (kind.group(1).decode().strip() if kind else "", content)
    return parts


def _upload(request: SimRequest) -> tuple[Json, StoredFile | None]:
    """The JSON part and the file part of an upload; ``SquareError`` for what Square refuses."""
    parts = parts_of(request)
    if "request" not in parts:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "request")
    try:
        asked = orjson.loads(parts["request"][1])
    except ValueError:
        raise refusal("EXPECTED_JSON_BODY", "Invalid JSON body.", "request") from None
    file_part = next((part for name, part in parts.items() if name != "request"), None)
    if file_part is None:
        return asked, None
    kind, content = file_part
    if len(content) > LARGEST:
        raise refusal("REQUEST_ENTITY_TOO_LARGE", "The image is larger than 15 MB.", "image_file")
    if kind.lower() not in KINDS:
        raise refusal("UNSUPPORTED_MEDIA_TYPE", f"`{kind}` is not a supported image type.", "image_file")
    return asked, StoredFile(content, kind.lower())


def create(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """POST /v2/catalog/images: keeps the bytes, makes an IMAGE, hangs it on an object when one is named."""
    asked, uploaded = _upload(request)
    return _once(square, request, asked, uploaded, lambda: _create(square, request, asked, uploaded))


def _create(square: FakeSquare, request: SimRequest, asked: Json, uploaded: StoredFile | None) -> Json:
    image = asked.get("image")
    if not isinstance(image, dict) or image.get("type") != "IMAGE":
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "image")
    if uploaded is None:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "image_file")
    owner_id = asked.get("object_id")
    if owner_id and square.state.catalog.live(owner_id) is None:
        raise refusal("NOT_FOUND", f"Catalog object with ID `{owner_id}` not found.", "object_id")
    begin(square, request, "upsert")
    image_id = square.ids.token(24)
    data = {name: value for name, value in (image.get("image_data") or {}).items() if value is not None}
    data["url"] = _keep_file(square, request, uploaded)
    _put_image(square, image_id, data)
    if owner_id:
        primary = bool(asked.get("is_primary"))

        def attach(old: Json) -> Json:
            ids = list(old.get("image_ids", ()))
            return {**old, "image_ids": [image_id, *ids] if primary else [*ids, image_id]}

        change_data(square, owner_id, attach)
    finish(square)
    return {"image": shown(square, image_id)}


def update(square: FakeSquare, request: SimRequest, args: dict[str, str], body: Any) -> Answer:
    """PUT /v2/catalog/images/{image_id}: new bytes under the same object, at a new address."""
    image_id = args["image_id"]
    found = square.state.catalog.live(image_id)
    if found is None or found["type"] != "IMAGE":
        raise refusal("NOT_FOUND", f"Catalog object with ID `{image_id}` not found.")
    asked, uploaded = _upload(request)
    if uploaded is None:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "image_file")

    def make() -> Json:
        begin(square, request, "upsert")
        _put_image(square, image_id, {**found["image_data"], "url": _keep_file(square, request, uploaded)})
        finish(square)
        return {"image": shown(square, image_id)}

    return _once(square, request, asked, uploaded, make)


def _keep_file(square: FakeSquare, request: SimRequest, uploaded: StoredFile) -> str:
    file_id = square.ids.token(24)
    square.state.files[file_id] = uploaded
    # as the service's own addresses do, it ends in a file name with its ending: shops look at that
    return f"{request.scheme}://{request.host}/_files/{file_id}/original.{ENDINGS.get(uploaded.content_type, 'jpeg')}"


def _put_image(square: FakeSquare, image_id: str, data: Json) -> None:
    at = square.stamp()
    version = square.state.catalog.next_version(int(at.timestamp() * 1000 + 0.5))
    old = square.state.catalog.live(image_id)
    stamps = {"version": version, "updated_at": rfc3339(at)}
    born = stamps["updated_at"] if old is None else old["created_at"]
    square.state.catalog.put(
        {
            "type": "IMAGE",
            "id": image_id,
            **stamps,
            "created_at": born,
            "present_at_all_locations": True,
            "image_data": data,
        }
    )


def _once(square: FakeSquare, request: SimRequest, asked: Json, uploaded: StoredFile | None, make: Any) -> SimResponse:
    """Idempotency by key, JSON part and bytes (a multipart boundary changes with every try)."""
    rule = Route(request.method, request.path, create, idempotency="required")
    place = (square.actor, f"{request.method} {request.path}", key_of(rule, asked))
    content = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS) + (uploaded.content if uploaded else b"")
    now = square.clock.now()
    stored = square.keys.replay(place, content, now)
    if stored is not None:
        return stored
    answer = SimResponse.of_json(200, make())
    square.keys.remember(place, content, now, answer)
    return answer
