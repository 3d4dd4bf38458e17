"""What the app says of itself to an operator, and of its engine; on both hosts."""

from __future__ import annotations

import contextlib
import platform
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from acr_global.functions.durable import names
from acr_global.version import VERSION
from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from tests.e2e.scene import DURABLE, Scene, Stage, both, engine_only

DIAGNOSIS = "api/diagnosis"
WITHOUT_EVIDENCE = """
import os
from acr_global.functions import app as ours
from acr_global.functions.activities import gather_evidence
ours.FUNCTIONS = tuple(one for one in ours.FUNCTIONS if one is not gather_evidence)
app = ours.build_deployed(os.environ)
"""
"""An app whose host lacks an activity, as where it cannot bind it."""
SETTINGS = {"REGISTRIES": "", "REGIONS": "westeurope,eastus", "TIMEOUT": "soon"}


async def probes(s: Scene) -> Any:
    """The instances of probes that are in storage."""
    return (await s.call("GET", f"{DURABLE}/instances/", instanceIdPrefix="_probe."))[1]


async def diagnosed(s: Scene, **probe: str) -> Any:
    """What the app says, when its probe says this. It is asked again where a host that has just
    opened its port answers for it, and where a slow machine's probe came less far."""

    async def answered() -> Any:
        status, said = await s.call("GET", DIAGNOSIS)
        return said if status == 200 and probe.items() <= said["probe"].items() else None

    return await s.eventually(answered)


async def none_left(s: Scene) -> bool:
    """Whether all are gone: other scenes ask the same host."""
    return not await probes(s)


@both(stage=Stage())
async def test_an_app_that_is_well_says_so(s: Scene) -> None:
    """Its probe has called each activity, and is gone."""
    await s.push()
    await s.told("complete")
    said = await diagnosed(s, state="done")
    assert (VERSION, platform.python_version()) == (said["version"], said["python"])
    assert [] == said["probe"]["failed"]
    assert list(names.there(catches_up=False, badges=False, ui="key")) == said["functions"]
    # On two hosts the turns may have been the other's.
    turn = said.get("newest_turn") or (said["now"] if s.others else "")
    assert datetime.fromisoformat(turn) <= datetime.fromisoformat(said["now"])
    await s.eventually(lambda: none_left(s))


@both(stage=Stage(SETTINGS))
async def test_it_says_what_it_goes_by_and_what_is_wrong(s: Scene) -> None:
    """No value of a setting that is wrong."""
    said = await diagnosed(s)
    (plain,) = said["expected"]
    assert (["westeurope", "eastus"], "id") == (plain["regions"], plain["correlation"])
    assert ["ACR_GLOBAL_TIMEOUT"] == [problem["setting"] for problem in said["problems"]]
    assert "soon" not in str(said["problems"])


@both()
async def test_evidence_is_asked_for_with_the_apps_own_identity(s: Scene) -> None:
    """The push does not exist: the answer only tells whether the registry could be asked."""
    said = await diagnosed(s)
    found = {one.get("registry"): one["asked"] for one in said["expected"]}
    assert list(REGIONS) == [one["region"] for one in found["evidence-absent.example"]]
    assert {"not readable there (404)"} == {e["detail"] for e in found["evidence-absent.example"]}
    assert {"check failed: cannot connect"} == {
        e["detail"] for e in found["evidence-unknown.example"]
    }


@engine_only(stage=Stage(function_app=WITHOUT_EVIDENCE))
async def test_an_activity_that_the_engine_does_not_have_is_named(s: Scene) -> None:
    """Its call never comes back there; devhost fails the instance (tests/e2e/test_diagnosis.py)."""
    said = await diagnosed(s, at="GatherEvidence")
    assert "not-ended" == said["probe"]["state"]
    assert {"Running"} == {probe["runtimeStatus"] for probe in await probes(s)}


@pytest.mark.engine
@pytest.mark.real_time
async def test_storage_that_does_not_answer_is_said() -> None:
    """Within some seconds, by an app that is well otherwise."""
    if reason := engine.why_not():
        pytest.skip(reason)
    with contextlib.ExitStack() as stack:
        storage = stack.enter_context(engine.azurite(fast=True))
        settings = {"ACR_GLOBAL_REGIONS": "eastus"}
        async with engine.hosted(storage, settings) as host, aiohttp.ClientSession() as session:
            stack.close()
            async with session.get(f"{host.url}/{DIAGNOSIS}") as answer:
                said = await answer.json()
            assert (200, "engine-unavailable") == (answer.status, said["probe"]["state"])
            assert [] == said["problems"]
