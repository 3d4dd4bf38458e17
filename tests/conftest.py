"""What every test stands on: a clean environment, and an engine where one is required."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("ACR_GLOBAL_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With ACR_ENGINE_REQUIRED set, a test of the real engine that is skipped has failed."""
    report = yield
    required = os.environ.get("ACR_ENGINE_REQUIRED") and item.get_closest_marker("engine")
    if required and report.skipped and not hasattr(report, "wasxfail"):
        *_, reason = report.longrepr if isinstance(report.longrepr, tuple) else (report.longrepr,)
        report.outcome = "failed"
        report.longrepr = f"ACR_ENGINE_REQUIRED is set, but: {reason}"
    return report
