"""`catch-up`, typed against a resource manager and an app on loopback."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from acr_global.cli.exits import Exit
from acr_global.registration import rights
from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm, Registry
from acr_global_rig.registry import event
from tests.cli.conftest import App, Ran, Run
from tests.cli.test_terminal import at_terminal, bare
from tests.loopback_arm import REGIONS, certificate, registry, rig

__all__ = ["certificate", "registry", "rig"]

KEY = "aGVyZS1pcy1hLWtleQ-for_the-tests=="
HOOK = "POST /api/ImagePush?region={}"
AGAIN = HOOK + "&caught_up=true"


@pytest.fixture
def environ(rig: LoopbackArm, registry: Registry, app: App) -> dict[str, str]:
    """Which cloud, subscription, registry and app are meant; each region has a webhook."""
    for region in REGIONS:
        uri = f"{app.url}/api/ImagePush?region={region}"
        registry.add_webhook(f"acrglobal{region}", region, uri, {"x-functions-key": KEY})
    return {
        "ACR_GLOBAL_ARM_ENDPOINT": rig.url,
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "ACR_GLOBAL_REGISTRY_ID": registry.id,
        "FUNCTION_APP_URL": app.url,
        "FUNCTION_APP_KEY": KEY,
    }


@pytest.fixture
def type_(run: Run, environ: dict[str, str]) -> Run:
    """Types the command."""

    def typed(*argv: str, **more: str) -> Ran:
        return run("catch-up", *argv, **{**environ, **more})

    return typed


def fire(
    registry: Registry,
    app: App,
    push: str,
    *regions: str,
    answered: int = 503,
    ago: timedelta = timedelta(minutes=30),
    **about: Any,
) -> None:
    """The registry posts an event of that age, and is answered so."""
    for region in regions:
        app.answer(HOOK.format(region), answered, {})
        registry.fire(region, event(push, at=(datetime.now(UTC) - ago).isoformat(), **about))
    app.asked.clear()
    app.keys.clear()


def accepts(app: App, push: str, *regions: str) -> None:
    """The app takes the push in, now."""
    for region in regions:
        body = {"status": "accepted", "push": push, "region": region}
        app.answer(AGAIN.format(region), 202, body)


def rows(ran: Ran) -> list[list[str]]:
    """The table's cells, but for the time."""
    cells = [[c for c in line.split("  ") if c] for line in ran.out.splitlines()]
    return [[c.strip() for n, c in enumerate(row) if n != 2] for row in cells]


def test_what_was_not_delivered_is_posted_again(type_: Run, registry: Registry, app: App) -> None:
    """It is posted with the key and marked; events that were delivered are not."""
    fire(registry, app, "p1", "eastus", "westeurope")
    fire(registry, app, "p2", "eastus", answered=202, tag="v2")
    accepts(app, "p1", "eastus")
    app.answer(AGAIN.format("westeurope"), 200, {"status": "ignored", "reason": "already-decided"})
    ran = type_()
    assert [
        ["EVENT", "REGION", "ANSWERED", "NOW"],
        ["team/app:v1", "eastus", "503", "taken in: p1"],
        ["team/app:v1", "westeurope", "503", "left alone: already-decided"],
    ] == rows(ran)
    assert (Exit.FINE, "") == (ran.code, ran.err)
    assert [AGAIN.format("eastus"), AGAIN.format("westeurope")] == app.asked
    assert {KEY} == set(app.keys)
    assert KEY not in ran.out


def test_a_dry_run_posts_nothing(type_: Run, registry: Registry, app: App) -> None:
    """It ends with 1, for something is to be done."""
    fire(registry, app, "p1", "eastus")
    ran = type_("--dry-run")
    assert (Exit.PROBLEMS, []) == (ran.code, app.asked)
    assert ["team/app:v1", "eastus", "503", "would be taken in"] == rows(ran)[1]


def test_nothing_to_be_taken_in_is_fine(type_: Run, registry: Registry, app: App) -> None:
    """What is left alone is counted: older, a ping, of another app."""
    fire(registry, app, "p1", "eastus", ago=timedelta(hours=3))
    fire(registry, app, "p2", "eastus", ago=timedelta(0))
    registry.add_webhook("theirs", "eastus", app.url + "/other")
    registry.fire("eastus", event("p3", at=datetime.now(UTC).isoformat()))
    ran = type_()
    assert (Exit.FINE, "") == (ran.code, ran.err)
    assert "Nothing to catch up with." in ran.out
    assert "1 not-ours" in ran.out
    assert "1 too-old" in ran.out
    assert "settling" in ran.out
    assert "run it again then" in ran.out


