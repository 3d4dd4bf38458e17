"""Our client of the resource manager: its requests, and its errors where a right is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from acr_global.registration import asking, rights
from acr_global.registration.arm import Arm
from acr_global.registration.model import Function, Replica, Usage, Webhook
from acr_global.registration.model import Registry as ReadRegistry
from acr_global.registration.refusal import ArmError, SignInError
from acr_global.registration.signin import cloud_at
from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm, Registry, Site
from acr_global_rig.arm.faults import Cut
from acr_global_rig.loopback import unused_url

HOOK = Webhook(
    "acrglobal1",
    "eastus",
    ("push",),
    "team/*",
    tags={"team": "a"},
    uri="https://app/?region=eastus",
    headers={"x-functions-key": "KEY"},
)

CALLS: dict[str, Callable[[Arm, ReadRegistry, str], Any]] = {
    rights.READ_REGISTRY: lambda arm, registry, _: arm.registry(registry.id),
    rights.READ_USAGES: lambda arm, registry, _: arm.usages(registry),
    rights.READ_REPLICAS: lambda arm, registry, _: arm.replicas(registry),
    rights.READ_WEBHOOKS: lambda arm, registry, _: arm.webhooks(registry),
    rights.READ_CALLBACK: lambda arm, registry, _: arm.callback(registry, HOOK),
    rights.READ_EVENTS: lambda arm, registry, _: arm.events(registry, HOOK.name),
    rights.READ_OPERATION: lambda arm, registry, _: arm.update(registry, HOOK),
    rights.WRITE_WEBHOOK: lambda arm, registry, _: arm.create(registry, HOOK),
    rights.DELETE_WEBHOOK: lambda arm, registry, _: arm.delete(registry, HOOK.name),
    rights.PING_WEBHOOK: lambda arm, registry, _: arm.ping(registry, HOOK.name),
    rights.READ_FUNCTIONS: lambda arm, _, site: arm.functions(site),
    rights.READ_KEYS: lambda arm, _, site: arm.function_key(site, "contoso", create=False),
    rights.WRITE_KEY: lambda arm, _, site: arm.function_key(site, "contoso", create=True),
}
EVERY = {v for k, v in vars(rights).items() if k.isupper() and k not in ("REGISTRIES", "SITES")}


def test_every_right_has_its_question() -> None:
    """Every request has its right, too; a list of all that may be seen is never refused."""
    assert EVERY == {*CALLS, rights.READ_SITE}


@pytest.mark.parametrize("right", CALLS)
def test_the_right_that_is_missing_is_named(
    rig: LoopbackArm, arm: Arm, there: ReadRegistry, site: Site, right: str
) -> None:
    """Everything else is allowed. The error has the request's id; with the right there is an
    answer."""
    arm.create(there, HOOK)
    rig.rights = EVERY - {right}
    with pytest.raises(ArmError) as caught:
        CALLS[right](arm, there, site.id)
    assert (403, "AuthorizationFailed", right) == (
        caught.value.answered,
        caught.value.code,
        caught.value.right,
    )
    assert f"the right {right} is missing" in caught.value.message
    assert f"request id {caught.value.request_id}" in caught.value.message
    rig.rights = EVERY
    CALLS[right](arm, there, site.id)


def test_a_registry_is_found_by_name_or_id(arm: Arm, registry: Registry) -> None:
    """A name has no case; the id may be of another subscription."""
    expected = ReadRegistry(registry.id, "contoso", "contoso.azurecr.io", "westeurope", "Premium")
    assert expected == arm.registry("Contoso") == arm.registry(registry.id + "/")
    for wrong in ("nosuch", registry.id + "x"):
        with pytest.raises(ArmError) as caught:
            arm.registry(wrong)
        assert caught.value.answered in (404, None)
        assert wrong.rsplit("/", 1)[-1] in caught.value.message


def test_what_may_not_be_read_is_not_there(rig: LoopbackArm, arm: Arm, registry: Registry) -> None:
    """A subscription's list holds what may be seen, so the missing right is named as a possible
    reason."""
    rig.rights = set()
    assert () == arm.sites()
    with pytest.raises(ArmError, match=f"or the right {rights.READ_REGISTRY} is missing"):
        arm.registry("contoso")


def test_a_name_needs_a_subscription(rig: LoopbackArm, registry: Registry) -> None:
    """An ARM id contains its own."""
    with Arm.open(cloud_at(rig.url)) as arm:
        assert "contoso" == arm.registry(registry.id).name
        with pytest.raises(ArmError, match="no subscription is named"):
            arm.registry("contoso")


def test_the_home_region_is_first(arm: Arm, registry: Registry) -> None:
    """It is there even where the registry's tier has no replicas to list."""
    registry.set_replica("eastus", "Syncing", "Creating", endpoint=False)
    regions = arm.replicas(arm.registry(registry.id))
    assert [
        Replica("westeurope", "Ready", "Succeeded", home=True),
        Replica("eastus", "Syncing", "Creating", endpoint_enabled=False),
        Replica("northeurope", "Ready", "Succeeded"),
    ] == list(regions)


