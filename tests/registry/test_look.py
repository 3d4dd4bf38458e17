"""All checks run side by side, and none raises an error."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import aiohttp
import pytest

from acr_global.model import EvidenceKind
from acr_global.proxies import ProxyError
from acr_global.registry import look as module
from acr_global.registry.guard import CheckFailedError, describe
from acr_global.registry.look import look
from tests.registry.fakes import (
    CHECKED_AT,
    FakeArm,
    FakeCredential,
    FakeRegistry,
    access,
    log_entry,
    question,
    webhook,
)


async def test_both_kinds_are_asked_in_the_order_given() -> None:
    """The results are ordered by region, then by kind; the manifest settles a refused webhook."""
    arm = FakeArm(
        [webhook("acrglobaleastus", "eastus")], {"acrglobaleastus": [log_entry(status="504")]}
    )

    async def run(*kinds: str) -> list[tuple[str, str, bool, str]]:
        async with arm.running() as endpoint, FakeRegistry().running() as registry:
            how = access(*kinds, arm_endpoint=endpoint, region_endpoints={"eastus": registry})
            answers = await look(question("eastus"), how, credential=FakeCredential())
            return [(e.region, e.kind.value, e.found, e.detail) for e in answers]

    log = ("eastus", "event-log", False, "fired but refused with status 504")
    manifest = ("eastus", "manifest", True, "readable there")
    assert [log, manifest] == await run("event-log", "manifest")
    assert [manifest, log] == await run("manifest", "event-log")


async def test_every_region_and_kind_gets_its_evidence() -> None:
    """Where nothing can be asked, the evidence says so."""
    how = access("event-log", "manifest", resource_id=None)
    asked = question("eastus", "westeurope", registry=None)
    answers = await look(asked, how, credential=FakeCredential(), now=lambda: CHECKED_AT)
    assert [(r, k) for r in ("eastus", "westeurope") for k in ("event-log", "manifest")] == [
        (e.region, e.kind) for e in answers
    ]
    assert {(False, True)} == {(e.found, e.detail.startswith("check failed: ")) for e in answers}


@pytest.mark.parametrize("kinds", [(), ("courier", "no such kind")])
async def test_kinds_that_are_no_check_are_passed_over(kinds: tuple[str, ...]) -> None:
    """Nothing is asked for them."""
    assert () == await look(question("eastus"), access(*kinds))


async def test_without_missing_regions_there_is_no_evidence() -> None:
    """Nothing is asked."""
    how = access("manifest")
    assert () == await look(question(), how, credential=FakeCredential())


async def test_a_session_of_the_callers_stays_open() -> None:
    """The caller closes it."""
    registry = FakeRegistry()
    async with registry.running() as url, aiohttp.ClientSession() as session:
        how = access("manifest", region_endpoints={"eastus": url})
        await look(question("eastus"), how, credential=FakeCredential(), session=session)
        assert session.closed is False


async def test_the_callers_cancellation_goes_through() -> None:
    """`look` catches errors, but not a cancellation."""
    async with FakeRegistry(silent=True).running() as url:
        how = access("manifest", region_endpoints={"eastus": url})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await look(question("eastus"), how, credential=FakeCredential())


async def test_a_bug_in_a_check_does_not_suppress_the_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An unexpected error becomes evidence of nothing, for every region."""

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("code=secret")

    monkeypatch.setattr(module, "read_event_logs", broken)
    answers = await look(question("eastus", "westeurope"), access("event-log"))
    assert [(EvidenceKind.EVENT_LOG, "check failed: unexpected ZeroDivisionError")] * 2 == [
        (e.kind, e.detail) for e in answers
    ]


def test_the_azure_sdk_is_not_imported_before_it_is_needed() -> None:
    """A cold start must answer a webhook within 5 s."""
    code = (
        "import sys, acr_global.registry.look\n"
        "print([m for m in sys.modules if m.startswith(('azure.identity', 'azure.mgmt'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        ("our own words", CheckFailedError("our own words")),
        ("the proxy that is set cannot be used", ProxyError("HTTPS_PROXY: secret")),
        ("no answer in time", TimeoutError("secret")),
        ("no answer in time", aiohttp.ServerTimeoutError("secret")),
        ("the connection broke", aiohttp.ServerDisconnectedError("secret")),
        ("unexpected ValueError", ValueError("secret")),
    ],
)
def test_reasons_quote_nothing_but_our_own_words(expected: str, error: Exception) -> None:
    """An error's text may hold a URL with a key."""
    assert expected == describe(error)
