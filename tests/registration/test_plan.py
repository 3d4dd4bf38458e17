"""Which webhooks must be made, changed and removed, as tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acr_global.registration.model import App, Replica, Usage, Webhook
from acr_global.registration.plan import (
    Kind,
    NoRoomError,
    Step,
    Wanted,
    check_room,
    is_ours,
    key_of,
    may_be_ours,
    plan,
    plan_removal,
)
from acr_global.registration.reading import read_replica
from acr_global.registry.naming import TAG

SITES = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites"
APP = App(f"{SITES}/func-app", "https://func-app.azurewebsites.net")
OTHER = App(f"{SITES}/func-other", "https://func-other.azurewebsites.net")
WANTED = Wanted(APP, "KEY")


def replica(region: str, **more: Any) -> Replica:
    """A replica that is ready."""
    return Replica(region, "Ready", "Succeeded", **more)


WEST, NORTH = replica("westeurope", home=True), replica("northeurope")


def hook(region: str = "westeurope", **more: Any) -> Webhook:
    """Our webhook of a region as it should be, with some fields replaced."""
    values: dict[str, Any] = {
        "name": f"acrglobalfuncapp{region}",
        "location": region,
        "actions": ("push",),
        "scope": "",
        "tags": {TAG: APP.id},
        "uri": f"{APP.url}/api/ImagePush?region={region}",
        "headers": {"x-functions-key": "KEY"},
    }
    return Webhook(**(values | more))


def told(steps: tuple[Step, ...]) -> list[tuple[str, ...]]:
    """Each step in short: kind, name, and the changed fields or the reason."""
    return [(s.kind.value, s.name, *s.fields, *([s.reason] if s.reason else [])) for s in steps]


def test_where_there_is_nothing_each_region_gets_one() -> None:
    """The home region is first; each webhook has URI, key in the header, actions, scope and tag."""
    steps = plan(WANTED, [WEST, NORTH], [])
    assert [
        ("create", "acrglobalfuncappwesteurope"),
        ("create", "acrglobalfuncappnortheurope"),
    ] == told(steps)
    assert [hook(), hook("northeurope")] == [step.webhook for step in steps]


def test_where_all_is_as_it_should_be_nothing_is_done() -> None:
    """A second run finds the webhooks of the first."""
    assert [("keep", hook().name)] == told(plan(WANTED, [WEST], [hook()]))


@pytest.mark.parametrize(
    ("expected", "by_hand"),
    [
        ("uri", {"uri": "https://elsewhere.example/api/ImagePush?region=westeurope"}),
        ("uri", {"uri": f"{APP.url}/api/ImagePush?region=eastus"}),
        ("uri", {"uri": f"{APP.url}/api/ImagePush?region=westeurope&code=KEY"}),
        ("key", {"headers": {}}),
        ("key", {"headers": {"x-functions-key": "old"}}),
        ("actions", {"actions": ("push", "delete")}),
        ("scope", {"scope": "team/*"}),
        ("enabled", {"enabled": False}),
        ("tag", {"tags": {"team": "a"}}),
        ("state", {"provisioning_state": "Failed"}),
    ],
)
def test_what_was_edited_by_hand_is_put_right(expected: str, by_hand: dict[str, Any]) -> None:
    """Each wrong field is named, and the whole webhook is sent again."""
    (step,) = plan(WANTED, [WEST], [hook(**by_hand)])
    assert (Kind.CHANGE, (expected,)) == (step.kind, step.fields)
    assert step.webhook is not None
    assert hook().uri == step.webhook.uri
    assert "KEY" == key_of(step.webhook.headers)
    assert APP.id == step.webhook.tags[TAG]


def test_what_others_put_beside_ours_stays() -> None:
    """Their tags and headers are sent each time, because the service may replace all of them."""
    by_hand = hook(
        tags={"team": "a", "ACR-Global-App": APP.id.upper()},
        headers={"x-gateway": "1", "X-Functions-Key": "old"},
    )
    (step,) = plan(WANTED, [WEST], [by_hand])
    assert ("key",) == step.fields
    assert step.webhook is not None
    assert {"team": "a", TAG: APP.id} == step.webhook.tags
    assert {"x-gateway": "1", "x-functions-key": "KEY"} == step.webhook.headers


@pytest.mark.parametrize(
    ("registry", "actions", "query"),
    [
        ("contoso.azurecr.io", ("push", "chart_push"), ""),
        ("contoso.azurecr.io", ("chart_delete",), "&registry="),
        ("contoso.azurecr.io", ("chart_push",), "&registry=not%20a%20host"),
        ("own.example:5000", ("chart_push",), "&registry=own.example:5000"),
        ("own.example", ("push",), "&code=KEY&registry=Own.example"),
    ],
)
def test_a_uri_names_the_registry_where_events_do_not(
    registry: str, actions: tuple[str, ...], query: str
) -> None:
    """Those of charts do not; and what was said by hand stays."""
    wanted = Wanted(APP, "KEY", actions, registry="contoso.azurecr.io")
    there = hook(actions=actions, uri=f"{hook().uri}{query}")
    (step,) = plan(wanted, [WEST], [there])
    assert step.webhook is not None
    assert f"{hook().uri}&registry={registry}" == step.webhook.uri
    assert [("keep", hook().name)] == told(plan(wanted, [WEST], [step.webhook]))


def test_a_headers_name_has_no_case() -> None:
    """The portal keeps it as it was typed."""
    by_hand = hook(headers={"X-Functions-Key": "KEY"})
    assert [("keep", hook().name)] == told(plan(WANTED, [WEST], [by_hand]))


@pytest.mark.parametrize(
    ("expected", "key", "headers"),
    [
        ("keep", None, {"x-functions-key": "whatever"}),
        ("change", None, {}),
        ("change", "", {"x-functions-key": "whatever"}),
    ],
)
def test_a_key_that_is_not_known_is_not_compared(
    expected: str, key: str | None, headers: dict[str, str]
) -> None:
    """A key that has yet to be made differs from any existing one."""
    (step,) = plan(Wanted(APP, key), [WEST], [hook(headers=headers)])
    assert expected == step.kind


def test_a_replica_that_is_gone_takes_its_webhook_with_it() -> None:
    """The other webhooks stay."""
    steps = plan(WANTED, [WEST], [hook(), hook("northeurope")])
    assert [
        ("keep", "acrglobalfuncappwesteurope"),
        ("remove", "acrglobalfuncappnortheurope", "the registry is not in this region"),
    ] == told(steps)


@pytest.mark.parametrize("state", ["Creating", "Failed"])
def test_a_replica_that_is_not_ready_waits(state: str) -> None:
    """The service would refuse a webhook in its region; an existing one is kept."""
    new = replace(NORTH, provisioning_state=state)
    reason = f"its replica is {state}, not Succeeded"
    assert [("wait", "acrglobalfuncappnortheurope", reason)] == told(plan(WANTED, [new], []))
    assert ["keep"] == [s.kind for s in plan(WANTED, [new], [hook("northeurope")])]


def test_two_apps_on_one_registry_leave_each_other_alone() -> None:
    """Each has its own names, and ignores the other's webhooks."""
    theirs = [step.webhook for step in plan(Wanted(OTHER, "K2"), [WEST, NORTH], [])]
    there = [hook(), *(w for w in theirs if w)]
    assert [
        ("keep", "acrglobalfuncappwesteurope"),
        ("create", "acrglobalfuncappnortheurope"),
    ] == told(plan(WANTED, [WEST, NORTH], there))
    assert ["keep", "keep"] == [s.kind for s in plan(Wanted(OTHER, "K2"), [WEST, NORTH], there)]


