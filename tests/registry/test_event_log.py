"""Asking a resource manager, played by a loopback server that serves recorded shapes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from acr_global.model import Evidence, EvidenceKind
from acr_global.registry.event_log import Resource, parse_resource_id, wait_before_retry
from acr_global.registry.guard import CheckFailedError
from acr_global.registry.look import look
from acr_global_rig.loopback import unused_url
from tests.registry.fakes import (
    CHECKED_AT,
    OUR_URL,
    REGISTRY_ID,
    FakeArm,
    FakeCredential,
    access,
    log_entry,
    question,
    webhook,
)

# Imported here and not within the first check: on a slow machine it would eat that check's budget.
pytest.importorskip("azure.identity.aio")
pytest.importorskip("azure.mgmt.containerregistry.aio")

EAST, WEST = webhook("acrglobaleastus", "eastus"), webhook("acrglobalwesteurope", "westeurope")
OTHERS = "00000000-0000-0000-0000-00000000beef"


def ask(
    arm: FakeArm,
    *missing: str,
    credential: FakeCredential | None = None,
    **changes: Any,
) -> tuple[Evidence, ...]:
    """The event-log evidence that `arm` gives for the missing regions."""

    async def run() -> tuple[Evidence, ...]:
        async with arm.running() as url:
            how = access("event-log", **({"arm_endpoint": url} | changes))
            who = credential or FakeCredential()
            return await look(question(*missing), how, credential=who, now=lambda: CHECKED_AT)

    return asyncio.run(run())


def evidence(region: str, found: bool, detail: str) -> Evidence:
    """Event-log evidence as `ask` stamps it."""
    kind = EvidenceKind.EVENT_LOG
    return Evidence(region=region, kind=kind, found=found, detail=detail, at=CHECKED_AT)


def failing(region: str, why: str) -> tuple[Evidence, ...]:
    """The evidence of one region whose check failed."""
    return (evidence(region, False, f"check failed: {why}"),)


def test_each_region_gets_its_own_answer() -> None:
    """One event was accepted, one was refused, and one region's log is empty."""
    central = webhook("acrglobalcentralus", "Central US")
    arm = FakeArm(
        [EAST, WEST, central],
        {"acrglobaleastus": [log_entry()], "acrglobalwesteurope": [log_entry(status="504")]},
    )
    assert (
        evidence("westeurope", False, "fired but refused with status 504"),
        evidence("eastus", True, "fired, answered 202"),
        evidence("centralus", False, "nothing in its event log"),
    ) == ask(arm, "westeurope", "eastus", "centralus")


def test_every_page_is_read() -> None:
    """The webhook and its event may stand on the last page of many."""
    logs = [log_entry(id=OTHERS, digest="sha256:" + "0" * 64)] * 4 + [log_entry()]
    arm = FakeArm([WEST, WEST, EAST], {"acrglobaleastus": logs}, page=2)
    assert (evidence("eastus", True, "fired, answered 202"),) == ask(arm, "eastus")
    assert {"list": 2, "acrglobaleastus": 3} == dict(arm.asked)


def test_reading_ends_at_the_first_accepted_entry() -> None:
    """Later entries could not change the answer."""
    arm = FakeArm([EAST], {"acrglobaleastus": [log_entry()] * 4}, page=1)
    ask(arm, "eastus")
    assert 1 == arm.asked["acrglobaleastus"]


def test_without_the_name_only_posts_to_our_url_count() -> None:
    """Another receiver's success says nothing about ours."""
    theirs = log_entry(url="https://theirs.example/api/ImagePush")
    hooks = [webhook("theirs", "eastus"), webhook("ours", "eastus"), webhook("west", "westeurope")]
    arm = FakeArm(hooks, {"theirs": [theirs], "ours": [log_entry(status="504")], "west": [theirs]})
    assert (
        evidence("eastus", False, "fired but refused with status 504"),
        evidence("westeurope", False, "nothing in its event log"),
    ) == ask(arm, "eastus", "westeurope", webhook_url=OUR_URL)


def test_a_disabled_webhook_is_named_as_the_cause() -> None:
    """A webhook that is off needs another repair than a lost event."""
    arm = FakeArm([webhook("acrglobaleastus", "eastus", "disabled")])
    detail = "nothing in its event log: the webhook is disabled"
    assert (evidence("eastus", False, detail),) == ask(arm, "eastus")


def test_a_region_without_a_webhook_is_said_to_have_none() -> None:
    """An operator must know this before anything else."""
    assert failing("eastus", "the registry has no webhook in this region") == ask(
        FakeArm([WEST]), "eastus"
    )


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        ("the resource manager answered 401 (not signed in)", 401),
        (
            "the resource manager answered 403 (the identity lacks a right: see docs/evidence.md)",
            403,
        ),
        ("the resource manager answered 404 (no such registry or webhook)", 404),
        ("the resource manager answered 301", 301),
    ],
)
@pytest.mark.parametrize("where", ["list", "acrglobaleastus"])
def test_a_refusal_is_reported_and_not_repeated(expected: str, status: int, where: str) -> None:
    """A missing right stays missing; nothing of the answer's text is quoted."""
    arm = FakeArm([EAST], troubles={where: [(status, {})]})
    assert failing("eastus", expected) == ask(arm, "eastus")
    assert 1 == arm.asked[where]


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("where", ["list", "acrglobaleastus"])
def test_a_passing_error_is_tried_once_more(status: int, where: str) -> None:
    """A single 500 should cause no false alarm."""
    arm = FakeArm(
        [EAST],
        {"acrglobaleastus": [log_entry()]},
        troubles={where: [(status, {"Retry-After": "0"})]},
    )
    assert (evidence("eastus", True, "fired, answered 202"),) == ask(arm, "eastus")


