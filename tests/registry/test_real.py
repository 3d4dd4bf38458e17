"""The manifest check against real OCI registries on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from acr_global.registry.look import look
from acr_global_rig.loopback import serving
from tests.registry.fakes import SAMPLES, access, question
from tests.registry.real import Registries, needs_registry, registries

pytestmark = needs_registry

APP, TAG = "team/app", "v1"


@pytest.fixture(scope="module")
def regions() -> Iterator[Registries]:
    """Two real registries; the image is pushed only to the first."""
    with registries(["westeurope", "eastus"]) as running:
        yield running


def asked(registries: Registries, action: str, digest: str) -> list[tuple[str, bool, str]]:
    """Region, found and detail of the manifest check in every registry."""
    where = question(*registries.urls, action=action, digest=digest, repository=APP)
    how = access("manifest", region_endpoints=registries.urls)
    return [(e.region, e.found, e.detail) for e in asyncio.run(look(where, how))]


def certain_of_absence(registries: Registries, digest: str) -> list[bool]:
    """Whether each registry is certain that it does not have the push."""
    where = question(*registries.urls, digest=digest, repository=APP)
    how = access("manifest", region_endpoints=registries.urls)
    return [e.absent for e in asyncio.run(look(where, how))]


def test_a_manifest_is_readable_where_it_was_pushed_and_after_replication(
    regions: Registries,
) -> None:
    """A real registry's answers are understood before and after the copy."""
    digest = regions.push("westeurope", APP, TAG)
    assert [
        ("westeurope", True, "readable there"),
        ("eastus", False, "not readable there (404)"),
    ] == asked(regions, "push", digest)
    assert [False, True] == certain_of_absence(regions, digest)
    regions.replicate("westeurope", "eastus", APP, TAG)
    assert [
        ("westeurope", True, "readable there"),
        ("eastus", True, "readable there"),
    ] == asked(regions, "push", digest)


def test_a_deleted_manifest_is_certainly_gone(regions: Registries) -> None:
    """A real registry marks its 404, so it counts for a delete."""
    digest = "sha256:" + "0" * 64
    assert [
        ("westeurope", True, "gone there (404)"),
        ("eastus", True, "gone there (404)"),
    ] == asked(regions, "delete", digest)


def test_a_real_registry_that_is_not_asked_for_the_type_proves_nothing(
    regions: Registries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers 404 with its mark although it has the manifest, and only GET tells why."""
    digest = regions.push("westeurope", "team/typed", TAG, b"typed")
    monkeypatch.setattr("acr_global.registry.manifest.accept_all", lambda _: "application/json")
    where = question("westeurope", digest=digest, repository="team/typed")
    how = access("manifest", region_endpoints=regions.urls)
    (blind,) = asyncio.run(look(where, how))
    assert (False, False) == (blind.found, blind.absent)
    own = "application/vnd.oci.image.manifest.v1+json"
    (seen,) = asyncio.run(look(replace(where, media_type=own), how))
    assert (True, "readable there") == (seen.found, seen.detail)


def shape(value: Any) -> Any:
    """The keys of a JSON value, without its values."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else None


def test_the_notification_of_a_push_is_as_captured() -> None:
    """A real registry posts one envelope per event: layer, config, then the tagged manifest."""
    names = ("blob_push_layer", "blob_push_config", "push")
    captured = [
        json.loads((SAMPLES / f"13_distribution_{name}_captured.json").read_text())
        for name in names
    ]

    async def run() -> list[dict[str, Any]]:
        posted: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        async def receive(request: web.Request) -> web.Response:
            assert request.content_type == "application/vnd.docker.distribution.events.v1+json"
            posted.put_nowait(json.loads(await request.read()))
            return web.Response()

        def push(url: str) -> None:
            with registries(["westeurope"], {"westeurope": url}, noisy=True) as running:
                running.push("westeurope", APP, TAG)
                asyncio.run_coroutine_threadsafe(arrived.wait(), loop).result(20)

        app, arrived, loop = web.Application(), asyncio.Event(), asyncio.get_running_loop()
        app.router.add_post("/api/ImagePush", receive)
        async with serving(app) as url:
            pushing = loop.run_in_executor(None, push, f"{url}/api/ImagePush?region=westeurope")
            got = [await asyncio.wait_for(posted.get(), 20) for _ in names]
            arrived.set()
            await pushing
        return got

    got = asyncio.run(run())
    assert [shape(c) for c in captured] == [shape(g) for g in got]
    same = ("mediaType", "size", "digest", "length", "repository", "tag")
    assert [[c["events"][0]["target"].get(k) for k in same] for c in captured] == [
        [g["events"][0]["target"].get(k) for k in same] for g in got
    ]
