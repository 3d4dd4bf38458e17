"""The loopback resource manager's sign-in, and resources that it keeps without knowing them."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import ClientSecretCredential
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

from acr_global_rig.arm import PRINCIPAL, TENANT, LoopbackArm
from acr_global_rig.arm.paths import group_id, resource_id

DEPLOYMENT = resource_id("Microsoft.Resources/deployments", "d", "g")


@pytest.fixture
def ask(acr: ContainerRegistryManagementClient) -> Any:
    """Ask for anything, signed in."""

    def ask(method: str, path: str, body: Any = None) -> HttpResponse:
        query = {"api-version": "2022-09-01"}
        return acr.send_request(HttpRequest(method, path, params=query, json=body))

    return ask


def test_a_service_principal_signs_in(arm: LoopbackArm) -> None:
    """Any password is accepted."""
    with ClientSecretCredential(
        TENANT, PRINCIPAL, "x", authority=arm.url, disable_instance_discovery=True
    ) as credential:
        assert credential.get_token(f"{arm.url}/.default").token


def test_nobody_is_let_in_without_a_token(arm: LoopbackArm) -> None:
    """Only the sign-in itself needs none."""
    trusted = ssl.create_default_context(cafile=arm.environ["REQUESTS_CA_BUNDLE"])
    place = arm.url.removeprefix("https://")
    connection = http.client.HTTPSConnection(place, context=trusted)
    connection.request("GET", f"{group_id('g')}?api-version=2022-09-01")
    answer = connection.getresponse()
    assert (401, "AuthenticationFailed") == (
        answer.status,
        json.loads(answer.read())["error"]["code"],
    )
    connection.close()


def test_a_deployment_has_its_outputs_at_once(arm: LoopbackArm, ask: Any) -> None:
    """They are those that were set for every deployment."""
    arm.outputs = {"name": "func-app"}
    ask("PUT", DEPLOYMENT, {"properties": {"template": {}}})
    found = ask("GET", DEPLOYMENT).json()["properties"]
    assert "Succeeded" == found["provisioningState"]
    assert {"name": {"type": "Object", "value": "func-app"}} == found["outputs"]


def test_what_is_put_is_kept_until_it_is_deleted(arm: LoopbackArm, ask: Any) -> None:
    """Everything below it is deleted with it."""
    for path in (group_id("g"), DEPLOYMENT):
        assert 201 == ask("PUT", path, {"location": "westeurope"}).status_code
    listed = ask("GET", DEPLOYMENT.rpartition("/")[0]).json()["value"]
    assert [DEPLOYMENT] == [resource["id"] for resource in listed]
    assert 200 == ask("DELETE", group_id("g")).status_code
    assert 404 == ask("GET", DEPLOYMENT).status_code
    assert 204 == ask("DELETE", group_id("g")).status_code


def test_the_server_ends_with_its_block(arm: LoopbackArm) -> None:
    """So does a connection that a client keeps open."""
    certificate = Path(arm.environ["REQUESTS_CA_BUNDLE"])
    with LoopbackArm(certificate) as brief:
        trusted = ssl.create_default_context(cafile=certificate)
        place = brief.url.removeprefix("https://")
        connection = http.client.HTTPSConnection(place, context=trusted, timeout=60)
        connection.request("GET", "/metadata/endpoints")
        assert brief.url == json.loads(connection.getresponse().read())["resourceManager"]
    assert connection.sock
    assert b"" == connection.sock.recv(1)
    connection.close()