def test_a_tier_without_replicas_has_its_home(rig: LoopbackArm, arm: Arm) -> None:
    """Basic and Standard registries are not replicated."""
    small = arm.registry(rig.add_registry("small", "eastus", sku="Basic").id)
    rig.rights = set()
    assert (Replica("eastus", "", "Succeeded", home=True),) == arm.replicas(small)


def test_the_home_region_is_always_there(arm: Arm, registry: Registry, there: ReadRegistry) -> None:
    """The service's list of replicas may lack it."""
    registry.remove_replica("westeurope")
    assert "westeurope" == arm.replicas(there)[0].region


def test_a_webhook_is_made_changed_and_removed(
    arm: Arm, there: ReadRegistry, registry: Registry
) -> None:
    """Each request has all of its fields, and they are read back."""
    arm.create(there, HOOK)
    (listed,) = arm.webhooks(there)
    assert HOOK == arm.callback(there, listed)
    arm.update(
        there, Webhook("acrglobal1", "eastus", ("delete",), "", enabled=False, uri="https://b")
    )
    (listed,) = arm.webhooks(there)
    assert ("disabled", ["delete"], "https://b", {}) == tuple(
        registry.webhooks()["acrglobal1"]["properties"][name]
        for name in ("status", "actions", "serviceUri", "customHeaders")
    )
    arm.delete(there, HOOK.name)
    arm.delete(there, HOOK.name)
    assert () == arm.webhooks(there)


def test_limits_and_functions_are_listed(arm: Arm, there: ReadRegistry, site: Site) -> None:
    """They are those of the registry and of the app's host."""
    assert Usage("Webhooks", 0, 500) in arm.usages(there)
    site.disable("Health")
    listed = arm.functions(site.id)
    assert Function("ImagePush") in listed
    assert Function("Health", enabled=False) in listed


def test_a_key_is_made_once(arm: Arm, site: Site) -> None:
    """It is made only where it is asked for; the platform chooses its value."""
    assert arm.function_key(site.id, "contoso", create=False) is None
    made = arm.function_key(site.id, "contoso", create=True)
    assert made == arm.function_key(site.id, "contoso", create=True)
    assert made == site.keys("ImagePush")["contoso"]


def test_an_event_log_is_read(
    rig: LoopbackArm, arm: Arm, there: ReadRegistry, registry: Registry
) -> None:
    """Its pages are read one after another, newest first."""
    rig.page, at = 1, "2026-01-01T00:00:00Z"
    registry.add_webhook("acrglobal1", "eastus", unused_url())
    for number in range(3):
        registry.fire("eastus", {"id": str(number), "action": "push", "timestamp": at})
    events = arm.events(there, "acrglobal1")
    assert ["2", "1", "0"] == [event.request_body["id"] for event in events]
    assert datetime(2026, 1, 1, tzinfo=UTC) == events[0].at


def test_where_the_service_asks_for_patience_it_is_asked_again(
    rig: LoopbackArm, arm: Arm, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too long a wait is reported instead."""
    monkeypatch.setattr(asking, "RETRIES", 2)
    rig.fail(rights.READ_REGISTRY, 429, retry_after=0)
    assert "contoso" == arm.registry(registry.id).name
    rig.fail(rights.READ_REGISTRY, 429, retry_after=3_600)
    with pytest.raises(ArmError, match="too many requests") as caught:
        arm.registry(registry.id)
    assert caught.value.passing


def test_no_answer_is_an_error(rig: LoopbackArm, arm: Arm, registry: Registry) -> None:
    """The connection ends without one, or nobody listens."""
    rig.fail(rights.READ_REGISTRY, Cut.BEFORE)
    with pytest.raises(ArmError, match="gave no answer") as caught:
        arm.registry(registry.id)
    assert caught.value.answered is None
    elsewhere = cloud_at(unused_url().replace("http:", "https:"))
    with (
        Arm.open(elsewhere, SUBSCRIPTION) as nobody,
        pytest.raises(ArmError, match="gave no answer"),
    ):
        nobody.registry(registry.id)


def test_a_missing_sign_in_is_an_error(
    rig: LoopbackArm, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not repeat the library's page of reasons, nor is that logged."""
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    monkeypatch.setenv("IDENTITY_HEADER", "")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    with Arm.open(cloud_at(rig.url)) as arm, pytest.raises(SignInError) as caught:
        arm.registry(registry.id)
    assert "nobody is signed in here" in caught.value.message


def test_a_tenant_is_asked_for(
    rig: LoopbackArm, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service principal from the environment may be of several."""
    tenant = "00000000-0000-0000-0000-00000000000c"
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.setenv(name, "00000000-0000-0000-0000-00000000000a")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", rig.url)
    with Arm.open(cloud_at(rig.url), tenant=tenant) as arm:
        assert "contoso" == arm.registry(registry.id).name
    assert any(asked.target.startswith(f"/{tenant}/") for asked in rig.asked)


def test_a_wrong_id_is_not_asked_for(arm: Arm) -> None:
    """It may be an app's, or a registry's that was read wrongly."""
    with pytest.raises(ArmError, match="not one of a function app"):
        arm.functions("func-app")
    with pytest.raises(ArmError, match="not one of a registry"):
        arm.webhooks(ReadRegistry("x", "x", "", "eastus", "Basic"))
