"""What host.json and local.settings.json say that matters here, and what the extension refuses.

The refusals are in its own words: `tests/devhost/refusals.py` holds them to the real engine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acr_global.cli.environment import LocalFileError, local_values
from acr_global.cli.loose_json import read_json
from acr_global.json_text import TWICE, leaves

from .dotnet import as_text, read_int, read_provider_int, read_time_span
from .index import AppError

CORES = 2
"""Of the simulated machine, whatever devhost runs on, so one seed gives one run everywhere. The
extension's defaults are 10 places per core, except on a Consumption plan."""


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
        """Raises AppError on what the extension does not start with, in its words."""
        try:
            extensions = _object(document, "extensions")
            durable = _object(extensions, "durableTask")
            provider = _object(durable, "storageProvider")
            _check_provider(provider)
            return cls(
                route_prefix=_route_prefix(_object(extensions, "http")),
                task_hub=_task_hub(durable),
                **_provider_times(provider),
                **_places(durable),
            )
        except ValueError as problem:
            raise AppError(f"host.json: {problem}") from None


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under a name; an empty one where it is missing or null. Raises ValueError."""
    value = parent.get(name)
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")
    return value or {}


def _route_prefix(http: Mapping[str, Any]) -> str:
    prefix = http.get("routePrefix")
    if isinstance(prefix, dict | list):
        raise ValueError("routePrefix must be text")
    return HostSettings.route_prefix if prefix is None else (as_text(prefix) or "").strip("/")


def _check_provider(provider: Mapping[str, Any]) -> None:
    kind = provider.get("type")
    if kind is not None and str(kind).lower() != "azurestorage":
        raise ValueError(
            f"Storage provider type ({kind}) was not found. Available storage providers:"
            " AzureStorage."
        )
    for key, fits, words in _PROVIDER_NUMBERS:
        if provider.get(key) is not None and not fits(read_provider_int(key, provider[key])):
            raise ValueError(words)


_Fits = Callable[[float], bool]
_PROVIDER_NUMBERS: tuple[tuple[str, _Fits, str], ...] = (
    (
        "partitionCount",
        lambda n: 1 <= n <= 16,
        "PartitionCount must be an integer value between 1 and 16.",
    ),
    (
        "controlQueueBatchSize",
        lambda n: n > 0,
        "ControlQueueBatchSize must be a non-negative integer.",
    ),
    (
        "controlQueueBatchSize",
        lambda n: n <= 32,
        "The control queue batch size must not exceed 32.",
    ),
    (
        "controlQueueBufferThreshold",
        lambda n: 1 <= n <= 1000,
        "ControlQueueBufferThreshold must be between 1 and 1000.",
    ),
)


def _provider_times(provider: Mapping[str, Any]) -> dict[str, Any]:
    times: dict[str, float] = {}
    for key, field, fits, words in _PROVIDER_TIMES:
        if provider.get(key) is None:
            continue
        seconds = read_time_span(provider[key])
        if not fits(seconds):
            raise ValueError(words)
        if field is not None:
            times[field] = seconds
    return times


_PROVIDER_TIMES: tuple[tuple[str, str | None, _Fits, str], ...] = (
    (
        "controlQueueVisibilityTimeout",
        "control_visibility",
        lambda seconds: 60 <= seconds <= 3600,
        "ControlQueueVisibilityTimeout must be between 1 and 60 minutes.",
    ),
    # This one is not checked by the extension; a queue hides a message for at most 7 days.
    ("workItemQueueVisibilityTimeout", "work_item_visibility", lambda seconds: True, ""),
    (
        "maxQueuePollingInterval",
        None,  # here a message is taken when it is visible
        lambda seconds: seconds >= 0,
        "MaxQueuePollingInterval must be non-negative.",
    ),
)


def _places(durable: Mapping[str, Any]) -> dict[str, Any]:
    if (as_text(durable.get("extendedSessionsEnabled")) or "").lower() == "true":
        raise ValueError(
            "Durable Functions with extendedSessionsEnabled set to 'true' is only supported when"
            " using the in-process or isolated .NET worker."
        )
    places: dict[str, int] = {}
    for key, field in (
        ("maxConcurrentActivityFunctions", "activity_places"),
        ("maxConcurrentOrchestratorFunctions", "orchestrator_places"),
    ):
        if as_text(durable.get(key)):
            places[field] = read_int(durable[key])
            if places[field] < 1:
                raise ValueError(f"M{key[1:]} must be a positive integer value.")
    return places


def _task_hub(durable: Mapping[str, Any]) -> str:
    name = as_text(durable.get("hubName"))
    if name is None:
        return HostSettings.task_hub
    setting = re.fullmatch(r"%(\w+)%", name)
    if setting is not None:
        name = os.environ.get(setting[1], name)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,49}", name):
        raise ValueError(
            f"Task hub name '{name}' should contain only alphanumeric characters, start with a"
            " letter, and have length between 3 and 45."
        )
    return name


STORAGE = "AzureWebJobsStorage"


def read_host_json(folder: Path) -> dict[str, Any]:
    """The folder's host.json; an empty document where there is none."""
    return _read(folder / "host.json")


def apply_local_settings(folder: Path) -> None:
    """Put the Values of local.settings.json into the environment where not set already; but no
    storage, for nothing is kept in any here, and an app is to look for none."""
    try:
        values = local_values(folder)
    except LocalFileError as problem:
        raise AppError(problem.message) from None
    for name, value in values.items():
        os.environ.setdefault(name, value)
    os.environ[STORAGE] = ""


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        document = read_json(path.read_bytes())
    except OSError as problem:
        raise AppError(f"{path.name} cannot be read: {problem.strerror}") from None
    except RecursionError:
        raise AppError(f"{path.name}: too many brackets within brackets") from None
    except ValueError as problem:
        raise AppError(f"{path.name}: {problem}") from None
    if not isinstance(document, dict):
        raise AppError(f"{path.name}: not a JSON object")
    for way, part in leaves(document):
        if part is TWICE:
            raise AppError(f"{path.name}: {'.'.join(map(str, way))} stands in it twice")
    return document
