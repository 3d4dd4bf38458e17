"""What host.json says, where only a Functions host in Azure would show it."""

from __future__ import annotations

import json
from pathlib import Path

from acr_global.notify.deliver import TARGET_PLACES

HOST_JSON = json.loads((Path(__file__).parents[1] / "host.json").read_text())


def test_the_storage_clients_requests_are_not_logged() -> None:
    """They are hundreds of lines a minute, whatever happens, and are paid for."""
    assert "Warning" == HOST_JSON["logging"]["logLevel"]["Azure.Core"]


def test_distributed_tracing_is_decided() -> None:
    """Else the extension warns at each start that it is not."""
    tracing = HOST_JSON["extensions"]["durableTask"]["tracing"]
    assert {"distributedTracingEnabled": True, "version": "None"} == tracing


def test_ten_targets_can_hang_with_each_attempt_in_an_activity_of_its_own() -> None:
    """An activity that waits for a receiver holds a place."""
    durable = HOST_JSON["extensions"]["durableTask"]
    assert 10 * TARGET_PLACES <= durable["maxConcurrentActivityFunctions"]