def test_how_far_to_look_back_can_be_said(type_: Run, registry: Registry, app: App) -> None:
    """Up to five days; two hours if nothing is said."""
    fire(registry, app, "p1", "eastus", ago=timedelta(hours=3))
    accepts(app, "p1", "eastus")
    assert "taken in: p1" in type_("--since", "4h").out
    wrong = type_("--since", "6d")
    assert (Exit.USAGE, "error: --since is longer than 5 days\n") == (wrong.code, wrong.err)


def test_what_the_app_refuses_stops_no_other(type_: Run, registry: Registry, app: App) -> None:
    """It is said with the app's reason, and the command ends with 1."""
    fire(registry, app, "p1", "eastus", "westeurope", answered=401)
    refusal = {"status": "error", "reason": "region-unknown", "message": "No such region."}
    app.answer(AGAIN.format("eastus"), 400, refusal)
    accepts(app, "p1", "westeurope")
    ran = type_()
    assert Exit.PROBLEMS == ran.code
    assert ["refused: No such region. (status 400)", "taken in: p1"] == [
        row[-1] for row in rows(ran)[1:]
    ]


@pytest.mark.parametrize("status", [401, 404])
def test_where_the_app_takes_nothing_from_us_it_is_not_asked_again(
    type_: Run, registry: Registry, app: App, status: int
) -> None:
    """A wrong key, or an address that is not the app's."""
    fire(registry, app, "p1", "eastus", "westeurope")
    for region in REGIONS:
        app.answer(AGAIN.format(region), status)
    ran = type_()
    assert (Exit.PROBLEMS, 1, "") == (ran.code, len(app.asked), ran.out)
    assert f"(status {status})" in ran.err


def test_an_app_that_keeps_nothing_is_not_asked_for_ever(
    type_: Run, registry: Registry, app: App
) -> None:
    """After three in a row the others are not tried, and the command ends with 4."""
    for n in range(2):
        fire(registry, app, f"p{n}", *REGIONS, tag=f"v{n}")
    for region in REGIONS:
        app.answer(AGAIN.format(region), 503, {"status": "error", "message": "Not now."})
    ran = type_()
    assert (Exit.NOT_ASKED, 3) == (ran.code, len(app.asked))
    assert ["failed: Not now. (status 503)"] * 3 + ["not tried"] * 3 == [
        row[-1] for row in rows(ran)[1:]
    ]
    assert "error: 6 of 6 could not be taken in\n" == ran.err


def test_a_script_reads_json(type_: Run, registry: Registry, app: App) -> None:
    """Each event with its id and what became of it, and what was left alone."""
    fire(registry, app, "p1", "eastus")
    fire(registry, app, "p2", "eastus", ago=timedelta(hours=3), tag=None)
    accepts(app, "p1", "eastus")
    said = json.loads(type_("--json").out)
    (one,) = said["events"]
    assert {
        "id": "p1",
        "action": "push",
        "image": "team/app:v1",
        "region": "eastus",
        "webhook": "contoso/acrglobaleastus",
        "answered": 503,
        "status": "accepted",
        "push": "p1",
    } == {name: value for name, value in one.items() if name != "at"}
    assert {"too-old": 1} == said["left_alone"]


def test_a_right_that_is_missing_is_named(
    type_: Run, rig: LoopbackArm, registry: Registry, app: App
) -> None:
    """Whoever is signed in needs that of the event logs."""
    fire(registry, app, "p1", "eastus")
    rig.rights = {rights.READ_REGISTRY, rights.READ_WEBHOOKS}
    ran = type_()
    assert Exit.PROBLEMS == ran.code
    assert rights.READ_EVENTS in ran.err


def test_at_a_terminal_names_appear_as_they_are(
    environ: dict[str, str], registry: Registry, app: App
) -> None:
    """Lines fit 80 columns, and brackets are no markup."""
    fire(registry, app, "p1", "eastus", repository="app[latest]", tag=None, digest=None)
    shown = bare(at_terminal("catch-up", "--dry-run", environ=environ))
    assert "app[latest]" in shown
    assert 80 >= max(map(len, shown.splitlines()))


def test_the_app_may_take_long(type_: Run, registry: Registry, app: App) -> None:
    """How long it is waited for is said by --timeout."""

    async def hang(_: web.Request) -> web.Response:
        await app.over.wait()
        return web.Response()

    fire(registry, app, "p1", "eastus")
    app.answers[AGAIN.format("eastus")] = hang
    ran = type_("--timeout", "0.2")
    assert Exit.NOT_ASKED == ran.code
    assert "did not answer within 0.2 s" in ran.out
