"""`webhooks apply` reaches the wanted state, whatever fails in between."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from acr_global.registration import rights
from acr_global.registration.arm import Arm
from acr_global.registration.model import App
from acr_global.registration.model import Registry as ReadRegistry
from acr_global.registration.plan import (
    Kind,
    NoRoomError,
    Step,
    Wanted,
    plan,
    plan_removal,
)
from acr_global.registration.refusal import ArmError
from acr_global.registration.settle import Done, Settled, settle
from acr_global.registration.signin import cloud_at
from acr_global.registration.survey import app_at, webhooks_of
from acr_global.registry.naming import KEY_HEADER, TAG
from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm, Registry, Site
from acr_global_rig.arm.faults import Cut
from tests.loopback_arm import REGIONS, URL

NAMES = sorted(f"acrglobalfuncapp{region}" for region in REGIONS)
WRITES = ("PUT", "PATCH", "DELETE")


def applying(arm: Arm, registry: ReadRegistry, app: App, told: list[Done] | None = None) -> Settled:
    """What `webhooks apply` does, with the key of the app and without its pauses."""

    def look() -> tuple[Step, ...]:
        key = arm.function_key(app.id, registry.name, create=True)
        replicas = arm.replicas(registry)
        return plan(Wanted(app, key), replicas, webhooks_of(arm, registry, app))

    heard = [] if told is None else told
    return settle(arm, registry, look, heard.append, lambda _: None)


def is_right(registry: Registry, site: Site) -> None:
    """Check that each region has its webhook, and that all of them have the app's key."""
    key = site.keys("ImagePush")["contoso"]
    there = registry.webhooks()
    assert NAMES == sorted(there)
    for webhook in there.values():
        region = webhook["location"]
        assert f"acrglobalfuncapp{region}" == webhook["name"]
        assert {TAG: site.id} == webhook["tags"]
        assert {
            "status": "enabled",
            "scope": "",
            "actions": ["push"],
            "serviceUri": f"{URL}/api/ImagePush?region={region}",
            "customHeaders": {KEY_HEADER: key},
            "provisioningState": "Succeeded",
        } == webhook["properties"]


def written(rig: LoopbackArm) -> list[tuple[str, str]]:
    """Every request that changes something: method and last part of its path."""
    asked = [(a.method, a.target.partition("?")[0]) for a in rig.asked]
    return [(method, path.rsplit("/", 1)[-1]) for method, path in asked if method in WRITES]


def test_from_nothing_to_everything(
    arm: Arm, there: ReadRegistry, ours: App, registry: Registry, site: Site
) -> None:
    """The key and each region's webhook are made, and each is reported."""
    told: list[Done] = []
    settled = applying(arm, there, ours, told)
    is_right(registry, site)
    assert settled.is_right
    assert NAMES == sorted(done.step.name for done in told if done.error is None)


def test_a_second_run_changes_nothing(
    rig: LoopbackArm, arm: Arm, there: ReadRegistry, ours: App, site: Site
) -> None:
    """The key stays, too."""
    applying(arm, there, ours)
    rig.asked.clear()
    assert () == applying(arm, there, ours).done
    assert [] == written(rig)


def test_what_was_edited_by_hand_is_put_right(
    arm: Arm, there: ReadRegistry, ours: App, registry: Registry, site: Site
) -> None:
    """Surplus webhooks, and those of a region that is gone, are removed."""
    applying(arm, there, ours)
    registry.add_webhook(NAMES[0], "eastus", "https://elsewhere/", tags={TAG: site.id})
    registry.add_webhook("old", "southindia", "https://elsewhere/", tags={TAG: site.id})
    registry.add_webhook("byhand", "eastus", f"{URL}/api/ImagePush?region=eastus&code=K")
    settled = applying(arm, there, ours)
    is_right(registry, site)
    done = {one.step.name: one.step.kind for one in settled.done}
    assert {NAMES[0]: Kind.CHANGE, "old": Kind.REMOVE, "byhand": Kind.REMOVE} == done


@pytest.mark.parametrize("merges", [False, True])
def test_headers_of_others_stay_however_the_service_takes_ours(
    rig: LoopbackArm, arm: Arm, there: ReadRegistry, ours: App, registry: Registry, merges: bool
) -> None:
    """Whether the service replaces headers or adds to them is not known."""
    rig.webhooks.merges_headers = merges
    headers = {"x-gateway": "1", KEY_HEADER: "old"}
    uri = f"{URL}/api/ImagePush?region=eastus"
    registry.add_webhook(NAMES[0], "eastus", uri, headers, enabled=False)
    assert applying(arm, there, ours).is_right
    found = registry.webhooks()[NAMES[0]]["properties"]["customHeaders"]
    assert {"x-gateway", KEY_HEADER} == set(found)
    assert "old" != found[KEY_HEADER]


