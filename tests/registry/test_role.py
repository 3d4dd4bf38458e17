"""The role that `infra/` gives the app's identity, held against what its evidence asks."""

from __future__ import annotations

import ssl

import pytest

from acr_global.registry.look import look
from acr_global_rig.arm import LoopbackArm, Registry
from acr_global_rig.loopback import unused_url
from tests.infra.deployment import load
from tests.loopback_arm import certificate, registry, rig
from tests.registry.fakes import PUSHED_AT, FakeCredential, access, log_entry, question

__all__ = ["certificate", "registry", "rig"]

(PERMISSION,) = load("private").the("Microsoft.Authorization/roleDefinitions")["properties"][
    "permissions"
]
LOG_ACTIONS = [action for action in PERMISSION["actions"] if "/webhooks/" in action]


@pytest.fixture(autouse=True)
def _trusting(rig: LoopbackArm, monkeypatch: pytest.MonkeyPatch) -> None:
    """aiohttp makes its context when it is imported, from the certificates of that moment."""
    trusted = ssl.create_default_context(cafile=rig.environ["REQUESTS_CA_BUNDLE"])
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusted)


async def seen(rig: LoopbackArm, registry: Registry) -> str:
    """What the evidence says of a push that was fired, and refused."""
    registry.add_webhook("acrglobaleastus", "eastus", unused_url())
    registry.fire("eastus", log_entry(at=PUSHED_AT)["eventRequestMessage"]["content"])
    asked = access("event-log", resource_id=registry.id, arm_endpoint=rig.url)
    (found,) = await look(question("eastus"), asked, credential=FakeCredential())
    return found.detail


@pytest.mark.real_time
async def test_the_role_is_enough_for_evidence(rig: LoopbackArm, registry: Registry) -> None:
    """Of the event log."""
    rig.rights = set(LOG_ACTIONS)
    assert "fired but refused with status 504" == await seen(rig, registry)


@pytest.mark.real_time
@pytest.mark.parametrize("action", LOG_ACTIONS)
async def test_without_one_action_of_the_role_evidence_fails(
    rig: LoopbackArm, registry: Registry, action: str
) -> None:
    """None of its actions is too many."""
    rig.rights = set(LOG_ACTIONS) - {action}
    assert "the identity lacks a right" in await seen(rig, registry)


def test_the_role_cannot_read_the_keys_of_webhooks() -> None:
    """It cannot change anything either: people run the commands under their own identities."""
    assert {"read", "action"} == {action.rsplit("/", 1)[-1] for action in LOG_ACTIONS}
    assert not any("getCallbackConfig" in action for action in LOG_ACTIONS)
