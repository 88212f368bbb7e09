"""Carry pictures across: each is uploaded once and remembered with its twin, so none is ever sent twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bridge.domain.actions import action_key
from bridge.domain.product import ShownImage
from bridge.engine.context import Bridge, Run
from bridge.ledger import images, shown
from bridge.ledger.outbox import Action
from bridge.remotes.port import Done


def send_images_to_square(
    bridge: Bridge, run: Run, action: Action, item_id: str, wanted: Sequence[str] | None = None
) -> None:
    """Upload those of the shop's pictures that Square does not have; a picture that cannot be read is counted."""
    changes = action.payload.get("fields", {}).get("images")
    ids = list(wanted) if wanted is not None else (changes[0] if changes else [])
    if not ids or not bridge.settings.images:
        return
    product_id = action.payload.get("product_id") or action.payload.get("from")
    with bridge.db.reading() as conn:
        woo = shown.product_shown(conn, "woo", str(product_id))
        twins = images.twins(conn, "woo", ids)
    known = {image.remote_id: image for image in (woo.images if woo else ())}
    for image_id in ids:
        if image_id not in twins and image_id in known:
            _upload(bridge, run, action, item_id, known[image_id])


def _upload(bridge: Bridge, run: Run, action: Action, item_id: str, image: ShownImage) -> None:
    found = bridge.fetch(image.url) if image.url else None
    if found is None:
        run.skip("picture could not be read")
        return
    content, mime = found
    name = image.url.rsplit("/", 1)[-1] or "picture"
    outcome = bridge.square.add_image(item_id, name, content, mime, action_key("image", item_id, image.remote_id))
    if not isinstance(outcome, Done):
        run.skip("picture was not taken by Square")
        return
    digest = hashlib.sha256(content).hexdigest()
    with bridge.db.transaction() as conn:
        images.remember(conn, woo_id=image.remote_id, square_id=str(outcome.answer), sha256=digest)
    run.add("pictures sent to square")


def rows_for_woo(
    bridge: Bridge, square_images: Sequence[ShownImage], woo_images: Sequence[ShownImage]
) -> list[dict[str, object]]:
    """The shop's whole picture list: its own stay, Square's missing ones it downloads from their address."""
    with bridge.db.reading() as conn:
        twins = images.twins(conn, "square", [image.remote_id for image in square_images])
    rows: list[dict[str, object]] = [{"id": int(image.remote_id)} for image in woo_images]
    rows += [{"src": image.url} for image in square_images if image.remote_id not in twins and image.url]
    return rows
