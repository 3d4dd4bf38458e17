"""Whatever is set, the app loads, says what is wrong without showing it, and goes on."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.errors import RejectedError
from acr_global.functions.http.health import health_of
from acr_global.notify.channels import KINDS
from acr_global.receive import receive
from acr_global.settings import Settings, known_names, load_settings
from tests import strange
from tests.notify.samples import SECRETS, case

HUSH = "https://u:hush@ops.example/x?hush"
"""Of this no problem may show a part."""

REGISTRIES = {
    "r.io": {"regions": ["eastus"], "timeout": "5m", "include": "team/*", "targets": ["webhook"]},
    "s.io:5000": {"correlation": "content", "region_endpoints": {"eastus": "https://e.s.io"}},
}
TARGETS = [case(kind).SAMPLE | {"kind": kind, "name": kind} for kind in KINDS]
DOCUMENTS: dict[str, Any] = {
    "TARGETS": [*TARGETS, {"name": "ops", "kind": "webhook", "url": HUSH}],
    "REGISTRIES": REGISTRIES,
    "REGION_ENDPOINTS": {"westeurope": "https://w.r.io", "eastus": HUSH},
}
TEXTS = {
    "REGIONS": "West Europe,eastus",
    "TIMEOUT": "10m",
    "LATE_WINDOW": "PT1H",
    "EVIDENCE": "manifest",
    "CHECK_EVERY": "30s",
    "CORRELATION": "content",
    "INCLUDE": "team/*, *:v[0-9]",
    "EXCLUDE": "*:, *:sha256-*",
    "BADGE": "*",
    "ALARM_GROUP": "5 in 10m",
    "REGISTRY_ID": "/subscriptions/x/resourceGroups/y/providers/Microsoft.ContainerRegistry"
    "/registries/zebra",
    "ACTIONS": "push, quarantine",
    "RETRY_SCHEDULE": "5s,1m,1h",
    "ARM_ENDPOINT": "https://management.azure.com",
    "CATCH_UP": "5m",
    "KEEP": "30d",
    "KEEP_DEAD_LETTERS": "0",
    "UI": "key",
}
GOOD = {**{n: json.dumps(document) for n, document in DOCUMENTS.items()}, **TEXTS}
ALONE = ("retry_schedule", "arm_endpoint", "keep", "keep_dead_letters", "actions", "ui", "catch_up")
"""Fields that no other setting has a part in."""

PUSH = json.loads((Path(__file__).parent / "samples/02_push_captured_2026.json").read_text())


def environ(**more: str) -> dict[str, str]:
    """The app settings, all of them."""
    return SECRETS | {f"ACR_GLOBAL_{name}": value for name, value in (GOOD | more).items()}


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, str]:
    """One setting, with a value that is nearly right, or nothing of the kind."""
    name = draw(st.sampled_from([*DOCUMENTS] * 3 + [*TEXTS]))
    if name in DOCUMENTS and draw(st.integers(0, 4)):
        text = json.dumps(draw(strange.changed(DOCUMENTS[name])))
        return name, draw(st.just(text) | strange.broken(text).map(_as_environment))
    if draw(st.booleans()):
        return name, draw(strange.texts)
    near = GOOD[name]
    at = draw(st.integers(0, len(near)))
    return name, near[:at] + draw(strange.texts) + near[at + draw(st.integers(0, 3)) :]


def _as_environment(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def test_every_setting_is_tried() -> None:
    """What is tried is right before it is spoilt, except for two URLs with a password."""
    assert {*known_names()} == {f"ACR_GLOBAL_{name}" for name in GOOD}
    problems = load_settings(environ()).problems
    assert {"ACR_GLOBAL_REGION_ENDPOINTS"} >= {p.setting for p in problems}


@pytest.mark.fuzz
@strange.few(2)
@given(st.lists(spoilt(), min_size=1, max_size=3))
def test_a_wrong_setting_is_named_and_costs_no_other(given: list[tuple[str, str]]) -> None:
    """Its name stands in each problem, and no value; what can be received still is."""
    changed = dict(given)
    loaded = load_settings(environ(**changed))
    for problem in loaded.problems:
        assert re.match(r"ACR_GLOBAL_[A-Z_]+", problem.setting)
        assert problem.message
        assert "hush" not in problem.message
    before = load_settings(environ()).settings
    for name in ALONE:
        assert name.upper() in changed or getattr(before, name) == getattr(loaded.settings, name)
    health_of(loaded, {})
    in_use(loaded.settings)


def in_use(settings: Settings) -> None:
    """Ask the settings what a webhook asks them."""
    for host in (None, "r.io", "s.io:5000", *settings.registries):
        policy = settings.policy(host)
        settings.target_names(policy)
        settings.knows_regions(host)
        query = {"region": "eastus"} | ({"registry": host} if host else {})
        with contextlib.suppress(RejectedError):
            receive(query, json.dumps(PUSH).encode(), settings)
