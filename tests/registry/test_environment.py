"""Credentials in the environment that belong to others are not shown to registries, Azure or its
identity endpoint."""

from __future__ import annotations

import json
import logging

import pytest
from aiohttp import web

from acr_global.registry.event_log import open_credential
from acr_global.registry.look import look
from acr_global_rig.loopback import serving
from tests.conftest import NETRC
from tests.registry.fakes import (
    FakeArm,
    FakeCredential,
    FakeRegistry,
    access,
    log_entry,
    question,
    webhook,
)

# Imported here and not within the first check: on a slow machine it would eat that check's budget.
pytest.importorskip("azure.identity.aio")
pytest.importorskip("azure.mgmt.containerregistry.aio")

pytestmark = pytest.mark.usefixtures("strange_environment")


class Listening(FakeRegistry):
    """A registry that remembers the requests and their headers."""

    def __init__(self) -> None:
        super().__init__(realm="same")
        self.told: list[web.BaseRequest] = []

    async def _handle(self, request: web.Request) -> web.Response:
        self.told.append(request)
        return await super()._handle(request)


async def test_a_registry_is_asked_straight_and_with_our_headers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The challenge, both steps of the sign-in and the manifest go without a proxy; the manifest
    with the token alone."""
    caplog.set_level(logging.DEBUG)
    registry = Listening()
    async with registry.running() as url:
        how = access("manifest", region_endpoints={"eastus": url})
        (answer,) = await look(question("eastus"), how, credential=FakeCredential())
    assert "readable there" == answer.detail
    assert [None, None, None, "Bearer the-access_token"] == [
        r.headers.get("Authorization") for r in registry.told
    ]
    for request in registry.told:
        assert "acr-global/1" == request.headers["User-Agent"]
        assert request.headers["Accept"]
        names = [name.lower() for name in request.headers]
        assert sorted(set(names)) == sorted(names)
    assert NETRC not in caplog.text


async def test_the_resource_manager_is_asked_straight(caplog: pytest.LogCaptureFixture) -> None:
    """The request has the identity's token, and nothing of the environment."""
    caplog.set_level(logging.DEBUG)
    arm = FakeArm([webhook("acrglobaleastus", "eastus")], {"acrglobaleastus": [log_entry()]})
    async with arm.running() as url:
        how = access("event-log", arm_endpoint=url)
        (answer,) = await look(question("eastus"), how, credential=FakeCredential())
    assert "failed" not in answer.detail
    assert {"Bearer identity-token"} == arm.tokens
    assert NETRC not in caplog.text


async def test_the_managed_identity_is_asked_straight(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As on App Service, it has an endpoint on this machine and a header that only the app
    knows."""
    caplog.set_level(logging.DEBUG)
    told: list[web.BaseRequest] = []

    async def token(request: web.Request) -> web.Response:
        told.append(request)
        answer = {
            "access_token": "it",
            "expires_on": "4102444800",
            "resource": request.query["resource"],
            "token_type": "Bearer",
        }
        return web.Response(text=json.dumps(answer), content_type="application/json")

    app = web.Application()
    app.router.add_get("/msi/token", token)
    async with serving(app) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        credential = open_credential()
        try:
            got = await credential.get_token("https://management.azure.com/.default")
        finally:
            await credential.close()

    assert "it" == got.token
    (request,) = told
    assert "header" == request.headers["X-IDENTITY-HEADER"]
    assert "Authorization" not in request.headers
    assert request.headers["Accept"]
    assert NETRC not in caplog.text
