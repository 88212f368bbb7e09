"""Carry pictures across: each is uploaded once and remembered with its twin, so none is ever sent twice.

Pictures are only ever added: one taken away on a side stays on the other, for nothing is deleted as a side effect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from bridge.domain.actions import action_key
from bridge.domain.product import ShownImage, ShownProduct
from bridge.engine.context import Bridge, Run
from bridge.ledger import images, shown
from bridge.ledger.outbox import Action
from bridge.remotes.port import Done, Outcome, Refused

_TRIES = 3
"""An unanswered upload is sent again under the same key, which Square takes once."""


def send_images_to_square(
    bridge: Bridge, run: Run, action: Action, item_id: str, wanted: Sequence[str] | None = None
) -> None:
    """Upload those of the shop's pictures that Square does not have; a picture that cannot be read is counted."""
    if not bridge.settings.images:
        return
    changes = action.payload.get("fields", {}).get("images")
    ids = list(wanted) if wanted is not None else (changes[0] if changes else [])
    of_variations = {
        square_id: str(fields["image"][0])
        for square_id, fields in action.payload.get("variations", {}).items()
        if fields.get("image") and fields["image"][0]
    }
    if not ids and not of_variations:
        return
    product_id = str(action.payload.get("product_id") or action.payload.get("from"))
    with bridge.db.reading() as conn:
        woo = shown.product_shown(conn, "woo", product_id)
        twins = images.twins(conn, "woo", ids)
    known = _pictures(woo)
    for image_id in ids:
        if image_id not in twins and image_id in known:
            _upload(bridge, run, item_id, known[image_id])
    for square_id, image_id in of_variations.items():
        if image_id in known:
            _upload(bridge, run, square_id, known[image_id])


def _pictures(woo: ShownProduct | None) -> dict[str, ShownImage]:
    """All pictures of a product and its variations by id."""
    if woo is None:
        return {}
    own = {v.image.remote_id: v.image for v in woo.variations if v.image is not None}
    return own | {image.remote_id: image for image in woo.images}


def _upload(bridge: Bridge, run: Run, object_id: str, image: ShownImage) -> None:
    found = bridge.fetch(image.url) if image.url else None
    if found is None:
        run.skip("picture could not be read")
        return
    content, mime = found
    name = image.url.rsplit("/", 1)[-1] or "picture"
    outcome: Outcome = Refused("", "")
    for _ in range(_TRIES):
        outcome = bridge.square.add_image(
            object_id, name, content, mime, action_key("image", object_id, image.remote_id)
        )
        if isinstance(outcome, (Done, Refused)):
            break
    if not isinstance(outcome, Done):
        run.skip("picture was not taken by Square")
        return
    digest = hashlib.sha256(content).hexdigest()
    with bridge.db.transaction() as conn:
        images.remember(conn, woo_id=image.remote_id, square_id=str(outcome.answer), sha256=digest)
    run.add("pictures sent to square")


def missing_in_woo(bridge: Bridge, image_ids: Sequence[str]) -> list[ShownImage]:
    """Those of Square's pictures that the shop does not have, with the address it can download them from."""
    if not image_ids or not bridge.settings.images:
        return []
    with bridge.db.reading() as conn:
        twins = images.twins(conn, "square", image_ids)
    wanted = [image_id for image_id in image_ids if image_id not in twins]
    return [image for image in bridge.square.images(wanted) if image.url] if wanted else []


def rows_for_woo(kept: Sequence[ShownImage], added: Sequence[ShownImage]) -> list[dict[str, object]]:
    """The shop's whole picture list: its own stay, Square's missing ones it downloads from their address."""
    rows: list[dict[str, object]] = [{"id": int(image.remote_id)} for image in kept]
    return rows + [{"src": image.url} for image in added]


def remember_downloaded(
    bridge: Bridge, run: Run, kept: Sequence[ShownImage], added: Sequence[ShownImage], answered: Sequence[Any]
) -> None:
    """The shop answered its whole picture list: those it did not have before are Square's, in the order sent."""
    before = {image.remote_id for image in kept}
    new = [str(row.get("id")) for row in answered if str(row.get("id")) not in before]
    with bridge.db.transaction() as conn:
        for woo_id, image in zip(new, added, strict=False):
            images.remember(conn, woo_id=woo_id, square_id=image.remote_id, sha256="")
            run.add("pictures sent to the shop")
