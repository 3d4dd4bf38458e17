"""The hook after a publish waits for our functions, and says what remains to be done.

Here `az` is a script; `make az` runs the hook with the real one.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from acr_global.functions.durable import names
from acr_global_rig.arm import LoopbackArm
from acr_global_rig.loopback import unused_url
from tests.clinic import clinic
from tests.doctor import samples as doctors
from tests.doctor.samples import REGIONS
from tests.infra.deployment import INFRA, ROOT

KEY = "a-host-key"
AZ = """#!/bin/sh
cd {folder} || exit 1
echo "$@" >>asked
case "$*" in
  *"function list"*) [ -e synced ] && cat functions || echo '[{{"name": "app/WarmUp"}}]' ;;
  "rest --method post"*) {sync} ;;
  *"functionapp show"*) echo '["/sites/app", "app.invalid"]' ;;
  *"keys list"*) [ -e closed ] && exit 1; echo '"{key}"' ;;
esac
"""

COMMANDS = """#!/bin/sh
echo "$@ as $FUNCTION_APP_URL with ${{FUNCTION_APP_KEY:-no key}}" >>{folder}/typed
code=$(cat "{folder}/$(echo "$@" | cut -d- -f1 | tr -d ' ')" 2>/dev/null)
exit "${{code:-0}}"
"""
"""In the place of our commands: each ends with the code that its file says."""


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, without its pauses."""
    spec = importlib.util.spec_from_file_location("postdeploy", INFRA / "hooks" / "postdeploy.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "EVERY", 0)
    return module


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an `az` that lists our functions only after it was told to sync them."""
    ours = [{"name": f"app/{value}"} for value in names.always()]
    (tmp_path / "functions").write_text(json.dumps(ours))
    (tmp_path / "az").write_text(AZ.format(folder=tmp_path, sync="touch synced", key=KEY))
    (tmp_path / "az").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_the_hook_syncs_until_our_functions_are_listed(
    hook: ModuleType, az: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The platform's warm-up function is not one of ours. At the end it says what remains."""
    assert 0 == hook.main(["group", "app"])
    asked = (az / "asked").read_text()
    assert 2 == asked.count("functionapp function list --resource-group group --name app")
    assert 1 == asked.count("/sites/app/host/default/sync?")
    assert "webhooks apply" in capsys.readouterr().out


def test_group_and_app_come_from_azds_environment(
    hook: ModuleType, az: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are the deployment's outputs, by their names."""
    (az / "synced").touch()
    monkeypatch.setenv("AZURE_RESOURCE_GROUP", "group")
    monkeypatch.setenv("functionAppName", "app")
    monkeypatch.setenv("ACR_GLOBAL_REGISTRY_ID", "/subscriptions/s/registries/mine")
    monkeypatch.setattr(hook, "PACKAGES", ["no_such_package"])
    assert 0 == hook.main([])
    said = capsys.readouterr().out
    assert "\ngroup=group\nregistry=mine\n" in said


def test_functions_that_are_never_listed_are_named(
    hook: ModuleType, az: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says where to look: an import error silently leaves an app without functions."""
    monkeypatch.setattr(hook, "WITHIN", 0)
    assert 1 == hook.main(["group", "app"])
    said = capsys.readouterr().err
    assert "ImagePush" in said
    assert "FunctionAppLogs" in said


def test_without_group_and_app_the_usage_is_printed(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is one line."""
    monkeypatch.delenv("AZURE_RESOURCE_GROUP", raising=False)
    assert 2 == hook.main([])
    assert "usage: postdeploy.py GROUP APP\n" == capsys.readouterr().err


@pytest.fixture
def registry(hook: ModuleType, az: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder, the commands in it too, and a registry that is known."""
    (az / "synced").touch()
    (az / "commands").write_text(COMMANDS.format(folder=az))
    (az / "commands").chmod(0o755)
    monkeypatch.setattr(hook, "PROGRAM", [str(az / "commands")])
    monkeypatch.setattr(hook, "wake", lambda _: None)
    monkeypatch.setenv("ACR_GLOBAL_REGISTRY_ID", "/registries/mine")
    return az


def typed(folder: Path) -> list[str]:
    """The commands, without what all of them are given."""
    given = f" --registry /registries/mine --app /sites/app as https://app.invalid with {KEY}"
    return [line.removesuffix(given) for line in (folder / "typed").read_text().splitlines()]


def test_where_the_registry_is_known_the_webhooks_are_made_and_all_is_looked_at(
    hook: ModuleType, registry: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key is in no argument of theirs."""
    assert 0 == hook.main(["group", "app"])
    assert ["webhooks apply", "webhooks ping", "doctor"] == typed(registry)
    assert capsys.readouterr().out.endswith(f"\n{hook.VERIFIED}\n")


@pytest.mark.parametrize(
    ("code", "said", "doctor"), [(0, "UNSEEN", "4"), (1, "MISSING", "1"), (1, "MISSING", "130")]
)
def test_it_ends_as_the_doctor_does(
    hook: ModuleType,
    registry: Path,
    capsys: pytest.CaptureFixture[str],
    code: int,
    said: str,
    doctor: str,
) -> None:
    """What could only not be asked is no failure of a deployment."""
    (registry / "doctor").write_text(doctor)
    assert code == hook.main(["group", "app"])
    assert getattr(hook, said) in capsys.readouterr().out


def test_where_apply_fails_nothing_is_pinged_and_all_is_looked_at(
    hook: ModuleType, registry: Path
) -> None:
    """The doctor says what is missing."""
    (registry / "webhooksapply").write_text("1")
    assert 0 == hook.main(["group", "app"])
    assert ["webhooks apply", "doctor"] == typed(registry)


def test_without_the_right_to_the_apps_keys_the_doctor_goes_without(
    hook: ModuleType, registry: Path
) -> None:
    """It says which lines need one."""
    (registry / "closed").touch()
    assert 0 == hook.main(["group", "app"])
    assert (registry / "typed").read_text().splitlines()[-1].endswith(" with no key")


def test_without_the_commands_packages_it_says_which_and_what_remains(
    hook: ModuleType,
    registry: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Any Python may run the script."""
    monkeypatch.setattr(hook, "PACKAGES", ["typer", "no_such_package.at_all"])
    assert 0 == hook.main(["group", "app"])
    said = capsys.readouterr().out
    assert "The package no_such_package.at_all is not here: python -m pip install '.[cli]'" in said
    assert "registry=mine" in said


def test_azd_installs_what_the_commands_import() -> None:
    """The requirements beside the script are the app's and those of the extra `cli`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (INFRA / "hooks" / "requirements.txt").read_text().splitlines()
    wanted = {"-r ../../requirements.txt", *project["optional-dependencies"]["cli"]}
    assert wanted == {line for line in lines if not line.startswith("#")}


def test_an_app_that_does_not_answer_fails_nothing(hook: ModuleType) -> None:
    """Waking it is an attempt."""
    hook.wake(unused_url())


@pytest.mark.real_time
async def test_a_deployment_ends_set_up_and_looked_at(
    hook: ModuleType,
    rig: LoopbackArm,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The real commands give each region a webhook and ping it; only what a push would show is not
    known yet."""
    async with clinic(rig) as c:
        for region in REGIONS:
            rig.store.remove(f"{c.registry.id}/webhooks/of{region}")
        c.site.keys("ImagePush")["contoso"] = doctors.KEY
        own = {"FUNCTION_APP_URL": c.host.url, "FUNCTION_APP_KEY": doctors.KEY}
        environ = {**os.environ, **own, "PYTHONPATH": str(ROOT), "ACR_GLOBAL_ARM_ENDPOINT": rig.url}
        monkeypatch.setattr(hook, "surroundings", lambda group, app: (c.site.id, environ))
        code = await asyncio.to_thread(hook.set_up, "group", "app", c.registry.id)
        said = capfd.readouterr().out
        assert (0, hook.UNSEEN) == (code, said.strip().splitlines()[-1]), said
        assert sorted(REGIONS) == sorted(w["location"] for w in c.registry.webhooks().values())
    unseen = [line for line in said.splitlines() if line.startswith("\N{EN DASH}")]
    assert ["correlation:"] == [line.split()[1] for line in unseen]
    assert doctors.KEY not in said
