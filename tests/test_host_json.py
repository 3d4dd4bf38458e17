"""Values in host.json whose effect only a Functions host in Azure would show."""

from __future__ import annotations

import json
from pathlib import Path

from acr_global.notify.deliver import TARGET_PLACES

HOST_JSON = json.loads((Path(__file__).parents[1] / "host.json").read_text())


def test_the_storage_clients_requests_are_not_logged() -> None:
    """They would be hundreds of paid lines a minute, whatever happens."""
    assert "Warning" == HOST_JSON["logging"]["logLevel"]["Azure.Core"]


def test_distributed_tracing_is_decided() -> None:
    """Without the value, the extension warns at each start."""
    tracing = HOST_JSON["extensions"]["durableTask"]["tracing"]
    assert {"distributedTracingEnabled": True, "version": "None"} == tracing


def test_ten_targets_can_hang_with_each_attempt_in_an_activity_of_its_own() -> None:
    """An activity that waits for a receiver holds one of the host's places."""
    durable = HOST_JSON["extensions"]["durableTask"]
    assert 10 * TARGET_PLACES <= durable["maxConcurrentActivityFunctions"]