FAULTS: list[tuple[str, int | Cut]] = [
    (action, how)
    for action in (
        rights.READ_KEYS,
        rights.WRITE_KEY,
        rights.READ_REPLICAS,
        rights.READ_WEBHOOKS,
        rights.READ_USAGES,
        rights.WRITE_WEBHOOK,
        rights.READ_OPERATION,
        rights.READ_CALLBACK,
        rights.DELETE_WEBHOOK,
    )
    for how in (409, 429, 500, Cut.BEFORE, Cut.AFTER)
]


@pytest.mark.parametrize(("action", "how"), FAULTS)
def test_after_any_failure_it_ends_right(
    rig: LoopbackArm,
    arm: Arm,
    there: ReadRegistry,
    ours: App,
    registry: Registry,
    site: Site,
    action: str,
    how: int | Cut,
) -> None:
    """It goes on by itself where it can, or ends right when it is run again."""
    registry.add_webhook("old", "southindia", "https://elsewhere/", tags={TAG: site.id})
    registry.add_webhook(NAMES[0], "eastus", "https://elsewhere/", tags={TAG: site.id})
    rig.fail(action, how)
    with suppress(ArmError):
        applying(arm, there, ours)
    assert applying(arm, there, ours).is_right
    is_right(registry, site)


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("how", [500, Cut.AFTER])
def test_one_that_fails_holds_up_no_other(
    rig: LoopbackArm,
    arm: Arm,
    there: ReadRegistry,
    ours: App,
    registry: Registry,
    site: Site,
    nth: int,
    how: int | Cut,
) -> None:
    """It is tried again in the next round."""
    rig.fail(rights.WRITE_WEBHOOK, how, nth=nth)
    settled = applying(arm, there, ours)
    is_right(registry, site)
    assert settled.is_right
    failed = [one for one in settled.done if one.error]
    assert 1 == len(failed)
    assert () == settled.left


def test_what_is_forbidden_is_reported_and_not_tried_again(
    rig: LoopbackArm, arm: Arm, there: ReadRegistry, ours: App, registry: Registry, site: Site
) -> None:
    """The error has the missing right; what was begun elsewhere stays."""
    rig.rights = {"*/read", "*/action", rights.WRITE_KEY}
    settled = applying(arm, there, ours)
    assert not settled.is_right
    errors = [one.error for one in settled.left]
    assert [rights.WRITE_WEBHOOK] * 3 == [error.right for error in errors if error]
    assert 3 == len([one for one in written(rig) if one[1].startswith("acrglobal")])
    rig.rights = None
    assert applying(arm, there, ours).is_right
    is_right(registry, site)


def test_what_always_fails_is_given_up(
    rig: LoopbackArm, arm: Arm, there: ReadRegistry, ours: App, site: Site
) -> None:
    """After a few rounds the last error is reported."""
    rig.fail(rights.WRITE_WEBHOOK, 500, times=1_000)
    settled = applying(arm, there, ours)
    assert NAMES == sorted(one.step.name for one in settled.left)
    assert 15 == len(settled.done)


def test_two_runs_at_once_end_right(
    rig: LoopbackArm, there: ReadRegistry, ours: App, registry: Registry, site: Site
) -> None:
    """Both make the key; one of the two stays, and is in every webhook."""

    def one(_: int) -> bool:
        with Arm.open(cloud_at(rig.url), SUBSCRIPTION) as arm:
            return applying(arm, there, ours).is_right

    with ThreadPoolExecutor(4) as pool:
        assert [True] * 4 == list(pool.map(one, range(4)))
    is_right(registry, site)


def test_a_key_that_another_has_made_meanwhile_is_taken(
    rig: LoopbackArm, arm: Arm, there: ReadRegistry, ours: App, registry: Registry, site: Site
) -> None:
    """The last look finds it, and one more round puts the webhooks right."""
    changed = False

    def other(done: Done) -> None:
        nonlocal changed
        if not changed:
            site.keys("ImagePush")["contoso"], changed = "of-the-other", True

    told = _Telling(other)
    applying(arm, there, ours, told)
    is_right(registry, site)
    assert "of-the-other" == site.keys("ImagePush")["contoso"]


class _Telling(list[Done]):
    """Something that happens when a step is told."""

    def __init__(self, happens: Callable[[Done], None]) -> None:
        super().__init__()
        self._happens = happens

    def append(self, done: Done) -> None:
        super().append(done)
        self._happens(done)


