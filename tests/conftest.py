"""What every test stands on: a clean environment, and the tools that are required."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

REQUIRED = {"engine": "ACR_ENGINE_REQUIRED", "bicep": "ACR_BICEP_REQUIRED"}
"""Where the variable is set, a test with that mark may not be skipped."""


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
    """Where a tool is required, a test of it that is skipped has failed."""
    report = yield
    for mark, variable in REQUIRED.items():
        required = os.environ.get(variable) and item.get_closest_marker(mark)
        if required and report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = f"{variable} is set, but: {reason}"
    return report
