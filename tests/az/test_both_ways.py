"""What `az` made comes out as the SDK sees it, and the other way round."""

from __future__ import annotations

from typing import Any

from acr_global_rig.loopback import unused_url
from tests.az.both import (
    BODY,
    BY_APP,
    HOOK,
    KEY,
    OF_APP,
    OF_REGISTRY,
    REGISTRY,
    Both,
    flat,
    refused,
)


def test_what_az_creates_is_what_the_sdk_creates(both: Both) -> None:
    """The service keeps and shows the same."""
    both.create()
    by_az = both.registry.webhooks()
    both.of_webhook("delete")
    both.acr.webhooks.begin_create(*OF_REGISTRY, HOOK, BODY).result()
    assert by_az == both.registry.webhooks()
    config = both.acr.webhooks.get_callback_config(*OF_REGISTRY, HOOK).as_dict()
    assert config == both.of_webhook("get-config")


def test_both_see_the_same_webhooks(both: Both) -> None:
    """It does not matter who made them."""
    both.create()
    both.acr.webhooks.begin_create(*OF_REGISTRY, "another", BODY).result()
    seen = [flat(webhook.as_dict()) for webhook in both.acr.webhooks.list(*OF_REGISTRY)]
    shown = both.az("acr", "webhook", "list", "-r", REGISTRY)
    assert [HOOK, "another"] == [webhook["name"] for webhook in shown]
    for field in ("id", "location", "tags", "actions", "scope", "status", "provisioningState"):
        assert [webhook[field] for webhook in seen] == [webhook[field] for webhook in shown]


def test_what_az_changes_is_what_the_sdk_changes(both: Both) -> None:
    """Other fields stay."""
    both.acr.webhooks.begin_create(*OF_REGISTRY, HOOK, BODY).result()
    both.of_webhook("update", "--status", "disabled", "--headers", "x-functions-key=new")
    (by_az,) = both.registry.webhooks().values()
    both.acr.webhooks.begin_create(*OF_REGISTRY, HOOK, BODY).result()
    change: Any = {"status": "disabled", "customHeaders": {"x-functions-key": "new"}}
    both.acr.webhooks.begin_update(*OF_REGISTRY, HOOK, {"properties": change}).result()
    assert [by_az] == list(both.registry.webhooks().values())


def test_what_one_deletes_is_gone_for_the_other(both: Both) -> None:
    """It is gone at once."""
    both.create()
    both.acr.webhooks.begin_delete(*OF_REGISTRY, HOOK).result()
    assert [] == both.az("acr", "webhook", "list", "-r", REGISTRY)
    both.create()
    both.of_webhook("delete")
    assert [] == list(both.acr.webhooks.list(*OF_REGISTRY))


def test_both_read_the_same_event_log(both: Both) -> None:
    """It has the pings of both with their answers, over several pages."""
    both.registry.add_webhook(HOOK, "westeurope", unused_url(), {"x-functions-key": KEY})
    pinged = both.of_webhook("ping")["id"]
    event = {"id": both.acr.webhooks.ping(*OF_REGISTRY, HOOK).id, "action": "push"}
    both.registry.fire("westeurope", event)
    both.arm.page = 1
    seen = [entry.as_dict() for entry in both.acr.webhooks.list_events(*OF_REGISTRY, HOOK)]
    shown = both.of_webhook("list-events")
    assert {"504"} == {entry["eventResponseMessage"]["statusCode"] for entry in shown}
    contents = [entry["eventRequestMessage"]["content"] for entry in shown]
    assert {pinged, event["id"]} == {content["id"] for content in contents}
    assert [entry["id"] for entry in seen] == [entry["id"] for entry in shown]


def test_both_see_the_same_replicas(both: Both) -> None:
    """Their states are the same, too."""
    both.registry.set_replica("eastus", "Syncing", "Updating", endpoint=False)
    seen = [flat(replica.as_dict()) for replica in both.acr.replications.list(*OF_REGISTRY)]
    shown = both.az("acr", "replication", "list", "-r", REGISTRY)
    for field in ("name", "location", "provisioningState", "regionEndpointEnabled"):
        assert [replica[field] for replica in seen] == [replica[field] for replica in shown]
    states = [replica["status"]["displayStatus"] for replica in shown]
    assert [replica["status"]["displayStatus"] for replica in seen] == states


def test_both_see_the_same_limits(both: Both) -> None:
    """The limit of webhooks stands in the list of usages."""
    both.create()
    shown = both.az("acr", "show-usage", "-n", REGISTRY)["value"]
    usages = both.acr.registries.list_usages(*OF_REGISTRY).as_dict()["value"]
    assert [(u["name"], u["currentValue"], u["limit"]) for u in usages] == [
        (u["name"], u["currentValue"], u["limit"]) for u in shown
    ]


def test_the_keys_of_a_function_are_the_same_for_both(both: Both) -> None:
    """They are made by az or by the SDK, with a value or without."""
    of_function = (*BY_APP, "--function-name", "ImagePush")
    keys = ("functionapp", "function", "keys")
    both.az(*keys, "set", *of_function, "--key-name", "byaz", "--key-value", KEY)
    body: Any = {"properties": {"name": "bysdk"}}
    both.web.web_apps.create_or_update_function_secret(*OF_APP, "ImagePush", "bysdk", body)
    shown = both.az(*keys, "list", *of_function)
    assert both.web.web_apps.list_function_keys(*OF_APP, "ImagePush").as_dict() == shown
    assert ({"default", "byaz", "bysdk"}, KEY) == (set(shown), shown["byaz"])
    both.az(*keys, "delete", *of_function, "--key-name", "byaz")
    assert {"default", "bysdk"} == set(both.site.keys("ImagePush"))


def test_a_host_and_its_functions_are_the_same_for_both(both: Both) -> None:
    """This includes a disabled function."""
    both.site.disable("ImagePush")
    shown = both.az("functionapp", "keys", "list", *BY_APP)
    assert both.web.web_apps.list_host_keys(*OF_APP).as_dict() == shown
    listed = both.az("functionapp", "function", "list", *BY_APP)
    functions = [flat(f.as_dict()) for f in both.web.web_apps.list_functions(*OF_APP)]
    assert [(f["name"], f["isDisabled"]) for f in functions] == [
        (f["name"], f["isDisabled"]) for f in listed
    ]


def test_az_names_the_right_that_is_missing(both: Both) -> None:
    """The service's answer contains it."""
    both.create()
    action = "Microsoft.ContainerRegistry/registries/webhooks/getCallbackConfig/action"
    read = "Microsoft.ContainerRegistry/registries/read"
    both.arm.rights = {read}
    assert action in refused(lambda: both.of_webhook("get-config"))


def test_az_is_refused_what_the_sdk_is_refused(both: Both) -> None:
    """Here that is a region without a replica, and a name that is taken elsewhere."""
    more = ("--uri", "https://app.example", "--actions", "push", "--location")
    said = refused(lambda: both.of_webhook("create", *more, "eastus"))
    assert "RegistryResourceNotFound" in said
    both.create()
    said = refused(lambda: both.of_webhook("create", *more, "northeurope"))
    assert "InvalidResourceLocation" in said