def test_a_lasting_error_is_reported() -> None:
    """There is time for two requests only."""
    arm = FakeArm([EAST], troubles={"acrglobaleastus": [(500, {"Retry-After": "0"})] * 2})
    assert failing("eastus", "the resource manager answered 500") == ask(arm, "eastus")


def test_a_long_retry_after_is_reported_instead_of_obeyed() -> None:
    """The alarm does not wait for an hour."""
    arm = FakeArm([EAST], troubles={"list": [(429, {"Retry-After": "3600"})]})
    expected = "the resource manager answered 429 (too many requests)"
    assert failing("eastus", expected) == ask(arm, "eastus")
    assert 1 == arm.asked["list"]


def test_a_slow_log_costs_only_its_own_region() -> None:
    """The budget ends that check, and the other region's answer stands."""
    arm = FakeArm(
        [EAST, WEST], {"acrglobalwesteurope": [log_entry()]}, silent=frozenset({"acrglobaleastus"})
    )
    assert (
        *failing("eastus", "no answer in time"),
        evidence("westeurope", True, "fired, answered 202"),
    ) == ask(arm, "eastus", "westeurope", budget=timedelta(seconds=1))


def test_a_slow_list_fails_every_region() -> None:
    """Each missing region gets an answer, whatever happens."""
    arm = FakeArm([EAST, WEST], silent=frozenset({"list"}))
    assert (
        *failing("eastus", "no answer in time"),
        *failing("westeurope", "no answer in time"),
    ) == ask(arm, "eastus", "westeurope", budget=timedelta(milliseconds=200))


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ("the registry's ARM id is not set or not one", {"resource_id": None}),
        ("the registry's ARM id is not set or not one", {"resource_id": "/subscriptions/x"}),
        ("cannot connect to the resource manager", {"arm_endpoint": unused_url()}),
        ("the resource manager's endpoint needs https", {"arm_endpoint": "http://arm.example"}),
    ],
)
def test_a_check_that_cannot_be_made_says_why(expected: str, changes: dict[str, Any]) -> None:
    """A wrong setting fails the check, never the alarm; no token goes out in the clear."""
    assert failing("eastus", expected) == ask(FakeArm(), "eastus", **changes)


def test_a_failing_sign_in_tells_no_secret() -> None:
    """The identity's own error names tenants and paths; ours does not."""
    credential = FakeCredential(error=RuntimeError("tenant 123, secret 456"))
    assert failing("eastus", "unexpected RuntimeError") == ask(
        FakeArm([EAST]), "eastus", credential=credential
    )


def test_the_identity_asks_for_this_endpoint_alone() -> None:
    """The token's scope is the resource manager's."""
    arm, credential = FakeArm([EAST]), FakeCredential("t")
    ask(arm, "eastus", credential=credential)
    assert {"Bearer t"} == arm.tokens
    assert {True} == {s.startswith("http://127.0.0.1:") for s in credential.scopes}
    assert {True} == {s.endswith("/.default") for s in credential.scopes}


def test_a_resource_id_is_read_in_any_case() -> None:
    """People copy it from the portal, the CLI and templates, which spell it differently."""
    parts = Resource("00000000-0000-0000-0000-000000000000", "group", "myregistry")
    assert parts == parse_resource_id(REGISTRY_ID)
    assert "myregistry" == parse_resource_id(REGISTRY_ID.lower() + "/").name


def test_a_resource_id_cannot_climb() -> None:
    """No part of it leads to another path."""
    with pytest.raises(CheckFailedError):
        parse_resource_id(REGISTRY_ID.replace("myregistry", "../../x"))


@pytest.mark.parametrize(
    ("expected", "status", "after"),
    [
        (0.0, 429, "0"),
        (5.0, 503, " 5 "),
        (0.5, 500, None),
        (0.5, 503, "soon"),
        (5.0, 503, "4.2s"),
        (None, 429, "5.1"),
        (3.0, 503, format_datetime(CHECKED_AT + timedelta(seconds=3), usegmt=True)),
        (None, 503, format_datetime(CHECKED_AT + timedelta(minutes=3), usegmt=True)),
        (None, 429, "6"),
        (None, 403, "0"),
        (None, None, None),
    ],
)
def test_the_wait_before_the_second_try(
    expected: float | None, status: int | None, after: str | None
) -> None:
    """It is in seconds; None where waiting is useless or too long."""
    assert expected == wait_before_retry(status, after, CHECKED_AT)
