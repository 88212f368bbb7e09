"""The media library: pictures by address or upload, the files themselves, and ``wp/v2/media``."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.woo.params import PAGING, Param, checked
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.state import Media
from bridge.sim.woo.texts import loose_int, text_of
from bridge.sim.woo.times import gmt_text, local_text

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

UPLOADS = "/wp-content/uploads/"
_MIMES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
_LIST = {**PAGING, "orderby": Param(default="date"), "parent": Param("array", items="integer", default=())}


def resolve_images(shop: FakeWoo, images: list[Any]) -> list[int]:
    """Media ids of what an ``images`` field asks for; an address is downloaded as a new copy each time."""
    made = []
    for image in images:
        if not isinstance(image, dict):
            continue
        number = loose_int(image.get("id") or 0)
        if not number and image.get("src"):
            number = download(shop, text_of(image["src"])).id
        media = shop.state.media.get(number)
        if media is None:
            raise WooError(400, "woocommerce_product_invalid_image_id", f"#{number} is an invalid image ID.")
        if image.get("alt"):
            media.alt = text_of(image["alt"])
        if image.get("name"):
            media.name = text_of(image["name"])
        made.append(number)
    return made


def download(shop: FakeWoo, url: str) -> Media:
    """Fetch a picture into the library; unreachable or not a picture is the recorded 400."""
    parts = urlsplit(url)
    body: bytes | None = None
    if parts.path.startswith(UPLOADS):
        body = shop.state.files.get(unquote(parts.path.removeprefix(UPLOADS)))
    if body is None and shop.fetch is not None:
        body = shop.fetch(url)
    ending = parts.path.rpartition(".")[2].lower()
    if body is None or ending not in _MIMES:
        raise WooError(
            400,
            "woocommerce_product_image_upload_error",
            "Invalid image: Sorry, you are not allowed to upload this file type.",
        )
    media = add_file(shop, unquote(parts.path.rpartition("/")[2]), body)
    media.name = media.path.rpartition("/")[2]
    return media


def add_file(shop: FakeWoo, filename: str, body: bytes) -> Media:
    """Put bytes into this month's uploads under a free name."""
    month = local_text(shop.now(), shop.state.timezone)[:7].replace("-", "/")
    stem, _, ending = re.sub(r"[^\w.\-]+", "-", filename).rpartition(".")
    name, number = f"{stem}.{ending}", 1
    while f"{month}/{name}" in shop.state.files:
        name, number = f"{stem}-{number}.{ending}", number + 1
    path = f"{month}/{name}"
    shop.state.files[path] = body
    media = Media(
        shop.next_id(), path, name.rpartition(".")[0], created=shop.now(), mime=_MIMES.get(ending, "image/png")
    )
    shop.state.media[media.id] = media
    return media


def serve_file(shop: FakeWoo, request: SimRequest) -> SimResponse | None:
    """The answer to ``GET /wp-content/uploads/…``, ``None`` when no file is asked for."""
    if not request.path.startswith(UPLOADS):
        return None
    path = request.path.removeprefix(UPLOADS)
    body = shop.state.files.get(path)
    if body is None:
        return SimResponse(404, b"<html><body>404 Not Found</body></html>", {"Content-Type": "text/html"})
    kind = _MIMES.get(path.rpartition(".")[2].lower(), "application/octet-stream")
    return SimResponse(200, body, {"Content-Type": kind})


def media_json(shop: FakeWoo, call: Call, media: Media) -> dict[str, Any]:
    """A media item as ``wp/v2/media`` shows it (its most used fields)."""
    url = f"{call.base}{UPLOADS}{media.path}"
    local, tz = local_text(media.created, shop.state.timezone), gmt_text(media.created)
    return {
        "id": media.id,
        "date": local,
        "date_gmt": tz,
        "guid": {"rendered": url},
        "modified": local,
        "modified_gmt": tz,
        "slug": media.name,
        "status": "inherit",
        "type": "attachment",
        "link": f"{call.base}/{media.name}/",
        "title": {"rendered": media.name},
        "author": 1,
        "alt_text": media.alt,
        "media_type": "image",
        "mime_type": media.mime,
        "media_details": {"file": media.path, "filesize": len(shop.state.files.get(media.path, b""))},
        "post": media.parent or None,
        "source_url": url,
        "_links": {"self": [{"href": f"{call.base}/wp-json/wp/v2/media/{media.id}"}]},
    }