def test_the_limit_is_checked_first(rig: LoopbackArm, arm: Arm, ours: App, site: Site) -> None:
    """Where it would be exceeded nothing is made."""
    registry = rig.add_registry("small", "westeurope", sku="Basic")
    for name in ("theirs1", "theirs2"):
        registry.add_webhook(name, "westeurope", "https://elsewhere/")
    with pytest.raises(NoRoomError):
        applying(arm, arm.registry(registry.id), ours)
    assert ["theirs1", "theirs2"] == sorted(registry.webhooks())


def test_what_is_removed_makes_room_for_what_is_made(
    rig: LoopbackArm, arm: Arm, ours: App, site: Site
) -> None:
    """It goes first, so nothing is refused where the registry is full."""
    registry = rig.add_registry("small", "westeurope", sku="Basic")
    for name in ("old1", "old2"):
        registry.add_webhook(name, "southindia", "https://elsewhere/", tags={TAG: site.id})
    settled = applying(arm, arm.registry(registry.id), ours)
    assert settled.is_right
    assert [] == [one for one in settled.done if one.error]


def test_what_has_failed_is_made_anew(
    rig: LoopbackArm, arm: Arm, there: ReadRegistry, ours: App, registry: Registry, site: Site
) -> None:
    """It is not changed, because no document says that it could be."""
    applying(arm, there, ours)
    failed = rig.store.get(f"{registry.id}/webhooks/{NAMES[0]}")
    assert failed
    failed["properties"]["provisioningState"] = "Failed"
    rig.asked.clear()
    assert applying(arm, there, ours).is_right
    assert [("PUT", NAMES[0])] == written(rig)


def test_another_apps_headers_are_not_read(
    rig: LoopbackArm, arm: Arm, there: ReadRegistry, ours: App, registry: Registry
) -> None:
    """Its tag says enough."""
    tags = {TAG: ours.id + "-other"}
    registry.add_webhook("theirs", "eastus", "https://elsewhere/", tags=tags)
    webhooks_of(arm, there, ours)
    assert [] == [asked for asked in rig.asked if "getCallbackConfig" in asked.target]


def test_forty_regions_are_done_side_by_side(
    rig: LoopbackArm, arm: Arm, ours: App, site: Site
) -> None:
    """Each is done once, though lists have pages."""
    rig.page = 7
    registry = rig.add_registry("large", "westeurope", [f"region{n}" for n in range(39)])
    settled = applying(arm, arm.registry(registry.id), ours)
    assert settled.is_right
    assert 40 == len(settled.done) == len(registry.webhooks())


def test_only_ours_are_removed(
    arm: Arm, there: ReadRegistry, ours: App, registry: Registry, site: Site
) -> None:
    """They are known by tag or URI; webhooks of others stay, whatever their names."""
    applying(arm, there, ours)
    registry.add_webhook("byhand", "eastus", f"{URL}/api/ImagePush")
    theirs: dict[str, Any] = {
        "acrglobaleastus": {"uri": "https://elsewhere/"},
        "acrglobalother": {"uri": f"{URL}/api/ImagePush", "tags": {TAG: site.id + "-other"}},
    }
    for name, about in theirs.items():
        registry.add_webhook(name, "eastus", **about)

    def look() -> tuple[Any, ...]:
        return plan_removal(ours, webhooks_of(arm, there, ours))

    assert settle(arm, there, look, lambda _: None).is_right
    assert sorted(theirs) == sorted(registry.webhooks())


def test_a_webhook_that_vanishes_meanwhile_is_passed_over(
    rig: LoopbackArm,
    arm: Arm,
    there: ReadRegistry,
    ours: App,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes between the list and the question for its URI; any other refusal is an error."""
    registry.add_webhook("gone", "eastus", f"{URL}/api/ImagePush")
    listed = arm.webhooks(there)
    arm.delete(there, "gone")
    monkeypatch.setattr(arm, "webhooks", lambda _registry: listed)
    assert listed == webhooks_of(arm, there, ours)
    rig.rights = {"*/read"}
    with pytest.raises(ArmError, match="getCallbackConfig"):
        webhooks_of(arm, there, ours)


def test_the_app_is_found_by_its_url(arm: Arm, site: Site) -> None:
    """Its ARM id becomes the tag; a given id is not looked up."""
    assert App(site.id, URL, ("func-app.azurewebsites.net",)) == app_at(arm, URL, None)
    assert App(site.id, URL) == app_at(arm, URL, site.id + "/")
    with pytest.raises(ArmError, match=r"no app of the subscription answers at x\.example"):
        app_at(arm, "https://x.example", None)
    with pytest.raises(ArmError, match="no function app's ARM id"):
        app_at(arm, URL, "func-app")
