"""The simulated registry sends what the real one sends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from acr_global.model import PushEvent
from acr_global.receive import receive
from acr_global.settings import load_settings
from acr_global_rig.host import environment
from acr_global_rig.receivers import Receiver
from demo.plan import PUSHES
from demo.receivers import STEADY
from demo.settings import settings
from demo.webhooks import HOST, webhook_body

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SETTINGS = settings([Receiver(STEADY, "http://127.0.0.1:1/steady")])
CAPTURED = Path(__file__).parent.parent / "samples" / "02_push_captured_2026.json"


def _shape(value: Any) -> Any:
    return {k: _shape(v) for k, v in value.items()} if isinstance(value, dict) else type(value)


def test_body_has_the_shape_of_a_captured_one() -> None:
    """The same fields with the same types, at every level."""
    captured = json.loads(CAPTURED.read_text())

    assert _shape(captured) == _shape(webhook_body(PUSHES[0], "eastus", NOW))


def test_app_understands_the_body() -> None:
    """With the demo's settings a body is one push event of its region."""
    loaded = load_settings(environment({}, SETTINGS))
    body = json.dumps(webhook_body(PUSHES[0], "eastus", NOW)).encode()

    (event,) = receive({"region": "East US"}, body, loaded.settings).results

    assert isinstance(event, PushEvent)
    assert (PUSHES[0].id, "eastus", HOST) == (event.id, event.region, event.artifact.registry)


def test_settings_of_the_user_do_not_reach_the_demo() -> None:
    """What the user has set for the app is left out, and the demo's settings are right."""
    user = {"ACR_GLOBAL_REGIONS": "mars", "ACR_GLOBAL_EVIDENCE": "manifest", "PATH": "/bin"}

    environ = environment(user, SETTINGS)
    loaded = load_settings(environ)

    assert "/bin" == environ["PATH"]
    assert () == loaded.problems
    assert () == loaded.settings.evidence
    assert STEADY == loaded.settings.targets[0].name
