"""Square's OAuth token: logged in, renewed in time, never lost, and a person is called only when needed."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.clock import VirtualClock
from bridge.config.secrets import MASK, SecretMissing, redact
from bridge.config.tokens import Login, TokenFile, Tokens
from bridge.domain.renewal import LAST_MOMENT, SQUARES_ADVICE, is_due
from bridge.engine.renewal import renew_if_due, seconds_left, tokens_of
from bridge.errors import AccessRefused, ConfigError, InputError, RemoteDown
from bridge.remotes.square.oauth import TokenEndpoint, challenge_of, code_in, consent_address
from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.inprocess import httpx_transport
from bridge.sim.square.account import FakeSquare
from bridge.sim.square.oauth import REFRESH_TOKEN

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = 86400
VERIFIER = "v" * 64


class Seller:
    """A Square account, an application at it, and the file the bridge keeps its tokens in."""

    def __init__(self, path: Path, *, pkce: bool) -> None:
        self.square = FakeSquare(clock=SimClock(START))
        self.clock = VirtualClock(START)
        self.file = TokenFile(path)
        self.pkce = pkce
        self.endpoint = self.make_endpoint(httpx_transport(self.square))

    def make_endpoint(self, transport: httpx.BaseTransport, secret: str | None = None) -> TokenEndpoint:
        state = self.square.state
        return TokenEndpoint(
            "https://square.test",
            state.application_id,
            "" if self.pkce else (secret or state.application_secret),
            client=httpx.Client(transport=transport),
        )

    def log_in(self) -> None:
        code = self.square.acts["authorize"](challenge_of(VERIFIER) if self.pkce else "")
        self.file.write(tokens_of(self.endpoint.redeem(code, verifier=VERIFIER), self.clock.now()))

    def wait(self, days: float) -> None:
        self.clock.advance(days * DAY)
        self.square.clock.advance(days * DAY)

    def renew(self, **how: bool) -> Tokens:
        kept = renew_if_due(self.file, self.endpoint, self.clock, **how)
        assert kept is not None
        return kept

    def works(self) -> bool:
        client = httpx.Client(transport=httpx_transport(self.square))
        headers = {"Authorization": f"Bearer {self.file.access_token()}"}
        return client.get("https://square.test/v2/locations", headers=headers).status_code == 200


@pytest.fixture(params=["secret", "pkce"])
def seller(request: pytest.FixtureRequest, tmp_path: Path) -> Seller:
    made = Seller(tmp_path / "tokens.json", pkce=request.param == "pkce")
    made.log_in()
    return made


def test_after_a_login_the_kept_token_works_and_only_its_owner_can_read_it(seller: Seller) -> None:
    assert seller.works()
    assert stat.S_IMODE(seller.file.path.stat().st_mode) == 0o600


def test_a_year_of_daily_looks_never_lets_the_token_end(seller: Seller) -> None:
    used = set()
    for _ in range(365):
        seller.wait(1)
        tokens = seller.renew()
        used.add(tokens.access_token)
        assert tokens.trouble == ""
        assert seller.works()
    assert len(used) == pytest.approx(52, abs=2)  # once a week, as Square asks


def test_a_token_that_is_fresh_is_left_alone(seller: Seller) -> None:
    seller.wait(6.9)
    before = len(seller.square.log)
    seller.renew()
    assert len(seller.square.log) == before


def test_a_square_that_does_not_answer_costs_nothing_but_a_note_and_the_next_look_renews(seller: Seller) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    seller.wait(23)
    good, seller.endpoint = seller.endpoint, seller.make_endpoint(httpx.MockTransport(broken))
    tokens = seller.renew()
    assert "does not answer" in tokens.trouble
    assert not tokens.needs_person
    assert seller.works()
    seller.endpoint = good
    assert seller.renew().trouble == ""
    assert seconds_left(seller.renew(), seller.clock.now()) == pytest.approx(30 * DAY)


def test_when_square_says_no_a_person_is_needed_and_the_old_token_goes_on_to_its_end(seller: Seller) -> None:
    seller.wait(8)
    kept = seller.file.read()
    assert kept is not None
    seller.file.write(replace(kept, refresh_token="EQAA-not-the-one"))
    tokens = seller.renew()
    assert tokens.needs_person
    assert "Invalid refresh token" in tokens.trouble
    assert seller.works()
    seller.log_in()
    assert seller.renew().trouble == ""


def test_after_a_revocation_a_new_login_makes_everything_work_again(seller: Seller) -> None:
    seller.square.acts["revoke_token"]()
    assert not seller.works()
    seller.log_in()
    assert seller.works()


def test_an_expired_token_is_renewed_at_once_when_asked(seller: Seller) -> None:
    seller.square.acts["expire_token"]()
    assert not seller.works()
    seller.renew(anyway=True)
    assert seller.works()


def test_a_pkce_refresh_token_works_once_and_the_new_one_is_kept(tmp_path: Path) -> None:
    seller = Seller(tmp_path / "t", pkce=True)
    seller.log_in()
    first = seller.file.read()
    assert first is not None and first.refresh_expires_at
    second = seller.renew(anyway=True)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(AccessRefused, match="Invalid refresh token"):
        seller.endpoint.renew(first.refresh_token)
    assert seller.renew(anyway=True).trouble == ""


def test_the_code_flow_keeps_its_refresh_token_and_needs_the_secret(tmp_path: Path) -> None:
    seller = Seller(tmp_path / "t", pkce=False)
    seller.log_in()
    assert seller.renew(anyway=True).refresh_token == REFRESH_TOKEN
    wrong = seller.make_endpoint(httpx_transport(seller.square), "not the secret")
    with pytest.raises(AccessRefused, match="Not Authorized"):
        wrong.renew(REFRESH_TOKEN)


def test_a_code_works_once_and_only_with_its_own_verifier(tmp_path: Path) -> None:
    seller = Seller(tmp_path / "t", pkce=True)
    code = seller.square.acts["authorize"](challenge_of(VERIFIER))
    with pytest.raises(AccessRefused, match="Invalid code verifier"):
        seller.endpoint.redeem(code, verifier="x" * 64)
    with pytest.raises(AccessRefused, match="not found"):
        seller.endpoint.redeem(code, verifier=VERIFIER)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (
            httpx.Response(401, json={"message": "Not Authorized", "type": "service.not_authorized"}),
            AccessRefused,
            "Not A",
        ),
        (httpx.Response(500, text="<html>"), RemoteDown, "HTTP 500"),
        (httpx.Response(200, text="<html>maintenance</html>"), RemoteDown, "HTTP 200"),
        (httpx.Response(200, json={"errors": []}), RemoteDown, "HTTP 200"),
        (httpx.Response(302, headers={"location": "https://elsewhere"}), RemoteDown, "HTTP 302"),
        (httpx.Response(429, json={"errors": [{"code": "RATE_LIMITED"}]}), RemoteDown, "HTTP 429"),
    ],
)
def test_what_the_token_endpoint_may_answer_is_told_apart(
    tmp_path: Path, answer: httpx.Response, error: type[Exception], said: str
) -> None:
    seller = Seller(tmp_path / "t", pkce=False)
    endpoint = seller.make_endpoint(httpx.MockTransport(lambda _: answer))
    with pytest.raises(error, match=said):
        endpoint.renew("x")


# -- the file -----------------------------------------------------------------------------
def test_before_the_first_login_the_advice_is_to_log_in(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing) as caught:
        TokenFile(tmp_path / "t").access_token()
    assert "bridge auth url" in caught.value.advice


@pytest.mark.parametrize("content", ["", "{", "[]", '{"tokens": {"access_token": "x"}}', '{"tokens": {"wrong": 1}}'])
def test_a_damaged_file_is_refused_without_repeating_what_it_holds(tmp_path: Path, content: str) -> None:
    (tmp_path / "t").write_text(content)
    with pytest.raises(ConfigError, match="does not hold tokens"):
        TokenFile(tmp_path / "t").read()


def test_kept_tokens_show_nowhere(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "t")
    file.write(Tokens("EAAA-canary-access", "EQAA-canary-refresh"))
    tokens = file.read()
    assert "canary" not in repr(tokens)
    assert redact("got EAAA-canary-access and EQAA-canary-refresh") == f"got {MASK} and {MASK}"


def test_a_login_that_was_begun_does_not_disturb_the_tokens_in_force(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "t")
    file.write(Tokens("EAAA-access", "EQAA-refresh"))
    file.begin(Login("state-1", VERIFIER))
    assert file.access_token() == "EAAA-access"
    assert file.login() == Login("state-1", VERIFIER)
    file.write(Tokens("EAAA-newer", "EQAA-refresh"))
    assert file.login() is None


# -- the address --------------------------------------------------------------------------
def test_the_address_to_agree_at_asks_for_what_is_needed_and_carries_the_challenge() -> None:
    address = consent_address("https://square.test", "app-1", "s t", challenge=challenge_of(VERIFIER))
    asked = parse_qs(urlsplit(address).query)
    assert asked["client_id"] == ["app-1"]
    assert asked["state"] == ["s t"]
    assert asked["code_challenge"] == [challenge_of(VERIFIER)]
    assert "INVENTORY_WRITE" in asked["scope"][0].split()
    assert VERIFIER not in address


def test_the_challenge_is_the_one_of_rfc_7636() -> None:
    # RFC 7636, appendix B
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://shop.test/?error=access_denied&error_description=user_denied&state=s", "access_denied user_denied"),
        ("https://shop.test/", "no code"),
        ("https://shop.test/?code=c&state=other", "another login"),
        ("", "no code"),
    ],
)
def test_an_address_that_is_not_the_answer_is_refused(address: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        code_in(address, "s")


def test_the_code_is_found_in_the_address_the_browser_ended_at() -> None:
    assert code_in(" https://shop.test/?code=sq0cgb-1&response_type=code&state=s\n", "s") == "sq0cgb-1"


# -- when -----------------------------------------------------------------------------------
_DAYS: Callable[[float], timedelta] = lambda days: timedelta(days=days)  # noqa: E731


@given(life=st.floats(0.5, 90), age=st.floats(0, 90))
def test_a_token_looked_at_daily_is_due_before_it_ends_and_never_just_after_it_was_made(
    life: float, age: float
) -> None:
    ends = START + _DAYS(life)
    assert not is_due(START, ends, START)
    due = is_due(START, ends, START + _DAYS(age))
    if age >= min(SQUARES_ADVICE / _DAYS(1), max(life / 2, life - LAST_MOMENT / _DAYS(1))) + 1e-6:
        assert due
    if due:
        later = START + _DAYS(age + 1)
        assert is_due(START, ends, later)


def test_without_an_end_nothing_is_due_and_with_a_clock_set_back_only_the_end_counts() -> None:
    assert not is_due(START, None, START + _DAYS(1000))
    assert not is_due(START + _DAYS(1), START + _DAYS(31), START)
    assert is_due(None, START + _DAYS(7), START)
