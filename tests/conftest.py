"""What every test relies on: a clean environment, virtual time, and the tools that are required."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import tempfile
from collections.abc import Callable, Coroutine, Generator, Iterator
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from devhost.clock import run_virtual

# How long an example takes says something about the machine only.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("other", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=10_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

REQUIRED = {
    "engine": "ACR_ENGINE_REQUIRED",
    "bicep": "ACR_BICEP_REQUIRED",
    "browser": "ACR_BROWSER_REQUIRED",
}
"""Where the variable is set, a test with that mark may not be skipped."""


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """A shell's background job ignores Ctrl-C, and so would every program that a test starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A temporary folder for the run and its processes, removed at the end. (pytest's own folder
    stays, to be looked at.)"""
    tmp_path_factory.getbasetemp()
    with (
        tempfile.TemporaryDirectory(prefix="acr-global-tests-", ignore_cleanup_errors=True) as own,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TMPDIR", own)
        patch.setattr(tempfile, "tempdir", own)
        yield


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
    """An environment with credentials that are not ours, and a proxy for everything that nobody
    answers at."""
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
    """Where a tool is required, a skipped test of it counts as failed."""
    report = yield
    for mark, variable in REQUIRED.items():
        required = os.environ.get(variable) and item.get_closest_marker(mark)
        if required and report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = f"{variable} is set, but: {reason}"
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """A coroutine function runs in virtual time; marked `real_time`, in real time."""
    real = pyfuncitem.get_closest_marker("real_time") is not None
    given = getattr(pyfuncitem.obj, "hypothesis", None)
    if given is not None and iscoroutinefunction(given.inner_test):
        # Each example on a loop of its own. Source: hypothesis' docs, "Custom function execution".
        given.inner_test = _on_a_loop(given.inner_test, real)
    elif iscoroutinefunction(pyfuncitem.obj):
        pyfuncitem.obj = _on_a_loop(pyfuncitem.obj, real)


def _on_a_loop(test: Callable[..., Coroutine[Any, Any, None]], real: bool) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        if real:
            asyncio.run(test(*args, **kwargs))
        else:
            run_virtual(lambda: test(*args, **kwargs))

    return run
