"""A cold start makes the registry's webhook wait, which gives up after 5 s: so a start imports and
builds what a webhook needs, and what is for operators, timers and deliveries comes later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.registry.fakes import REGISTRY_ID

ROOT = Path(__file__).parents[2]
PROGRAM = """
import gc, json, os, sys, threading
late = []
threading.Thread.start = lambda thread: late.append(thread)  # to come after the start
import function_app
from acr_global.functions.telemetry import observing
from pydantic import BaseModel

def kinds(of):
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)

models = {kind for kind in kinds(BaseModel) if kind.__module__.startswith("acr_global.")}
homes = {kind.__module__ for kind in models}
modules = sorted(sys.modules)
[loading] = [thread for thread in late if thread.name == "loading"]
loading.run()
print(json.dumps({
    "modules": modules,
    "ahead": sorted(set(sys.modules) - set(modules)),
    "models": sorted(kind.__name__ for kind in models),
    "built": sorted(kind.__name__ for kind in models if kind.__pydantic_complete__),
    "compiled": sorted(home for home in homes if "annotations" in vars(sys.modules[home])),
    "plugins": os.environ["PYDANTIC_DISABLE_PLUGINS"],
    "collects": gc.isenabled(),
    "observer": str(observing.observer()),
    "frozen": gc.get_freeze_count(),
}))
"""


@cache
def started() -> dict[str, Any]:
    """What is there after a start, with a target and a registry whose log can be read."""
    ours = {
        "ACR_GLOBAL_REGIONS": "westeurope,eastus",
        "ACR_GLOBAL_REGISTRY_ID": REGISTRY_ID,
        "ACR_GLOBAL_TARGETS": json.dumps(
            [{"name": "ops", "kind": "webhook", "url": "https://ops.example/hook"}]
        ),
    }
    kept = {name: text for name, text in os.environ.items() if not name.startswith("ACR_GLOBAL_")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=kept | ours,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_start_imports_nothing_that_a_webhook_does_not_need() -> None:
    """Neither the registry's and the storage's clients, nor what answers operators."""
    later = (
        "acr_global.catchup",
        "acr_global.doctor",
        "acr_global.functions.pages.browsers",
        "acr_global.functions.catching_up.catching",
        "acr_global.functions.pages.entrance",
        "acr_global.functions.pages.guard",
        "acr_global.functions.telemetry.observer",
        "acr_global.functions.pages.pageviews",
        "acr_global.functions.views.pushlists",
        "acr_global.badge",
        "acr_global.functions.pages.badges",
        "acr_global.functions.views.regionlists",
        "acr_global.instruments",
        "acr_global.lags",
        "acr_global.openapi",
        "acr_global.operations",
        "acr_global.ledger",
        "acr_global.measures",
        "acr_global.notify.deliver",
        "acr_global.notify.trial",
        "acr_global.registration",
        "acr_global.registry",
        "acr_global.sessions",
        "acr_global.ui",
        "aiohttp",
        "azure.core",
        "azure.data",
        "azure.durable_functions",
        "azure.identity",
        "azure.mgmt.containerregistry",
        "jinja2",
        "opentelemetry",
    )
    assert "acr_global.functions.http.image_push" in started()["modules"]
    assert [] == [
        name
        for name in started()["modules"]
        if f"{name}.".startswith(tuple(f"{module}." for module in later))
    ]


def test_what_the_engine_is_asked_by_is_loaded_ahead() -> None:
    """By a thread, while the host gets ready; nothing that a webhook does not need."""
    assert "aiohttp" in started()["ahead"]
    others = [name for name in started()["ahead"] if name.startswith(("acr_global", "azure"))]
    assert [] == others


def test_where_nobody_exports_nothing_is_measured() -> None:
    """OpenTelemetry's API comes with the durable SDK; no more of it is ever imported."""
    assert "None" == started()["observer"]


def test_a_start_builds_only_the_models_that_it_reads_settings_with() -> None:
    """The others are built at their first use."""
    assert "PushInput" in started()["models"]
    assert ["Settings", "WebhookTarget"] == started()["built"]


def test_the_types_of_models_are_no_texts() -> None:
    """`from __future__ import annotations` has pydantic compile a text for each field, which took
    a tenth of what our modules take."""
    assert [] == started()["compiled"]


def test_no_package_is_asked_for_plugins() -> None:
    """Pydantic would read the metadata of each package that is installed."""
    assert "__all__" == started()["plugins"]


def test_the_collector_passes_over_what_a_start_has_made() -> None:
    """It does not run until all is loaded, and leaves alone afterwards what is there for good."""
    assert started()["collects"]
    assert started()["frozen"] > 10_000
