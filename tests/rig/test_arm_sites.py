"""How the loopback resource manager treats function apps, as the SDK sees it."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.web import WebSiteManagementClient

from acr_global.functions.durable import names
from acr_global_rig.arm import LoopbackArm, Site

SITE = ("acr-global", "func-app")


def listed(web: WebSiteManagementClient) -> dict[str, bool]:
    """The functions by name, and whether they are disabled."""
    found = [function.as_dict() for function in web.web_apps.list_functions(*SITE)]
    return {f["name"].removeprefix("func-app/"): f["properties"]["isDisabled"] for f in found}


def test_an_app_says_where_it_is(web: WebSiteManagementClient, site: Site) -> None:
    """It names its host without a scheme."""
    found = web.web_apps.get(*SITE).as_dict()
    assert "func-app.azurewebsites.net" == found["properties"]["defaultHostName"]
    assert "functionapp,linux" == found["kind"]


def test_an_app_lists_our_functions(web: WebSiteManagementClient, site: Site) -> None:
    """Each name includes the app's; a disabled one says so, and a missing one is not listed."""
    site.disable("ImagePush")
    site.remove("Courier")
    ours = set(names.every())
    assert {name: name == "ImagePush" for name in ours - {"Courier"}} == listed(web)


def test_a_host_finds_its_functions_when_it_is_told_to_look(
    arm: LoopbackArm, web: WebSiteManagementClient
) -> None:
    """After a publish it may list only the warm-up function."""
    arm.add_site("func-app", functions=["WarmUp"]).find_later(["ImagePush", "Courier"])
    assert {"WarmUp"} == set(listed(web))
    web.web_apps.sync_functions(*SITE)
    assert {"ImagePush", "Courier"} == set(listed(web))


def put_key(web: WebSiteManagementClient, name: str, value: str | None) -> str:
    """Make a key of ImagePush; the value that the answer has."""
    body: Any = {"properties": {"name": name, "value": value}}
    made = web.web_apps.create_or_update_function_secret(*SITE, "ImagePush", name, body)
    return str(made.as_dict()["properties"]["value"])


def test_a_functions_key_is_made_and_read_and_removed(
    web: WebSiteManagementClient, site: Site
) -> None:
    """There is a default key from the beginning."""
    assert "chosen" == put_key(web, "contoso", "chosen")
    keys = web.web_apps.list_function_keys(*SITE, "ImagePush").as_dict()
    assert ({"default", "contoso"}, "chosen") == (set(keys), keys["contoso"])
    web.web_apps.delete_function_secret(*SITE, "ImagePush", "contoso")
    assert {"default"} == set(site.keys("ImagePush"))


def test_without_a_value_the_platform_makes_the_key(
    web: WebSiteManagementClient, site: Site
) -> None:
    """Each is another."""
    made = [put_key(web, name, None) for name in ("one", "two")]
    assert made == [site.keys("ImagePush")[name] for name in ("one", "two")]
    assert 2 == len(set(made))


def test_a_host_has_keys_of_its_own(web: WebSiteManagementClient, site: Site) -> None:
    """They stay the same."""
    keys = web.web_apps.list_host_keys(*SITE).as_dict()
    assert keys == web.web_apps.list_host_keys(*SITE).as_dict()
    assert ({"default"}, {"durabletask_extension"}) == (
        set(keys["functionKeys"]),
        set(keys["systemKeys"]),
    )
    assert keys["masterKey"]


def test_a_key_of_the_host_can_be_made_anew(web: WebSiteManagementClient, site: Site) -> None:
    """Also a system key, by whose name the engine's own API is opened."""
    before = web.web_apps.list_host_keys(*SITE).as_dict()["systemKeys"]
    new: Any = {"properties": {"name": "durabletask_extension"}}
    web.web_apps.create_or_update_host_secret(*SITE, "systemKeys", "durabletask_extension", new)
    after = web.web_apps.list_host_keys(*SITE).as_dict()["systemKeys"]
    assert before.keys() == after.keys()
    assert before != after


def test_a_function_that_is_not_there_has_no_keys(web: WebSiteManagementClient, site: Site) -> None:
    """The answer is 404, as for a missing app."""
    for path in ((*SITE, "NoSuch"), ("acr-global", "no-such", "ImagePush")):
        with pytest.raises(ResourceNotFoundError):
            web.web_apps.list_function_keys(*path)