def _list(shop: FakeWoo, call: Call) -> SimResponse:
    asked = checked(_LIST, call.query)
    found = [m for m in shop.state.media.values() if not asked["include"] or m.id in asked["include"]]
    if asked.get("search"):
        found = [m for m in found if str(asked["search"]).lower() in m.name.lower()]
    found.sort(key=lambda m: m.id, reverse=asked["order"] == "desc")
    start = (asked["page"] - 1) * asked["per_page"]
    rows = [media_json(shop, call, m) for m in found[start : start + asked["per_page"]]]
    return call.page(rows, len(found), asked["page"], asked["per_page"])


def _get(shop: FakeWoo, call: Call) -> SimResponse:
    media = shop.state.media.get(int(call.args["id"]))
    if media is None:
        raise WooError(404, "rest_post_invalid_id", "Invalid post ID.")
    return call.reply(media_json(shop, call, media))


def _upload(shop: FakeWoo, call: Call) -> SimResponse:
    if not call.caller.runs_shop:
        code, text = "rest_cannot_create", "Sorry, you are not allowed to create posts as this user."
        raise WooError(401, code, text)
    request = call.request
    if not request.body:
        raise WooError(400, "rest_upload_no_data", "No data supplied.")
    found = re.search(r'filename="?([^";]+)"?', request.headers.get("content-disposition", ""))
    body, filename = request.body, found[1] if found else ""
    if "multipart/form-data" in request.headers.get("content-type", ""):
        body, filename = _multipart(request)
    if not filename:
        raise WooError(400, "rest_upload_no_content_disposition", "No Content-Disposition supplied.")
    if filename.rpartition(".")[2].lower() not in _MIMES:
        text = "Sorry, you are not allowed to upload this file type."
        raise WooError(500, "rest_upload_sideload_error", text)
    return call.created(media_json(shop, call, add_file(shop, filename, body)))


def _multipart(request: SimRequest) -> tuple[bytes, str]:
    boundary = request.headers["content-type"].partition("boundary=")[2].strip('"').encode()
    for part in request.body.split(b"--" + boundary):
        head, _, body = part.partition(b"\r\n\r\n")
        found = re.search(rb'filename="([^"]+)"', head)
        if found:
            return body.removesuffix(b"\r\n"), found[1].decode("utf-8", "replace")
    return b"", ""


def _delete(shop: FakeWoo, call: Call) -> SimResponse:
    media = shop.state.media.pop(int(call.args["id"]), None)
    if media is None:
        raise WooError(404, "rest_post_invalid_id", "Invalid post ID.")
    for item in shop.state.items.values():
        if media.id in item.images:
            item.images = [n for n in item.images if n != media.id]
    previous = media_json(shop, call, media)
    shop.state.files.pop(media.path, None)
    return call.reply({"deleted": True, "previous": previous})


def register(router: Router) -> None:
    """Add ``wp/v2/media``."""
    router.add("GET", "/wp/v2/media", _list, needs="public")
    router.add("POST", "/wp/v2/media", _upload, needs="public")
    router.add("GET", "/wp/v2/media/<id>", _get, needs="public")
    router.add("DELETE", "/wp/v2/media/<id>", _delete, needs="wp")


def register_acts(shop: FakeWoo) -> None:
    """Add ``add_media``: put a file where the shop serves it, and into the library."""

    def add_media(url: str, base64: str) -> int:
        path = urlsplit(url).path
        if path.startswith(UPLOADS):
            place = unquote(path.removeprefix(UPLOADS))
            shop.state.files[place] = b64decode(base64)
            name, ending = place.rpartition("/")[2].rsplit(".", 1)
            mime = _MIMES.get(ending.lower(), "image/png")
            media = Media(shop.next_id(), place, name, created=shop.now(), mime=mime)
            shop.state.media[media.id] = media
            return media.id
        return add_file(shop, unquote(path.rpartition("/")[2]), b64decode(base64)).id

    shop.acts["add_media"] = add_media
