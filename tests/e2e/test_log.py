"""What the log says of a push: what happened to it, and nothing internal."""

from __future__ import annotations

import asyncio
import logging
import re
import warnings

import pytest

from acr_global.functions.durable.sdk import silence_repeats
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import world

EXECUTOR = "azure.durable_functions.models.TaskOrchestrationExecutor"


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The events logged at Information and above, in order. In Azure the host is another, and the
    worker keeps the SDK's own logger apart from the app's (is_system_log_category in
    azure-functions-python-worker, logging.py)."""
    others = ("devhost", "aiohttp", "asyncio", "azure.functions")
    ours = [r for r in caplog.records if not r.name.startswith(others)]
    return [r.getMessage().split(" ")[0] for r in ours if r.levelno >= logging.INFO]


async def test_a_push_has_its_lines_and_an_idle_hour_has_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """There is one for each webhook, verdict and attempt."""
    caplog.set_level(logging.INFO)
    async with world() as w:
        await w.push("p1")
        await asyncio.sleep(60)
        expected = [*["webhook"] * len(REGIONS), "verdict", "attempt"]
        assert expected == lines(caplog)
        caplog.clear()
        await asyncio.sleep(3_600)
        assert [] == lines(caplog)


async def test_a_repeated_webhook_logs_no_warning() -> None:
    """Later replays of the orchestrator log none either."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        async with world() as w:
            await w.push("p1", [*REGIONS[:2], *REGIONS[:2], *REGIONS])
            await w.host.settle()
            assert ["complete"] == w.verdicts()
    assert [] == [str(w.message) for w in warned]


@pytest.mark.parametrize(
    ("message", "module"),
    [
        ("Something new", EXECUTOR),
        ("Potential duplicate Task completion for TaskId: pushevent-eastus", "ours"),
    ],
)
def test_other_warnings_are_logged(message: str, module: str) -> None:
    """These are other warnings of the SDK, and the same text from elsewhere."""
    silence_repeats()
    with pytest.warns(UserWarning, match=re.escape(message)):
        warnings.warn_explicit(message, UserWarning, "a.py", 1, module)
