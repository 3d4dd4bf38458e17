"""What every test stands on: a clean environment, and the tools that are required."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # how long an example takes says something about the machine only

REQUIRED = {"engine": "ACR_ENGINE_REQUIRED", "bicep": "ACR_BICEP_REQUIRED"}
"""Where the variable is set, a test with that mark may not be skipped."""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("ACR_GLOBAL_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


NETRC = "hush-netrc"
"""Part of every password that a test's `.netrc` holds."""

_NETRCS = {
    "default": f"default login {NETRC} password {NETRC}\n",
    "machine": f"machine 127.0.0.1 login {NETRC} password {NETRC}\n",
    "malformed": f"machine 127.0.0.1 password {NETRC} nonsense {NETRC}\n",
}


@pytest.fixture(params=[*_NETRCS, "home"])
def strange_environment(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Credentials that are not ours lie about, and a proxy that nobody reaches is set for all."""
    home = tmp_path / "home"
    home.mkdir()
    path = home / (".netrc" if request.param == "home" else "given")
    path.write_text(_NETRCS.get(request.param, _NETRCS["default"]))
    path.chmod(0o600)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NETRC", str(path))
    if request.param == "home":
        monkeypatch.delenv("NETRC")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://user:{NETRC}@127.0.0.1:9")


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
