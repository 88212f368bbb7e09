"""``bridge init``: asked or told, it tests both accounts and writes one private file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bridge.cli.init import FEE, MODES, init
from bridge.cli.options import Cli
from bridge.config.load import load_config, require_secrets
from bridge.sim.kernel.serve import LoopbackServer
from bridge.sim.square.account import FakeSquare
from bridge.sim.woo.shop import FakeWoo
from tests.cli.conftest import Ended

Bridge = Callable[..., Ended]
KEY, SECRET, TOKEN = "ck_" + "1" * 40, "cs_" + "1" * 40, "sandbox-square-token"


class Accounts:
    """Both simulators on loopback."""

    def __init__(self) -> None:
        self.woo, self.square = FakeWoo(), FakeSquare()
        self.woo_url = self.square_url = ""

    @property
    def options(self) -> list[str]:
        """The options that name them."""
        return ["--woo-url", self.woo_url, "--square-base-url", self.square_url]


@pytest.fixture
def accounts(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Iterator[Accounts]:
    """Both simulators, their keys in the environment."""
    seen = Accounts()
    with LoopbackServer(seen.woo) as woo, LoopbackServer(seen.square) as square:
        seen.woo_url, seen.square_url = woo.url, square.url
        monkeypatch.setenv("BRIDGE_WOO_KEY", KEY)
        monkeypatch.setenv("BRIDGE_WOO_SECRET", SECRET)
        monkeypatch.setenv("BRIDGE_SQUARE_TOKEN", TOKEN)
        yield seen


def test_everything_can_come_from_options(bridge: Bridge, accounts: Accounts, tmp_path: Path) -> None:
    store = next(iter(accounts.square.state.locations))
    ended = bridge(
        "init", *accounts.options, "--opening", "square", "--mode", "mirror_pickups", "--accept-fee",
        "--store", store, "--json",
    )  # fmt: skip
    assert ended.code == 0, ended
    assert ended.json["products"] == 0
    assert len(ended.json["stores"]) == 3
    config = load_config(tmp_path / "bridge.yaml")
    assert config.stock.opening == "square"
    assert config.orders.mode == "mirror_pickups"
    assert [place.id for place in config.stores] == [store]
    assert (tmp_path / "bridge.yaml").stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_to_either_account(bridge: Bridge, accounts: Accounts) -> None:
    assert bridge("init", *accounts.options, "--json").code == 0
    methods = {entry["method"] for entry in [*accounts.woo.log, *accounts.square.log]}
    assert methods == {"GET"}


def test_a_configuration_that_is_there_is_kept_unless_forced(
    bridge: Bridge, accounts: Accounts, tmp_path: Path
) -> None:
    file = tmp_path / "bridge.yaml"
    file.write_text("mine")
    ended = bridge("init", *accounts.options, "--json")
    assert ended.code == 2
    assert "--force" in ended.json["advice"]
    assert file.read_text() == "mine"
    assert bridge("init", *accounts.options, "--force", "--json").code == 0
    assert load_config(file).woo.url == accounts.woo_url


def test_a_wrong_key_is_told_and_nothing_is_written(
    bridge: Bridge, accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIDGE_WOO_SECRET", "cs_wrong_wrong_wrong")
    ended = bridge("init", *accounts.options, "--json")
    assert ended.code == 1
    assert "WooCommerce" in ended.json["error"]
    assert "cs_wrong" not in ended.out + ended.err
    assert not (tmp_path / "bridge.yaml").exists()


def test_a_wrong_token_is_told(bridge: Bridge, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_SQUARE_TOKEN", "not-the-token")
    ended = bridge("init", *accounts.options, "--json")
    assert ended.code == 1
    assert "Square" in ended.json["error"]
    assert "not-the-token" not in ended.out + ended.err


def test_a_missing_key_names_every_place_looked_at(
    bridge: Bridge, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BRIDGE_WOO_KEY")
    ended = bridge("init", *accounts.options, "--json")
    assert ended.code == 2
    assert "BRIDGE_WOO_KEY (not set)" in ended.json["error"]


def test_a_store_square_does_not_have_is_refused(bridge: Bridge, accounts: Accounts) -> None:
    ended = bridge("init", *accounts.options, "--store", "LNOWHERE", "--json")
    assert ended.code == 2
    assert "no active store LNOWHERE" in ended.json["error"]


def test_two_currencies_are_refused(bridge: Bridge, accounts: Accounts, tmp_path: Path) -> None:
    other = FakeSquare(currency="CAD")
    with LoopbackServer(other) as square:
        ended = bridge("init", "--woo-url", accounts.woo_url, "--square-base-url", square.url, "--json")
    assert ended.code == 2
    assert "USD" in ended.json["error"]
    assert "CAD" in ended.json["error"]


def test_a_key_given_as_an_option_is_refused_because_others_can_see_it(bridge: Bridge, accounts: Accounts) -> None:
    ended = bridge("init", *accounts.options, "--woo-secret", SECRET, "--json")
    assert ended.code == 2
    assert "holds the secret itself" in ended.json["error"]
    assert SECRET not in ended.out + ended.err


def test_without_a_shop_address_and_nobody_to_ask_it_says_what_to_add(bridge: Bridge) -> None:
    ended = bridge("init", "--json")
    assert ended.code == 2
    assert "--woo-url" in ended.json["advice"]


def test_the_accounts_may_be_tested_later(bridge: Bridge, tmp_path: Path) -> None:
    assert bridge("init", "--woo-url", "https://shop.example", "--skip-test", "--json").code == 0
    assert load_config(tmp_path / "bridge.yaml").woo.url == "https://shop.example"


@pytest.fixture
def ask(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """``ask("woo", "mirror", "y")``: a person at a terminal answers, after the options given."""
    monkeypatch.setattr(Cli, "interactive", property(lambda self: True))

    def asked(*typed: str, options: tuple[str, ...] = ()) -> Result:
        text = "".join(f"{one}\n" for one in typed)
        return CliRunner().invoke(init, [*accounts.options, *options], input=text, obj=Cli())

    return asked


def test_without_a_word_about_it_online_orders_cost_nothing(bridge: Bridge, accounts: Accounts, tmp_path: Path) -> None:
    assert bridge("init", *accounts.options, "--json").code == 0
    assert load_config(tmp_path / "bridge.yaml").orders.mode == "stock"
    text = " ".join((tmp_path / "bridge.yaml").read_text().replace("#", "").split())
    assert FEE in text


@pytest.mark.parametrize("mode", ["mirror_pickups", "mirror"])
def test_a_mode_that_can_cost_money_needs_a_yes_to_the_fee_when_nobody_can_be_asked(
    bridge: Bridge, accounts: Accounts, tmp_path: Path, mode: str
) -> None:
    ended = bridge("init", *accounts.options, "--mode", mode, "--json")
    assert ended.code == 2
    assert "1 %" in ended.json["error"]
    assert "--accept-fee" in ended.json["advice"]
    assert not (tmp_path / "bridge.yaml").exists()
    assert not accounts.woo.log, "nothing is asked of anybody before the yes"


def test_a_person_is_told_of_the_fee_and_of_each_mode_before_choosing(
    ask: Callable[..., Result], tmp_path: Path
) -> None:
    ended = ask("woo", "", "")
    assert ended.exit_code == 0, ended.output
    said = " ".join(ended.output.split())
    for words in (FEE, *MODES.values()):
        assert words in said
    assert said.index("1 %") < said.index("Online orders (stock")
    assert load_config(tmp_path / "bridge.yaml").orders.mode == "stock"


@pytest.mark.parametrize(("word", "mode"), [("y", "mirror_pickups"), ("n", "stock"), ("", "stock")])
def test_only_a_yes_to_the_fee_itself_chooses_a_mirror_mode(
    ask: Callable[..., Result], tmp_path: Path, word: str, mode: str
) -> None:
    assert ask("woo", "mirror_pickups", word).exit_code == 0
    assert load_config(tmp_path / "bridge.yaml").orders.mode == mode


def test_a_mirror_mode_given_as_an_option_is_still_asked_about_unless_the_fee_was_accepted(
    ask: Callable[..., Result], tmp_path: Path
) -> None:
    ended = ask("woo", "n", options=("--mode", "mirror"))
    assert "1 %" in ended.output
    assert load_config(tmp_path / "bridge.yaml").orders.mode == "stock"
    assert ask("woo", options=("--mode", "mirror", "--accept-fee", "--force")).exit_code == 0
    assert load_config(tmp_path / "bridge.yaml").orders.mode == "mirror"


def test_a_person_is_asked_and_typed_keys_go_into_private_files(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BRIDGE_WOO_KEY", "BRIDGE_WOO_SECRET"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(Cli, "interactive", property(lambda self: True))
    typed = "\n".join([accounts.woo_url, KEY, SECRET, "woo", "stock", ""])
    ended = CliRunner().invoke(init, ["--square-base-url", accounts.square_url], input=typed, obj=Cli())
    assert ended.exit_code == 0, ended.output
    assert SECRET not in ended.output
    text = (tmp_path / "bridge.yaml").read_text()
    assert KEY not in text
    assert SECRET not in text
    assert (tmp_path / "bridge.secrets/woo_secret").stat().st_mode & 0o777 == 0o600
    config = load_config(tmp_path / "bridge.yaml")
    require_secrets(config)
    assert config.woo.secret.reveal() == SECRET
    assert config.stock.opening == "woo"
