"""The hook after a publish waits for our functions, and says what remains to be done.

Here `az` is a script; `make shell` runs the hook with the real one.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from acr_global.functions import names
from tests.infra.deployment import INFRA

AZ = """#!/bin/sh
cd {folder} || exit 1
echo "$@" >>asked
case "$*" in
  *"function list"*) [ -e synced ] && cat functions || echo '[{{"name": "app/WarmUp"}}]' ;;
  "rest --method post"*) {sync} ;;
esac
"""


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
    ours = [{"name": f"app/{value}"} for name, value in vars(names).items() if name.isupper()]
    (tmp_path / "functions").write_text(json.dumps(ours))
    (tmp_path / "az").write_text(AZ.format(folder=tmp_path, sync="touch synced"))
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
    assert "az acr webhook create" in capsys.readouterr().out


def test_group_and_app_come_from_azds_environment(
    hook: ModuleType, az: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are the deployment's outputs, by their names."""
    (az / "synced").touch()
    monkeypatch.setenv("AZURE_RESOURCE_GROUP", "group")
    monkeypatch.setenv("functionAppName", "app")
    monkeypatch.setenv("regions", "eastus,westus")
    monkeypatch.setenv("ACR_GLOBAL_REGISTRY_ID", "/subscriptions/s/registries/mine")
    assert 0 == hook.main([])
    said = capsys.readouterr().out
    assert "\ngroup=group\nregistry=mine\nregions='eastus westus'\n" in said


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
