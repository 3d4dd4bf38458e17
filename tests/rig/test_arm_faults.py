"""The loopback resource manager fails where it is told to, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

from acr_global_rig.arm import LoopbackArm, Registry
from acr_global_rig.arm.faults import Cut, Late

WRITE = "Microsoft.ContainerRegistry/registries/webhooks/write"
BODY: Any = {
    "location": "westeurope",
    "properties": {"serviceUri": "http://x", "actions": ["push"]},
}


def create(acr: ContainerRegistryManagementClient, name: str) -> None:
    """Make a webhook. Raises the SDK's errors."""
    acr.webhooks.begin_create("registries", "contoso", name, BODY).result()


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_the_nth_request_of_a_kind_is_answered_a_status_instead(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry, status: int
) -> None:
    """Its work is not done; earlier and later requests succeed."""
    arm.fail(WRITE, status, nth=2)
    create(acr, "hook1")
    with pytest.raises(HttpResponseError) as caught:
        create(acr, "hook2")
    assert status == caught.value.status_code
    create(acr, "hook3")
    assert ["hook1", "hook3"] == list(registry.webhooks())


def test_an_answer_says_when_to_ask_again(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """Retry-After is in seconds."""
    arm.fail(WRITE, 429, retry_after=17)
    with pytest.raises(HttpResponseError) as caught:
        create(acr, "hook1")
    response: Any = caught.value.response
    assert "17" == response.headers["Retry-After"]


def test_several_requests_go_wrong_one_after_another(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """The number can be chosen."""
    arm.fail(WRITE, 500, times=2)
    for name in ("hook1", "hook2"):
        with pytest.raises(HttpResponseError):
            create(acr, name)
    create(acr, "hook3")


@pytest.mark.parametrize(("cut", "there"), [(Cut.BEFORE, []), (Cut.AFTER, ["hook1"])])
def test_a_connection_is_cut_before_the_work_or_after_it(
    arm: LoopbackArm,
    acr: ContainerRegistryManagementClient,
    registry: Registry,
    cut: Cut,
    there: list[str],
) -> None:
    """The client cannot tell which."""
    arm.fail(WRITE, cut)
    with pytest.raises(ServiceResponseError):
        create(acr, "hook1")
    assert there == list(registry.webhooks())


def test_an_operation_fails_when_it_is_under_way(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """The resource stays, and says that it has failed; the next operation succeeds."""
    arm.fail(WRITE, Late.FAILED)
    with pytest.raises(HttpResponseError):
        create(acr, "hook1")
    create(acr, "hook2")
    states = {n: w["properties"]["provisioningState"] for n, w in registry.webhooks().items()}
    assert {"hook1": "Failed", "hook2": "Succeeded"} == states


def test_each_answer_has_an_id(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """Errors have one, too: the service's support asks for it."""
    seen = list[str]()

    def keep(response: Any) -> None:
        seen.append(response.http_response.headers["x-ms-request-id"])

    list(acr.webhooks.list("registries", "contoso", raw_response_hook=keep))
    arm.rights = set()
    with pytest.raises(HttpResponseError):
        acr.registries.get("registries", "contoso", raw_response_hook=keep)
    assert 2 == len(set(seen))
