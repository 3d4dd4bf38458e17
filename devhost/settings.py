"""What host.json and local.settings.json say that matters here."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .index import AppError

CORES = 2
"""Of the machine that devhost stands for, whatever it runs on: one seed is one run everywhere. The
extension's defaults are 10 places per core, other than on a Consumption plan."""


@dataclass(frozen=True)
class HostSettings:
    """From host.json, with the extension's defaults. Times are in seconds."""

    route_prefix: str = "api"
    task_hub: str = "TestHubName"
    control_visibility: float = 300.0
    work_item_visibility: float = 300.0
    activity_places: int = 10 * CORES
    """How many activities run at once; the others wait in the queue."""
    orchestrator_places: int = 10 * CORES
    """How many turns run at once."""

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> HostSettings:
        """Raises AppError on a visibility timeout that is not h:m:s or out of bounds."""
        extensions = document.get("extensions", {})
        durable = extensions.get("durableTask", {})
        storage = durable.get("storageProvider", {})
        return cls(
            route_prefix=extensions.get("http", {}).get("routePrefix", cls.route_prefix).strip("/"),
            task_hub=durable.get("hubName", cls.task_hub),
            control_visibility=_visibility(storage, "controlQueueVisibilityTimeout"),
            work_item_visibility=_visibility(storage, "workItemQueueVisibilityTimeout"),
            activity_places=durable.get("maxConcurrentActivityFunctions", cls.activity_places),
            orchestrator_places=durable.get(
                "maxConcurrentOrchestratorFunctions", cls.orchestrator_places
            ),
        )


def _visibility(storage: Mapping[str, Any], key: str) -> float:
    text = storage.get(key, "00:05:00")
    try:
        hours, minutes, seconds = (int(part) for part in text.split(":"))
    except ValueError:
        raise AppError(f"host.json: {key} {text!r} is not hh:mm:ss") from None
    timeout = hours * 3600 + minutes * 60 + seconds
    if not 60 <= timeout <= 3600:  # the real host does not start either
        raise AppError(f"host.json: {key} must be from 00:01:00 to 01:00:00, not {text}")
    return float(timeout)


def read_host_json(folder: Path) -> dict[str, Any]:
    """The folder's host.json; an empty document where there is none."""
    return _read(folder / "host.json")


def apply_local_settings(folder: Path) -> None:
    """Put the Values of local.settings.json into the environment where not set already."""
    for name, value in _read(folder / "local.settings.json").get("Values", {}).items():
        os.environ.setdefault(name, str(value))


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_text("utf-8-sig"))
    except ValueError as problem:
        raise AppError(f"{path.name}: {problem}") from None
    if not isinstance(document, dict):
        raise AppError(f"{path.name}: not a JSON object")
    return document
