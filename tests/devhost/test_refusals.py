"""devhost refuses what the extension refuses, in the same words."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from devhost import AppError, DevHost
from devhost.index import HTTP, index_app
from devhost.routes import make_routes
from devhost.settings import HostSettings, read_host_json
from tests.devhost.apps import http_functions
from tests.devhost.refusals import ACCEPTED, APP, REFUSALS, Refusal


def document(durable: dict[str, Any]) -> dict[str, Any]:
    """A host.json with these durable settings."""
    return {"extensions": {"durableTask": durable}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for an app; what importing it leaves behind is undone."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "function_app", sys)
    return tmp_path


async def serve_once(folder: Path) -> None:
    host = await DevHost.start(folder)
    await host.stop()


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: r.name)
def test_devhost_refuses_in_the_extensions_words(folder: Path, refusal: Refusal) -> None:
    """The refusal is one line that contains them."""
    (folder / "function_app.py").write_text(APP + refusal.more)
    (folder / "host.json").write_text(json.dumps(document(refusal.durable)))
    with pytest.raises(AppError) as refused:
        asyncio.run(serve_once(folder))
    assert refusal.words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_app_by_itself_is_served(folder: Path) -> None:
    """Without any of the refused things it starts."""
    (folder / "function_app.py").write_text(APP)
    asyncio.run(serve_once(folder))


@pytest.mark.parametrize("durable", ACCEPTED, ids=str)
def test_odd_settings_are_accepted(durable: dict[str, Any]) -> None:
    """The extension accepts them, too."""
    HostSettings.from_json(document(durable))


def test_times_are_read_as_dotnet_reads_them() -> None:
    """They have hours and minutes, days before a point, and fractions of a second."""
    for text, seconds in (("1:00", 3600.0), ("00:01:00.5", 60.5), (" 00:02:00 ", 120.0)):
        storage = {"storageProvider": {"controlQueueVisibilityTimeout": text}}
        assert seconds == HostSettings.from_json(document(storage)).control_visibility
    storage = {"storageProvider": {"workItemQueueVisibilityTimeout": "1.00:00:00"}}
    assert 86_400.0 == HostSettings.from_json(document(storage)).work_item_visibility


def test_a_task_hub_can_be_named_by_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting's name stands between percent signs."""
    monkeypatch.setenv("HUB", "FromSetting")
    assert "FromSetting" == HostSettings.from_json(document({"hubName": "%HUB%"})).task_hub


@pytest.mark.parametrize(
    "written",
    [
        '{"extensions": null}',
        '{"extensions": {"durableTask": null, "http": null}}',
        '{"extensions": {"durableTask": {"storageProvider": null}, "http": {"routePrefix": null}}}',
        '\ufeff{"version": "2.0"}',
        "{}",
    ],
)
def test_a_null_leaves_the_defaults(folder: Path, written: str) -> None:
    """So do an empty document and one with a byte order mark."""
    (folder / "host.json").write_text(written, encoding="utf-8")
    assert HostSettings() == HostSettings.from_json(read_host_json(folder))


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("extensions must be an object", b'{"extensions": []}'),
        ("extensions must be an object", b'{"extensions": "x"}'),
        ("durableTask must be an object", b'{"extensions": {"durableTask": 1}}'),
        ("http must be an object", b'{"extensions": {"http": [1]}}'),
        (
            "storageProvider must be an object",
            b'{"extensions": {"durableTask": {"storageProvider": true}}}',
        ),
        ("routePrefix must be text", b'{"extensions": {"http": {"routePrefix": {}}}}'),
        ("Task hub name", b'{"extensions": {"durableTask": {"hubName": []}}}'),
        (
            "not a valid value for Int32",
            b'{"extensions": {"durableTask": {"maxConcurrentActivityFunctions": [1]}}}',
        ),
        (
            "Could not cast",
            b'{"extensions": {"durableTask": {"storageProvider": {"maxQueuePollingInterval": "'
            + b"9" * 400
            + b'"}}}}',
        ),
        ("not a JSON object", b"[]"),
        ("not a JSON object", b"null"),
        ("Expecting", b""),
        ("Expecting", b'{"extensions": '),
        ("codec can't decode", b"\xff{}"),
        ("brackets within brackets", b"[" * 100_000),
    ],
)
def test_a_wrong_host_json_is_one_line(folder: Path, words: str, written: bytes) -> None:
    """It names the file and what is wrong in it."""
    (folder / "host.json").write_bytes(written)
    with pytest.raises(AppError) as refused:
        HostSettings.from_json(read_host_json(folder))
    assert words in str(refused.value)
    assert str(refused.value).startswith("host.json: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("prefix", ["{a}/{a}", "{1}"])
def test_an_impossible_route_is_an_error(prefix: str) -> None:
    """The error names the function."""
    functions = index_app(http_functions()).of(HTTP)
    with pytest.raises(AppError, match="function Echo: route"):
        make_routes(functions[:1], prefix)
