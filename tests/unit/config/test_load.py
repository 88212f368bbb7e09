"""The configuration loader: what it accepts, and how it says what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config.doors import square_hook_keys, woo_hook_secrets
from bridge.config.load import find_config, load_config, parse_config, require_secrets
from bridge.config.model import Config, Rule
from bridge.config.problems import BadConfig, keys_at
from bridge.config.secrets import Places
from bridge.domain.merge import Rule as DomainRule
from bridge.domain.rules import DEFAULT_OWNERS
from bridge.errors import ConfigError

ROOT = Path(__file__).parents[3]
SHOP = "woo: {url: https://shop.example}\n"


def refusal(text: str | bytes) -> BadConfig:
    with pytest.raises(BadConfig) as caught:
        parse_config(text)
    return caught.value


def test_only_the_shop_address_is_needed() -> None:
    config = parse_config(SHOP)
    assert config.woo.url == "https://shop.example"
    assert config.square.environment == "production"
    assert config.stores == ()
    assert config.orders.allocate == ("single", "priority", "most")


def test_the_example_file_says_exactly_the_defaults() -> None:
    example = load_config(ROOT / "config.example.yaml")
    bare = parse_config(SHOP, places=Places(folder=ROOT))
    assert example == bare


def test_the_example_file_names_every_key() -> None:
    text = (ROOT / "config.example.yaml").read_text()
    sections = [name for name in keys_at(()) if name != "stores"]
    for section in sections:
        assert f"\n{section}:" in text
        for key in keys_at((section,)):
            assert f"\n  {key}:" in text, f"{section}.{key}"
    for key in keys_at(("stores", 0)):
        assert f"\n#   {key} " in text, key
    for key in keys_at(("products", "owners")):
        assert f" {key}: {DEFAULT_OWNERS[key]}" in text, key


def test_both_doors_take_two_secrets_while_one_is_replaced() -> None:
    environ = {"NEW": "new-one", "OLD": "old-one"}
    two = "woo_secret: env:NEW, woo_secret_before: env:OLD, square_key: env:NEW, square_key_before: env:OLD"
    config = parse_config(SHOP + f"web: {{{two}}}\n", places=Places(environ))
    assert woo_hook_secrets(config) == square_hook_keys(config) == ["new-one", "old-one"]


def test_a_key_of_square_before_none_is_a_mistake() -> None:
    said = refusal(SHOP + "web: {square_key_before: env:OLD}\n")
    assert "square_key" in str(said)


def test_owners_and_rules_are_the_ones_the_engine_knows() -> None:
    assert keys_at(("products", "owners")) == list(DEFAULT_OWNERS)
    assert get_args(Rule) == get_args(DomainRule)


def test_words_that_yaml_would_turn_into_other_things_stay_what_they_are() -> None:
    config = parse_config(
        SHOP
        + "products: {create_in_woo: off, follow_hide: off, owners: {images: off}}\n"
        + "square: {version: 2026-07-15}\n"
        + "stores: [{id: 0012, name: no}]\n"
        + "stock: {buffer: {by_sku: {0012: 3, 1e5: 2, yes: 1}}}\n"
    )
    assert config.products.create_in_woo == "off"
    assert config.products.owners.chosen() == {"images": "off"}
    assert config.square.version == "2026-07-15"
    assert config.stores[0].id == "0012"
    assert config.stores[0].name == "no"
    assert config.stock.buffer.by_sku == {"0012": 3, "1e5": 2, "yes": 1}


def test_an_empty_value_means_the_default() -> None:
    config = parse_config(SHOP + "stock:\nstores:\npace: {woo_per_second: null}\n")
    assert config == parse_config(SHOP)


def test_paths_are_beside_the_configuration_file_wherever_the_command_is_typed(tmp_path: Path) -> None:
    file = tmp_path / "bridge.yaml"
    file.write_text(SHOP + "ledger: {path: memory/shop.sqlite}\n")
    assert load_config(file).ledger.path == tmp_path / "memory/shop.sqlite"


def test_the_shop_address_is_tidied() -> None:
    assert parse_config("woo: {url: https://shop.example/sub/}").woo.url == "https://shop.example/sub"
    assert parse_config("woo: {url: https://shop.example/wp-json/}").woo.url == "https://shop.example"


def test_a_file_saved_with_a_byte_order_mark_loads() -> None:
    assert parse_config(b"\xef\xbb\xbf" + SHOP.encode()) == parse_config(SHOP)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "bridge.yaml: is empty"),
        ("# only a remark\n", "bridge.yaml: is empty"),
        ("- one\n", "bridge.yaml:1:1: must consist of `key: value` lines, `woo:` first"),
        ("shop\n", "bridge.yaml:1:1: must consist of `key: value` lines, `woo:` first"),
        ("woo:\n\turl: x\n", "bridge.yaml:2:1: a tab stands where YAML wants spaces"),
        ("woo: [\n", "this line does not fit the lines above"),
        ("woo: 'x\n", "a quotation mark is opened and never closed"),
        ("woo:\n  url: https://a.example\n key: x\n", "bridge.yaml:3:2: this line does not fit"),
        ("--- \na: b\n--- \nc: d\n", "holds several documents"),
        ("woo: &x {url: *x}\n", "anchors (`&`) and aliases (`*`) are not used here"),
        ("[" * 3000, "is nested too deeply"),
        (b"\xff\xfe", "bridge.yaml:1:1: is not UTF-8 text"),
        (b"woo: {url: https://a.example}\nx: \x00\n", "bridge.yaml:2:1: a character that cannot stand in a"),
        (b"#" * (1 << 20) + b"\n", "is larger than a configuration can be"),
        ("square: {}\n", "`woo` is missing"),
        ("woo: {timeout: 3}\n", "bridge.yaml:1:1: `woo.url` is missing"),
        ("woo: 3\n", "bridge.yaml:1:6: `woo` must be a group of `key: value` lines"),
        (SHOP + "stok: {}\n", "bridge.yaml:2:1: unknown key `stok`; did you mean `stock`?"),
        (SHOP + "zero_share: 1\n", "unknown key `zero_share`; did you mean `brakes.zero_share`?"),
        (SHOP + "pace: {quick: 1}\n", "unknown key `quick` in `pace`; known here: woo_per_second, square_"),
        (
            SHOP + "stores: [{id: A, onlin: true}]\n",
            "unknown key `onlin` in `stores[0]`; did you mean `online`?",
        ),
        (SHOP + "products: {owners: {prise: woo}}\n", "in `products.owners`; did you mean `price`?"),
        (SHOP + "products: {by_category: {Wine: {prise: woo}}}\n", "bridge.yaml:2:33: unknown key `prise`"),
        (SHOP + "products: {owners: {price: sqare}}\n", ', not "sqare"; did you mean `square`?'),
        (SHOP + "square: {environment: test}\n", '`production` or `sandbox`, not "test"'),
        (SHOP + "square: {version: latest}\n", "`square.version` must be a date such as `2026-09-16`"),
        (
            SHOP + "brakes: {zero_share: 20}\n",
            'bridge.yaml:2:22: `brakes.zero_share` must be at most 1, not "20"',
        ),
        (SHOP + "brakes: {price_jump: half}\n", '`brakes.price_jump` must be a number, not "half"'),
        (SHOP + "brakes: {price_jump: nan}\n", "`brakes.price_jump` must be"),
        (SHOP + "stock: {enabled: maybe}\n", "`stock.enabled` must be `true` or `false`, not "),
        (SHOP + "stock: {buffer: {by_sku: {0012: -1}}}\n", "`stock.buffer.by_sku.0012` must be at least 0"),
        (SHOP + "stock: {buffer: 3}\n", "`stock.buffer` must be a group of `key: value` lines"),
        (SHOP + "stores: all\n", "`stores` must be a list"),
        (SHOP + "stores: [{id: A}, {id: A}]\n", "names the store `A` twice"),
        (
            SHOP + "stores: [{id: A}]\nstock: {staff_edit_store: B}\n",
            "`stock.staff_edit_store: B`, which is not in",
        ),
        (SHOP + "stock: {returns_to: store}\n", "needs `returns_store`"),
        (SHOP + "orders: {allocate: [single, single]}\n", "names a policy twice"),
        (SHOP + "orders: {allocate: []}\n", "`orders.allocate` must not be empty"),
        (SHOP + "logs: {json: 7}\n", "`logs.json` must be `true` or `false`"),
        (SHOP + "ledger: {path: [x]}\n", "`ledger.path` must be a path"),
        (SHOP + '"ledger": {path: "a\\0b"}\n', "`ledger.path` is not a path"),
        (SHOP + "? [a]\n: b\n", "a key must be one word or text"),
        ("woo: {url: shop.example}\n", "`woo.url` is not an address such as"),
        ("woo: {url: ftp://shop.example}\n", "`woo.url` is not an address such as"),
        ("woo: {url: https://me:pw@shop.example}\n", "must be the bare address"),
        ("woo: {url: 'https://shop.example/?consumer_key=x'}\n", "must be the bare address"),
        ("woo: {url: https://a.example, app_user: me}\n", "needs `app_user` and `app_password` together"),
        ("woo: {url: https://a.example, key: 'env:'}\n", "`woo.key` has no usable name after `env:`"),
        (
            "woo: {url: https://a.example}\nwoo: {url: https://b.example}\n",
            "bridge.yaml:2:1: a key is written twice",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_was_meant(text: str | bytes, said: str) -> None:
    problem = refusal(text)
    assert said in str(problem)
    assert problem.exit_code == 2
    assert problem.advice


def test_all_problems_are_said_at_once_in_the_order_of_the_file() -> None:
    problem = refusal(
        "woo: {url: https://shop.example, timout: 3}\n"
        "brakes: {zero_share: 2}\n"
        "pace: {woo_per_second: fast}\n"
        "brakes: {}\n"
    )
    assert [p.line for p in problem.problems] == [1, 2, 3, 4]
    assert str(problem).startswith("bridge.yaml has 4 problems:\n  bridge.yaml:1:34: unknown key `timout`")


@pytest.mark.parametrize(
    "text",
    [
        "woo: {{url: https://a.example, secret: {canary}}}\n",
        "woo: {{url: https://a.example, key: {canary}}}\n",
        "woo: {{url: https://a.example, app_user: me, app_password: {canary}}}\n",
        "woo: {{url: {canary}}}\n",
        "woo: {{url: 'https://{canary}@a.example'}}\n",
        "woo: {{url: 'https://a.example/?consumer_secret={canary}'}}\n",
        "woo: {{url: https://a.example}}\nsquare: {{environment: {canary}}}\n",
        "woo: {{url: https://a.example}}\nsquare: {{token: '{canary}', version: {canary}}}\n",
        "woo: {{url: https://a.example}}\n{canary}: 3\n",
        "woo: {{url: https://a.example}}\n{canary}\n",
        "woo: {{url: https://a.example, secret: *{canary}}}\n",
        "woo: {{url: https://a.example, secret: !{canary} x, timeout: '{canary}'}}\n",
        "woo: {{url: https://a.example, secret: '{canary}\n",
        "{canary}: 1\n{canary}: 2\n",
    ],
)
@pytest.mark.parametrize("canary", ["cs_0123456789abcdef0123456789abcdef01234567", "EAAAlQ-canary_token-0001"])
def test_a_secret_in_the_wrong_place_is_refused_and_never_repeated(text: str, canary: str) -> None:
    problem = refusal(text.format(canary=canary))
    assert canary not in str(problem)
    assert canary not in repr(problem)
    assert canary not in problem.advice


def test_an_inline_secret_is_refused_with_what_to_write_instead() -> None:
    said = str(refusal("woo: {url: https://a.example, secret: hunter2}\n"))
    assert "`woo.secret` holds the secret itself" in said
    assert "`secret: env:BRIDGE_WOO_SECRET`" in said
    assert "hunter2" not in said


def test_every_missing_key_is_named_with_every_place_looked_at(tmp_path: Path) -> None:
    places = Places({"BRIDGE_WOO_SECRET": "", "BRIDGE_SQUARE_TOKEN_FILE": "token"}, tmp_path)
    config = parse_config("woo: {url: https://a.example, key: 'file:woo.key'}", places=places)
    with pytest.raises(ConfigError) as caught:
        require_secrets(config)
    said = str(caught.value)
    assert f"`woo.key`: A key or token is missing. Looked at: file {tmp_path}/woo.key (not there)" in said
    assert "environment variable BRIDGE_WOO_SECRET (empty)" in said
    assert "environment variable BRIDGE_WOO_SECRET_FILE (not set)" in said
    assert f"file {tmp_path}/token (not there)" in said


def test_a_configuration_that_is_not_there_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"Looked at: \./bridge.yaml, /etc/bridge/bridge.yaml") as caught:
        find_config(environ={})
    assert "bridge init" in caught.value.advice
    with pytest.raises(ConfigError, match="There is no configuration file"):
        load_config(tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_the_configuration_is_the_one_asked_for_then_the_environments_then_the_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bridge.yaml").write_text(SHOP)
    assert find_config("mine.yaml", {"BRIDGE_CONFIG": "theirs.yaml"}) == Path("mine.yaml")
    assert find_config(None, {"BRIDGE_CONFIG": "theirs.yaml"}) == Path("theirs.yaml")
    assert find_config(None, {}) == Path("bridge.yaml")


# -- anything at all may stand in the file ---------------------------------------------

_WORDS = st.sampled_from(
    [
        *keys_at(()),
        *keys_at(("woo",)),
        *keys_at(("stock",)),
        "url",
        "id",
        "https://a.example",
        "off",
        "0.5",
        "7",
    ]
)
_PIECES = st.sampled_from(
    [": ", "\n", "\n  ", "- ", "{", "}", "[", "]", "&a ", "*a", "'", '"', "\t", "#", "!!int ", "|\n", "? "]
)
_YAMLISH = st.lists(st.one_of(_WORDS, _PIECES, st.text(max_size=5)), max_size=40).map("".join)


def loads_or_says_why(content: str | bytes) -> None:
    try:
        assert isinstance(parse_config(content), Config)
    except BadConfig as problem:
        assert problem.problems
        assert all(p.text and p.line >= 0 and p.column >= 0 for p in problem.problems)


@settings(max_examples=300, deadline=None)
@given(st.one_of(_YAMLISH, _YAMLISH.map(lambda text: SHOP + text)))
def test_whatever_stands_in_the_file_it_loads_or_says_why(text: str) -> None:
    loads_or_says_why(text)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_bytes_are_in_the_file_it_loads_or_says_why(content: bytes) -> None:
    loads_or_says_why(content)
