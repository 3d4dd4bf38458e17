"""devhost refuses what the extension refuses, in the same words."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from devhost import AppError, DevHost
from devhost.settings import HostSettings
from tests.devhost.refusals import ACCEPTED, APP, REFUSALS, Refusal


def document(durable: dict[str, Any]) -> dict[str, Any]:
    """A host.json."""
    return {"extensions": {"durableTask": durable}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an app can be; what its import leaves behind is taken back."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "function_app", sys)
    return tmp_path


async def serve_once(folder: Path) -> None:
    host = await DevHost.start(folder)
    await host.stop()


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: r.name)
def test_it_refuses_in_the_extensions_words(folder: Path, refusal: Refusal) -> None:
    """One line, which has them."""
    (folder / "function_app.py").write_text(APP + refusal.more)
    (folder / "host.json").write_text(json.dumps(document(refusal.durable)))
    with pytest.raises(AppError) as refused:
        asyncio.run(serve_once(folder))
    assert refusal.words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_app_by_itself_is_served(folder: Path) -> None:
    """So what is refused above is refused for what was added."""
    (folder / "function_app.py").write_text(APP)
    asyncio.run(serve_once(folder))


@pytest.mark.parametrize("durable", ACCEPTED, ids=str)
def test_odd_settings_that_pass(durable: dict[str, Any]) -> None:
    """The extension takes them."""
    HostSettings.from_json(document(durable))


def test_times_are_read_as_dotnet_reads_them() -> None:
    """Hours and minutes, days before a point, fractions of a second."""
    for text, seconds in (("1:00", 3600.0), ("00:01:00.5", 60.5), (" 00:02:00 ", 120.0)):
        storage = {"storageProvider": {"controlQueueVisibilityTimeout": text}}
        assert seconds == HostSettings.from_json(document(storage)).control_visibility
    storage = {"storageProvider": {"workItemQueueVisibilityTimeout": "1.00:00:00"}}
    assert 86_400.0 == HostSettings.from_json(document(storage)).work_item_visibility


def test_a_hub_named_by_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Functions has it, between percent signs."""
    monkeypatch.setenv("HUB", "FromSetting")
    assert "FromSetting" == HostSettings.from_json(document({"hubName": "%HUB%"})).task_hub