def test_a_name_that_others_have_is_not_taken_from_them() -> None:
    """Another name is used; where that is taken too, no webhook is made."""
    taken = hook(tags={TAG: OTHER.id})
    (step,) = plan(WANTED, [WEST], [taken])
    assert Kind.CREATE == step.kind
    assert step.name.startswith("acrglobalfuncappwesteurope")
    assert taken.name != step.name
    both = [taken, replace(taken, name=step.name.upper())]
    assert [("wait", taken.name, "its names are taken by webhooks of others")] == told(
        plan(WANTED, [WEST], both)
    )


def test_long_names_stay_within_the_registrys_rule() -> None:
    """Two apps whose long names differ only at the end get different webhook names."""
    names = [
        step.name
        for end in ("1", "2")
        for step in plan(Wanted(App(f"{SITES}/{'func-' * 11}{end}", "")), [WEST, NORTH], [])
    ]
    assert 4 == len(set(names))
    assert {50} == {len(name) for name in names}


def test_forty_regions_have_forty_webhooks() -> None:
    """The steps are in the order of the replicas."""
    regions = [replica(f"region{n}") for n in range(40)]
    steps = plan(WANTED, regions, [hook("region7"), hook("region8", enabled=False)])
    assert [r.region for r in regions] == [s.region for s in steps]
    kinds = [s.kind for s in steps]
    assert (38, 1, 1) == tuple(map(kinds.count, (Kind.CREATE, Kind.KEEP, Kind.CHANGE)))


