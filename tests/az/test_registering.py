"""What our commands register, `az` sees, and the other way round."""

from __future__ import annotations

import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

from acr_global.urls import split_url
from tests.az.both import BY_APP, KEY, REGISTRY, Both
from tests.az.ours import URL, Ours, by_login, signed_in, writes
from tools.shell_blocks import ROOT

REGIONS = ["westeurope", "northeurope"]


@pytest.fixture
def ours(both: Both) -> Ours:
    """Our commands, with a key of the function."""
    both.site.keys("ImagePush")[REGISTRY] = KEY
    return Ours(both, signed_in(both))


def names(ours: Ours) -> dict[str, str]:
    """The name that a region's webhook is to have."""
    return {step["region"]: step["webhook"] for step in ours.steps()}


def run_by_az(ours: Ours, tmp_path: Path) -> str:
    """The script that our plan is printed as, run by az; the script."""
    script, headers = tmp_path / "webhooks.sh", tmp_path / "headers"
    printed = ours("plan", "--print", "az")
    assert (0, "") == (printed.returncode, printed.stderr)
    script.write_text(printed.stdout)
    headers.write_text(f"x-functions-key={KEY}")
    subprocess.run(["sh", script, headers], env=ours.both.az.environ, check=True)
    return script.read_text()


def test_what_apply_makes_az_shows(both: Both, ours: Ours) -> None:
    """A webhook for each region, told with the key in a header."""
    assert 0 == ours("apply").returncode
    shown = both.az("acr", "webhook", "list", "-r", REGISTRY)
    assert names(ours) == {webhook["location"]: webhook["name"] for webhook in shown}
    assert {"acr-global-app": both.site.id} == shown[0]["tags"]
    config = both.of_webhook("get-config", name=shown[0]["name"])
    assert f"{URL}/api/ImagePush?region={shown[0]['location']}" == config["serviceUri"]
    assert {"x-functions-key": KEY} == config["customHeaders"]


def test_our_commands_sign_in_by_the_login_of_az(both: Both, ours: Ours) -> None:
    """Where nothing else is there to sign in by."""
    planned = Ours(both, by_login(both))("plan")
    assert (1, "") == (planned.returncode, planned.stderr)
    assert "2 to create" in planned.stdout


def test_the_hook_after_a_publish_finds_the_app(both: Both) -> None:
    """`az` shows an app on Flex Consumption otherwise than those on other plans."""
    asked = runpy.run_path(str(ROOT / "infra/hooks/postdeploy.py"))["HOST"]
    found = both.az("functionapp", "show", *BY_APP, "--query", asked)
    assert [both.site.id, split_url(URL).host] == found


def test_apply_changes_nothing_after_az_has_made_the_same(both: Both, ours: Ours) -> None:
    """The webhooks are made by hand, by the docs' commands."""
    for region, name in names(ours).items():
        uri = f"{URL}/api/ImagePush?region={region}"
        given = ["--location", region, "--uri", uri, "--actions", "push"]
        tags = ["--tags", f"acr-global-app={both.site.id}"]
        both.of_webhook("create", *given, *tags, "--headers", f"x-functions-key={KEY}", name=name)
    both.arm.asked.clear()
    assert 0 == ours("apply").returncode
    assert [] == writes(both.arm)


def test_the_printed_script_does_what_apply_does(both: Both, ours: Ours, tmp_path: Path) -> None:
    """Into nothing; the key is in the file alone."""
    assert KEY not in run_by_az(ours, tmp_path)
    by_az = both.registry.webhooks()
    assert REGIONS == [webhook["location"] for webhook in by_az.values()]
    both.arm.asked.clear()
    assert 0 == ours("apply").returncode
    assert [] == writes(both.arm)
    for name in by_az:
        both.of_webhook("delete", name=name)
    assert 0 == ours("apply").returncode
    assert by_az == both.registry.webhooks()


@pytest.mark.parametrize(
    "edit",
    [
        ["--status", "disabled"],
        ["--scope", "other:*"],
        ["--actions", "delete"],
        ["--uri", f"{URL}/api/Other"],
        ["--headers", "x-functions-key=old"],
        ["--tags", "acr-global-app="],
    ],
)
def test_the_printed_script_mends_what_az_has_changed(
    both: Both, ours: Ours, tmp_path: Path, edit: list[str]
) -> None:
    """Afterwards apply changes nothing."""
    assert 0 == ours("apply").returncode
    right = both.registry.webhooks()
    both.of_webhook("update", *edit, name=next(iter(right)))
    run_by_az(ours, tmp_path)
    assert right == both.registry.webhooks()
    assert 0 == ours("plan").returncode


def test_the_printed_script_removes_what_a_region_has_left(
    both: Both, ours: Ours, tmp_path: Path
) -> None:
    """The other regions' webhooks stay."""
    assert 0 == ours("apply").returncode
    both.registry.remove_replica("northeurope")
    run_by_az(ours, tmp_path)
    assert ["westeurope"] == [w["location"] for w in both.registry.webhooks().values()]


def test_after_remove_az_sees_none(both: Both, ours: Ours) -> None:
    """Ours are gone; those of others it still sees."""
    both.create()
    assert 0 == ours("apply").returncode
    assert 0 == ours("remove", "--yes").returncode
    shown: Any = both.az("acr", "webhook", "list", "-r", REGISTRY)
    assert ["acrglobalwesteurope"] == [webhook["name"] for webhook in shown]
