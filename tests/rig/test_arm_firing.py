"""The loopback registry posts to its webhooks once each, and keeps their answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

from acr_global_rig.arm import LoopbackArm, Registry
from acr_global_rig.arm.webhooks import fits
from acr_global_rig.loopback import unused_url
from acr_global_rig.registry import event
from tests.rig.app import App, listening

HOOK = "acrglobalwesteurope"


@pytest.fixture
def app() -> Iterator[App]:
    """A receiver that listens."""
    with listening() as app:
        yield app


def test_a_ping_is_posted_with_the_webhooks_headers(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry, app: App
) -> None:
    """It has id, time and action, and nothing else."""
    registry.add_webhook(HOOK, "westeurope", f"{app.url}/api?region=x", {"x-functions-key": "k"})
    event_id = acr.webhooks.ping("registries", "contoso", HOOK).id
    arm.webhooks.close()
    ((path, headers, body),) = app.told
    assert "/api?region=x" == path
    assert ("k", "application/json; charset=utf-8") == (
        headers["x-functions-key"],
        headers["Content-Type"],
    )
    assert ({"id", "timestamp", "action"}, event_id, "ping") == (
        set(body),
        body["id"],
        body["action"],
    )


def test_the_event_log_has_request_and_answer(
    acr: ContainerRegistryManagementClient, registry: Registry, app: App
) -> None:
    """The status is text; a function key is readable, an Authorization header is not."""
    headers = {"x-functions-key": "k", "Authorization": "Basic eA=="}
    registry.add_webhook(HOOK, "westeurope", app.url, headers)
    assert {HOOK: "202"} == registry.fire("West Europe", event("p1"))
    (entry,) = acr.webhooks.list_events("registries", "contoso", HOOK)
    asked, answered = entry.event_request_message, entry.event_response_message
    assert asked
    assert asked.content
    assert ("p1", app.url, "POST") == (asked.content.id, asked.request_uri, asked.method)
    assert {"x-functions-key": "k", "Authorization": "******"}.items() <= (
        asked.headers or {}
    ).items()
    assert answered
    assert ("202", "kept") == (answered.status_code, answered.content)


def test_an_event_log_comes_in_pages_newest_first(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry, app: App
) -> None:
    """The next page is fetched by GET."""
    arm.page = 2
    registry.add_webhook(HOOK, "westeurope", app.url)
    for number in range(5):
        registry.fire("westeurope", event(f"p{number}"))
    seen = list(acr.webhooks.list_events("registries", "contoso", HOOK))
    contents = [e.event_request_message.content for e in seen if e.event_request_message]
    assert ["p4", "p3", "p2", "p1", "p0"] == [content.id for content in contents if content]
    assert ["POST", "GET", "GET"] == [asked.method for asked in arm.asked]


def test_where_nobody_answers_the_registry_says_504(registry: Registry) -> None:
    """That status is the registry's own."""
    registry.add_webhook(HOOK, "westeurope", unused_url())
    assert {HOOK: "504"} == registry.fire("westeurope", event("p1"))


def test_where_the_answer_takes_too_long_the_registry_says_504(
    arm: LoopbackArm, registry: Registry
) -> None:
    """The server accepts the connection, and does nothing more."""
    arm.webhooks.gives_up = 0.05
    with socket.create_server(("127.0.0.1", 0)) as silent:
        registry.add_webhook(HOOK, "westeurope", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert {HOOK: "504"} == registry.fire("westeurope", event("p1"))


def test_a_host_may_be_reached_elsewhere(arm: LoopbackArm, registry: Registry, app: App) -> None:
    """The event log shows where the webhook posts to."""
    arm.webhooks.elsewhere["https://app.example"] = app.url
    registry.add_webhook(HOOK, "westeurope", "https://app.example/api?region=x")
    assert {HOOK: "202"} == registry.fire("westeurope", event("p1"))
    assert ["/api?region=x"] == [path for path, _, _ in app.told]
    (entry,) = registry.events(HOOK)
    assert "https://app.example/api?region=x" == entry["eventRequestMessage"]["requestUri"]


def test_the_event_log_of_a_webhook_goes_with_it(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """One of the same name has none of it, nor what the other had still under way."""
    arm.webhooks.gives_up = 0.05
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        registry.add_webhook(HOOK, "westeurope", url)
        registry.fire("westeurope", event("p1"))
        under_way = arm.webhooks.post(f"{registry.id}/webhooks/{HOOK}", event("p2"))
        acr.webhooks.begin_delete("registries", "contoso", HOOK).result()
        assert "504" == under_way.result()
        registry.add_webhook(HOOK, "westeurope", url)
    assert [] == registry.events(HOOK)


@pytest.mark.parametrize(
    "about",
    [
        {"location": "northeurope"},
        {"enabled": False},
        {"actions": ["delete"]},
        {"scope": "other:*"},
    ],
)
def test_a_webhook_is_told_of_its_own_alone(
    registry: Registry, app: App, about: dict[str, Any]
) -> None:
    """Its region, actions and scope decide, and whether it is enabled."""
    registry.add_webhook(HOOK, uri=app.url, **({"location": "westeurope"} | about))
    assert {} == registry.fire("westeurope", event("p1"))


def test_nothing_happens_where_there_is_no_replica(registry: Registry, app: App) -> None:
    """A webhook may be left over from one."""
    registry.add_webhook(HOOK, "northeurope", app.url)
    registry.remove_replica("northeurope")
    assert {} == registry.fire("northeurope", event("p1"))


@pytest.mark.parametrize(
    ("scope", "fitting"),
    [
        ("", {"v1", "latest", None}),
        ("team/app:*", {"v1", "latest", None}),
        ("team/app:v1", {"v1"}),
        ("team/app", {"latest"}),
        ("team", set()),
    ],
)
def test_a_scope_is_a_repository_and_a_tag(scope: str, fitting: set[str | None]) -> None:
    """Without a tag it is `latest`."""
    tags = ("v1", "latest", None)
    assert fitting == {t for t in tags if fits(scope, {"repository": "team/app", "tag": t})}