def test_a_display_name_is_the_region() -> None:
    """The service may write `West Europe` for a replica and `westeurope` for a webhook."""
    entry = {"location": "West Europe", "properties": {"provisioningState": "Succeeded"}}
    assert ["keep"] == [s.kind for s in plan(WANTED, [read_replica(entry, "")], [hook()])]


@pytest.mark.parametrize("name", ["acrglobalwesteurope", "madebyhand"])
def test_a_webhook_that_posts_to_us_is_taken_over(name: str) -> None:
    """It keeps its name, which cannot be changed, and gets the tag."""
    uri = "https://FUNC-APP.azurewebsites.net:443/api/imagepush?region=westeurope"
    there = hook(name=name, tags={}, uri=uri)
    assert [("change", name, "uri", "tag")] == told(plan(WANTED, [WEST], [there]))


def test_our_own_domain_is_ours_too() -> None:
    """It counts where the app's hosts are known."""
    there = hook(tags={}, uri="https://own.example/api/ImagePush?region=westeurope")
    assert not is_ours(there, APP)
    assert is_ours(there, replace(APP, hosts=("own.example",)))


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": {}, "uri": "https://func-app.azurewebsites.net/api/Other"},
        {"tags": {}, "uri": "https://elsewhere.example/api/ImagePush"},
        {"tags": {}, "uri": None},
        {"tags": {}, "uri": ""},
        {"tags": {TAG: OTHER.id}},
    ],
)
def test_what_is_not_ours_is_left_alone(changes: dict[str, Any]) -> None:
    """The name does not matter: the tag, or the URI, is another's."""
    theirs = hook("eastus", **changes)
    assert [("keep", hook().name)] == told(plan(WANTED, [WEST], [hook(), theirs]))
    assert () == plan_removal(APP, [theirs])


def test_of_two_in_a_region_one_is_kept() -> None:
    """First comes the one with the right name, then one with the tag, then an enabled one."""
    by_hand = hook(name="byhand", tags={})
    tagged = hook(name="tagged", enabled=False)
    off = hook(name="aoff", tags={}, enabled=False)
    reason = "a second one of its region"
    assert [
        ("keep", hook().name),
        ("remove", "byhand", reason),
        ("remove", "tagged", reason),
    ] == told(plan(WANTED, [WEST], [by_hand, tagged, hook()]))
    assert ["tagged", "byhand"] == [s.name for s in plan(WANTED, [WEST], [by_hand, tagged])]
    assert ["byhand", "aoff"] == [s.name for s in plan(WANTED, [WEST], [off, by_hand])]


def test_a_name_that_is_given_up_can_be_used() -> None:
    """A webhook of ours whose region is not the one of its name makes room for the right one."""
    astray = hook(name="acrglobalfuncappwesteurope", location="northeurope")
    steps = plan(WANTED, [WEST, NORTH], [hook("northeurope"), astray])
    assert [
        ("create", "acrglobalfuncappwesteurope"),
        ("keep", "acrglobalfuncappnortheurope"),
        ("remove", "acrglobalfuncappwesteurope", "a second one of its region"),
    ] == told(steps)


def test_another_apps_key_is_not_read() -> None:
    """Only webhooks that may be ours are asked for their URI."""
    assert may_be_ours(hook(), APP)
    assert may_be_ours(hook(tags={"team": "a"}), APP)
    assert not may_be_ours(hook(tags={TAG: OTHER.id}), APP)


def test_all_of_ours_are_removed() -> None:
    """They may be in any region, and are known by tag or URI."""
    there = [hook("northeurope"), hook(name="byhand", tags={}), hook(tags={TAG: OTHER.id})]
    assert [
        ("remove", "acrglobalfuncappnortheurope", "asked for"),
        ("remove", "byhand", "asked for"),
    ] == told(plan_removal(APP, there))


def test_the_registrys_limit_is_checked_before_anything_is_made() -> None:
    """Removed webhooks make room; other usages do not matter."""
    steps = plan(WANTED, [WEST, NORTH], [])
    check_room(steps, [Usage("Webhooks", 498, 500), Usage("Size", 9, 1)])
    check_room([*steps, Step(Kind.REMOVE, "x", "y")], [Usage("Webhooks", 499, 500)])
    with pytest.raises(NoRoomError) as caught:
        check_room(steps, [Usage("webhooks", 499, 500)])
    assert (
        "the registry may have 500 webhooks and has 499, and 2 more are needed; nothing was changed"
    ) == caught.value.message


def test_nothing_shows_the_key() -> None:
    """Neither the wanted webhooks nor the plan do."""
    assert "KEY" not in repr((WANTED, plan(WANTED, [WEST], [])))
