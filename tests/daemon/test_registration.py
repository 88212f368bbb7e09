"""Webhook registration at both simulators: what is missing, switched off or silent is made right."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.hook_keeper import HookKeeper
from bridge.engine.registration import mend, plan_hooks, remove
from bridge.errors import RemoteRefused
from bridge.remotes.hooks import Hook
from bridge.remotes.pace import Pace
from bridge.remotes.square.client import SquareClient
from bridge.remotes.square.hooks import TOPICS as SQUARE_TOPICS
from bridge.remotes.square.hooks import SquareHooks
from bridge.remotes.woo.hooks import TOPICS as WOO_TOPICS
from bridge.remotes.woo.hooks import WooHooks
from bridge.sim.kernel.direct import InProcessSquare
from tests.world import World

PUBLIC = "https://bridge.example"
WOO_URL, SQUARE_URL = f"{PUBLIC}/hooks/woo/t0ken", f"{PUBLIC}/hooks/square/t0ken"


class Office:
    """Both registries of a world."""

    def __init__(self) -> None:
        self.world = World()
        bridge: Any = self.world.bridge
        self.secret = "first-secret"
        self.woo = WooHooks(bridge.woo.caller, lambda: self.secret)
        self.square = SquareHooks(bridge.square.caller, self.world.next_id)

    def keeper(self, **more: Any) -> HookKeeper:
        world = self.world
        return HookKeeper(self.woo, self.square, public_url=PUBLIC, token=lambda: "t0ken", clock=world.clock, **more)

    @property
    def shop_hooks(self) -> list[Any]:
        return list(self.world.woo.state.webhooks.values())

    @property
    def subscriptions(self) -> list[dict[str, Any]]:
        return list(self.world.square.state.subscriptions.values())


@pytest.fixture
def office() -> Office:
    return Office()


def test_registering_makes_one_shop_hook_per_topic_and_one_subscription(office: Office) -> None:
    mend(office.woo, PUBLIC, WOO_URL)
    mend(office.square, PUBLIC, SQUARE_URL)
    assert sorted(hook.topic for hook in office.shop_hooks) == sorted(WOO_TOPICS)
    assert {hook.secret for hook in office.shop_hooks} == {"first-secret"}
    (subscription,) = office.subscriptions
    assert sorted(subscription["event_types"]) == sorted(SQUARE_TOPICS)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(office: Office) -> None:
    said = mend(office.woo, PUBLIC, WOO_URL, dry_run=True)
    assert sorted(said.created) == sorted(WOO_TOPICS)
    assert mend(office.square, PUBLIC, SQUARE_URL, dry_run=True).created
    assert office.shop_hooks == []
    assert office.subscriptions == []
    assert mend(office.woo, PUBLIC, WOO_URL).created == said.created
    mend(office.square, PUBLIC, SQUARE_URL)
    office.subscriptions[0]["enabled"] = False
    assert mend(office.square, PUBLIC, SQUARE_URL, dry_run=True).revived == [office.subscriptions[0]["id"]]
    assert not office.subscriptions[0]["enabled"]
    assert len(remove(office.woo, PUBLIC, dry_run=True).deleted) == len(WOO_TOPICS)
    assert len(office.shop_hooks) == len(WOO_TOPICS)


def test_when_square_gives_a_subscription_a_new_key_the_one_before_is_accepted_too(office: Office) -> None:
    keeper = office.keeper()
    keeper.check()
    (old,) = keeper.square_keys()
    office.subscriptions[0]["signature_key"] = "a-new-signature-key"
    office.world.clock.advance(2 * 3600)
    keeper.check()
    assert keeper.square_keys() == ["a-new-signature-key", old]


def test_keys_of_square_that_are_configured_are_not_asked_for(office: Office) -> None:
    keeper = office.keeper(given_keys=lambda: ["new-key", "key-before"])
    keeper.check()
    assert keeper.square_keys() == ["new-key", "key-before"]


def test_registering_twice_changes_nothing(office: Office) -> None:
    mend(office.woo, PUBLIC, WOO_URL)
    mend(office.square, PUBLIC, SQUARE_URL)
    ids = [hook.id for hook in office.shop_hooks]
    assert not mend(office.woo, PUBLIC, WOO_URL).changed
    assert not mend(office.square, PUBLIC, SQUARE_URL).changed
    assert [hook.id for hook in office.shop_hooks] == ids


def test_a_hook_the_shop_switched_off_is_deleted_and_made_anew_with_all_its_lives(office: Office) -> None:
    mend(office.woo, PUBLIC, WOO_URL)
    dead = office.shop_hooks[2]
    dead.status, dead.failures = "disabled", 6
    told = mend(office.woo, PUBLIC, WOO_URL)
    assert told.created == [dead.topic]
    assert told.deleted == [str(dead.id)]
    fresh = next(hook for hook in office.shop_hooks if hook.topic == dead.topic)
    assert fresh.id != dead.id
    assert (fresh.status, fresh.failures) == ("active", 0)


def test_a_subscription_square_switched_off_is_switched_on_in_place(office: Office) -> None:
    mend(office.square, PUBLIC, SQUARE_URL)
    office.subscriptions[0]["enabled"] = False
    office.subscriptions[0]["event_types"] = ["payment.created"]
    told = mend(office.square, PUBLIC, SQUARE_URL)
    assert told.revived == [office.subscriptions[0]["id"]]
    assert office.subscriptions[0]["enabled"]
    assert len(office.subscriptions) == 1
    assert not mend(office.square, PUBLIC, SQUARE_URL).changed


def test_silent_hooks_are_all_made_anew(office: Office) -> None:
    mend(office.woo, PUBLIC, WOO_URL)
    mend(office.square, PUBLIC, SQUARE_URL)
    before = {hook.id for hook in office.shop_hooks} | {row["id"] for row in office.subscriptions}
    mend(office.woo, PUBLIC, WOO_URL, silent=True)
    mend(office.square, PUBLIC, SQUARE_URL, silent=True)
    after = {hook.id for hook in office.shop_hooks} | {row["id"] for row in office.subscriptions}
    assert not before & after
    assert len(after) == len(WOO_TOPICS) + 1


def test_a_new_token_moves_our_hooks_and_leaves_those_of_others_alone(office: Office) -> None:
    others = office.woo.create(["order.created"], "https://accounting.example/hook")
    mend(office.woo, PUBLIC, WOO_URL)
    mend(office.square, PUBLIC, SQUARE_URL)
    told = mend(office.woo, PUBLIC, WOO_URL + "-new")
    mend(office.square, PUBLIC, SQUARE_URL + "-new")
    assert len(told.deleted) == len(WOO_TOPICS)
    urls = [hook.delivery_url for hook in office.shop_hooks]
    assert urls.count("https://accounting.example/hook") == 1
    assert urls.count(WOO_URL + "-new") == len(WOO_TOPICS)
    assert [row["notification_url"] for row in office.subscriptions] == [SQUARE_URL + "-new"]
    assert others


def test_removing_and_registering_again_gives_a_living_subscription(office: Office) -> None:
    mend(office.square, PUBLIC, SQUARE_URL)
    remove(office.square, PUBLIC)
    assert office.subscriptions == []
    mend(office.square, PUBLIC, SQUARE_URL)
    assert len(office.subscriptions) == 1


def test_an_answer_lost_while_registering_makes_nothing_twice(office: Office) -> None:
    office.world.woo.faults.add("timeout_applied", method="POST", path="/wp-json/wc/v3/webhooks")
    first = mend(office.woo, PUBLIC, WOO_URL)
    assert len(first.problems) == 1
    mend(office.woo, PUBLIC, WOO_URL)
    assert sorted(hook.topic for hook in office.shop_hooks) == sorted(WOO_TOPICS)


def test_a_sellers_oauth_token_may_not_manage_subscriptions(office: Office) -> None:
    token = office.world.square.acts["oauth_token"]() if "oauth_token" in office.world.square.acts else None
    if token is None:
        for known in office.world.square.state.tokens.values():
            known.kind = "oauth"
    transport = InProcessSquare(office.world.square, next(iter(office.world.square.state.tokens)))
    client = SquareClient(transport, clock=office.world.clock, pace=Pace(office.world.clock, rate=math.inf))
    with pytest.raises(RemoteRefused):
        mend(SquareHooks(client.caller, office.world.next_id), PUBLIC, SQUARE_URL)


def test_the_signature_key_of_a_subscription_can_be_read_back(office: Office) -> None:
    mend(office.square, PUBLIC, SQUARE_URL)
    (hook,) = office.square.standing()
    assert office.square.signature_key(hook) == office.subscriptions[0]["signature_key"]


TOPICS = ("a", "b", "c")
any_hook = st.builds(
    Hook,
    st.uuids().map(str),
    st.sampled_from([("a",), ("b",), ("c",), ("x",), ("a", "b", "c"), ()]),
    st.sampled_from([WOO_URL, WOO_URL + "-old"]),
    st.booleans(),
)


@given(st.lists(any_hook, max_size=8, unique_by=lambda hook: hook.hook_id), st.booleans())
def test_after_any_plan_exactly_one_active_hook_stands_per_topic(standing: list[Hook], silent: bool) -> None:
    plan = plan_hooks(standing, TOPICS, WOO_URL, one_for_all=False, silent=silent)
    left = [hook for hook in standing if hook not in plan.delete]
    made = [Hook("new", (topic,), WOO_URL, True) for topic in plan.create]
    assert sorted(hook.topics[0] for hook in [*left, *made]) == list(TOPICS)
    assert all(hook.active and hook.url == WOO_URL for hook in left)
    assert plan_hooks([*left, *made], TOPICS, WOO_URL, one_for_all=False).nothing


@given(st.lists(any_hook, max_size=8, unique_by=lambda hook: hook.hook_id), st.booleans())
def test_after_any_plan_exactly_one_subscription_stands(standing: list[Hook], silent: bool) -> None:
    plan = plan_hooks(standing, TOPICS, WOO_URL, one_for_all=True, silent=silent)
    revived = [Hook(hook.hook_id, TOPICS, WOO_URL, True) for hook in plan.revive]
    left = [hook for hook in standing if hook not in plan.delete and hook not in plan.revive]
    made = [Hook("new", tuple(plan.create), WOO_URL, True)] if plan.create else []
    (one,) = [*left, *revived, *made]
    assert one.active
    assert one.url == WOO_URL
    assert set(TOPICS) <= set(one.topics)
