"""Facts gathered from a real host, and from a resource manager on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from acr_global.doctor.finding import Finding, State
from acr_global.registration import rights
from acr_global.registry.naming import TAG, former_name
from acr_global_rig.arm import LoopbackArm
from acr_global_rig.receivers import Receiver, listening
from tests.clinic import clinic
from tests.doctor.samples import KEY, REGIONS

pytestmark = pytest.mark.real_time

NEEDED = {
    rights.READ_REGISTRY: {"regions", "webhooks", "deliveries", "correlation"},
    rights.READ_REPLICAS: {"regions"},
    rights.READ_WEBHOOKS: {"webhooks", "deliveries", "correlation"},
    rights.READ_CALLBACK: {"webhooks"},
    rights.READ_EVENTS: {"deliveries", "correlation"},
    rights.READ_SITE: {"functions"},
    rights.READ_FUNCTIONS: {"functions"},
}
"""Each right that the doctor uses, and what cannot be looked at without it."""


def unlike(state: State, findings: Iterable[Finding]) -> list[Finding]:
    """The findings that are not of this state."""
    return [finding for finding in findings if finding.state is not state]


async def test_a_healthy_app_has_only_fine_findings(rig: LoopbackArm) -> None:
    """After one push every check is made; the doctor's ping is kept nowhere."""
    async with clinic(rig) as c:
        await c.push()
        assert [] == unlike(State.OK, await c.findings())


@pytest.mark.parametrize("right", NEEDED)
async def test_without_a_right_only_the_lines_that_need_it_differ(
    rig: LoopbackArm, right: str
) -> None:
    """They name the right."""
    async with clinic(rig) as c:
        await c.push()
        rig.rights = set(NEEDED) - {right}
        findings = unlike(State.OK, await c.findings())
    assert {State.UNKNOWN} == {finding.state for finding in findings}
    assert NEEDED[right] == {finding.check for finding in findings}
    assert findings == [finding for finding in findings if right in finding.said]


async def test_these_rights_are_all_that_it_uses(rig: LoopbackArm) -> None:
    """The docs list them for the operator."""
    async with clinic(rig) as c:
        await c.push()
        rig.rights = set(NEEDED)
        assert [] == unlike(State.OK, await c.findings())


async def test_without_a_sign_in_the_app_is_examined(rig: LoopbackArm) -> None:
    """No check of the app needs one."""
    async with clinic(rig) as c:
        found = await c.findings_without_arm()
    unknown = {"regions", "webhooks", "deliveries", "correlation", "functions"}
    assert unknown == {finding.check for finding in unlike(State.OK, found)}


@pytest.mark.parametrize(
    ("key", "said"), [(None, "no key was given"), ("hush", "does not take the key (status 401)")]
)
async def test_without_the_apps_key_the_registry_is_examined(
    rig: LoopbackArm, key: str | None, said: str
) -> None:
    """So is what the app answers to anybody."""
    async with clinic(rig) as c:
        await c.push()
        found = await c.findings(replace(c.where, key=key))
    fine = {finding.check for finding in found if finding.state is State.OK}
    assert {"webhooks", "deliveries", "app", "functions", "settings"} == fine
    others = unlike(State.OK, found)
    assert others == [finding for finding in others if said in finding.said]
    assert "hush" not in str(found)


async def test_the_registry_may_be_the_one_of_the_settings(rig: LoopbackArm) -> None:
    """Where none is known, the finding says how to name it."""
    registry_id = rig.add_registry("contoso", REGIONS[0], REGIONS).id
    async with clinic(rig, REGISTRY_ID=registry_id, CATCH_UP="0") as c:
        await c.push()
        assert [] == unlike(State.OK, await c.findings(replace(c.where, registry=None)))
    async with clinic(rig) as c:
        found = unlike(State.OK, await c.findings(replace(c.where, registry=None)))
    assert {True} == {"which registry is not known" in finding.said for finding in found}


async def test_of_several_registries_one_is_to_be_named(rig: LoopbackArm) -> None:
    """The first alone, without a word of the others, would seem to be all of them."""
    ids = [rig.add_registry(name, REGIONS[0], REGIONS).id for name in ("contoso", "teamtwo")]
    own = {f"{one.rsplit('/', 1)[-1]}.azurecr.io": {"registry_id": one} for one in ids}
    async with clinic(rig, REGISTRIES=json.dumps(own), CATCH_UP="0") as c:
        found = unlike(State.OK, await c.findings(replace(c.where, registry=None)))
    which = {"regions", "webhooks", "deliveries", "correlation"}
    assert which == {one.check for one in found if "the app has contoso, teamtwo" in one.said}


async def test_a_webhooks_key_is_tried(rig: LoopbackArm) -> None:
    """It is sent as the webhook sends it; the event log shows the refusal, too."""
    async with clinic(rig) as c:
        c.webhook("eastus", key="hush")
        await c.push()
        hook, post = unlike(State.OK, await c.findings())
    assert hook.said.endswith("asked as it asks, the app does not take the key (status 401)")
    assert post.said.startswith("eastus: the last post refused, with 401: the key")
    assert "hush" not in str((hook, post))


async def test_a_webhooks_key_is_shown_to_the_app_alone(rig: LoopbackArm) -> None:
    """Nothing is posted where one of ours posts elsewhere."""
    receiver = Receiver("elsewhere")
    async with clinic(rig) as c, listening(receiver):
        await c.push()
        headers, tags = {"x-functions-key": KEY}, {TAG: c.site.id}
        c.registry.add_webhook("ofeastus", "eastus", receiver.url, headers, tags=tags)
        (finding,) = unlike(State.OK, await c.findings())
    assert "eastus: ofeastus posts to http://127.0.0.1:" in finding.said
    assert [] == receiver.requests


async def test_webhooks_of_others_are_passed_over(rig: LoopbackArm) -> None:
    """They are known by tag or URI, and nothing is posted there."""
    async with clinic(rig) as c:
        await c.push()
        tag = {TAG: c.site.id + "2"}
        c.registry.add_webhook("acrglobalother", "eastus", c.host.url, {}, tags=tag, enabled=False)
        former = former_name("eastus")
        c.registry.add_webhook(former, "eastus", "http://127.0.0.1:9/x", {}, enabled=False)
        assert [] == unlike(State.OK, await c.findings())
        for asked in rig.asked:
            assert "/webhooks/acrglobalother/" not in asked.target
            assert f"/webhooks/{former}/listEvents" not in asked.target


async def test_an_app_that_is_gone_is_a_finding(rig: LoopbackArm) -> None:
    """What only the app can tell is left out."""
    async with clinic(rig) as c:
        await c.push()
        await c.host.stop()
        found = await c.findings()
    wrong = {finding.check for finding in found if finding.state is State.WRONG}
    assert {"app", "door", "webhooks"} == wrong
    assert {"deliveries", "functions"} == {f.check for f in found if f.state is State.OK}
    assert KEY not in str(found)
