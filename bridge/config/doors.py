"""The doorbells' secrets: as configured, else made from the shop's consumer secret, so that none need be thought up."""

from __future__ import annotations

import hmac
from hashlib import sha256

from bridge.config.model import Config
from bridge.config.secrets import keep_hidden


def door_token(config: Config) -> str:
    """The last part of the doorbells' addresses."""
    given = config.web.token
    return given.reveal() if given is not None else _made_from_shop_secret(config, b"bridge door token")[:32]


def woo_hook_secrets(config: Config) -> list[str]:
    """What may sign the shop's deliveries now, newest first."""
    given = config.web.woo_secret
    newest = given.reveal() if given is not None else _made_from_shop_secret(config, b"bridge hook secret")
    before = config.web.woo_secret_before
    return [newest] if before is None else [newest, before.reveal()]


def square_hook_keys(config: Config) -> list[str]:
    """What may sign Square's deliveries as configured, newest first; empty when the key is to be asked for."""
    given = (config.web.square_key, config.web.square_key_before)
    return [key.reveal() for key in given if key is not None]


def _made_from_shop_secret(config: Config, purpose: bytes) -> str:
    return keep_hidden(hmac.new(config.woo.secret.reveal().encode(), purpose, sha256).hexdigest())
