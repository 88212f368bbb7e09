"""Secrets: read from the place named, shown as dots everywhere."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from bridge.config.load import parse_config
from bridge.config.secrets import MASK, Places, Secret, SecretMissing, redact

CANARY = "canary-3f9a-secret"


def test_a_value_comes_from_the_environment_or_from_the_file_it_points_at(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{CANARY}\n")
    assert Secret.parse("env:TOKEN", Places({"TOKEN": CANARY})).reveal() == CANARY
    assert Secret.parse("env:TOKEN", Places({"TOKEN_FILE": str(tmp_path / "token")})).reveal() == CANARY


def test_a_value_comes_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"  {CANARY}\n")
    assert Secret.parse("file:token", Places({}, tmp_path)).reveal() == CANARY


def test_a_replaced_file_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "token"
    secret = Secret.parse("file:token", Places({}, tmp_path))
    file.write_text("first-token")
    assert secret.reveal() == "first-token"
    file.write_text("second-token")
    assert secret.reveal() == "second-token"


def test_a_value_comes_from_a_systemd_credential(tmp_path: Path) -> None:
    (tmp_path / "woo-key").write_text(CANARY)
    places = Places({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert Secret.parse("credential:woo-key", places).reveal() == CANARY
    with pytest.raises(SecretMissing, match="CREDENTIALS_DIRECTORY is not set"):
        Secret.parse("credential:woo-key", Places({})).reveal()


@pytest.mark.parametrize(
    ("content", "said"), [(None, "not there"), (b"", "empty"), (b"\xff\xfe\xff", "not readable text")]
)
def test_a_file_without_a_value_is_named_with_the_reason(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(SecretMissing, match=f"file {tmp_path}/token \\({said}\\)"):
        Secret.parse(f"file:{tmp_path}/token", Places({})).reveal()


@pytest.mark.parametrize("text", ["", CANARY, "vault:x", "env:", "env:a b", "credential:../x", "file:", None, 3, []])
def test_what_is_no_reference_is_refused_without_repeating_it(text: object) -> None:
    with pytest.raises(ValueError) as caught:
        Secret.parse(text, Places({}))
    assert CANARY not in str(caught.value)


def test_a_secret_shows_as_dots_everywhere() -> None:
    config = parse_config(
        "woo: {url: https://a.example}",
        places=Places({"BRIDGE_WOO_KEY": CANARY, "BRIDGE_WOO_SECRET": CANARY, "BRIDGE_SQUARE_TOKEN": CANARY}),
    )
    secret = config.woo.key
    assert secret.reveal() == CANARY
    shows = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        repr(config),
        str(config),
    ]
    shows += [str(config.model_dump()), json.dumps({"key": secret}, default=str)]
    assert all(MASK in shown or "\\u2022" in shown for shown in shows)
    assert not any(CANARY in shown for shown in shows)


def test_a_secret_cannot_be_pickled_or_copied_out() -> None:
    secret = Secret.parse("env:TOKEN", Places({"TOKEN": CANARY}))
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.copy(secret)


def test_revealed_values_are_blotted_out_of_any_text() -> None:
    Secret.parse("env:TOKEN", Places({"TOKEN": CANARY})).reveal()
    assert redact(f"Authorization: Bearer {CANARY}!") == f"Authorization: Bearer {MASK}!"


def test_a_file_others_can_read_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(CANARY)
    secret = Secret.parse("file:token", Places({}, tmp_path))
    file.chmod(0o644)
    assert secret.open_to_others()
    file.chmod(0o600)
    assert not secret.open_to_others()
    assert not Secret.parse("env:TOKEN", Places({})).open_to_others()
