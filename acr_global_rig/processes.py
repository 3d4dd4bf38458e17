"""Processes that end with the one that started them, however that ends.

A process that is killed (`kill -9`) can end nothing. So each group of processes has a guard beside
it: a shell that waits for a pipe of ours to close, which the system does for us, and then kills the
group. (Linux alone could tell the process itself, by PR_SET_PDEATHSIG; that reaches no further than
the first process, where `func` starts a Python, and it comes with the end of the thread that
started it.)
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_GUARD = 'read -r _; kill -s KILL -- "-$1"'
_guards: dict[int, subprocess.Popen[bytes]] = {}
"""By the process that leads its group."""


def spawn(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """A process in a group of its own, ended with this one at the latest."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **options,
    )
    _guards[process.pid] = _guard(process.pid)
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole group of one that was spawned."""
    _release(_guards.pop(process.pid, None))
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def guarded(leader: int) -> Iterator[None]:
    """While the block lasts, this group of processes would end with us."""
    guard = _guard(leader)
    try:
        yield
    finally:
        _release(guard)


def _guard(leader: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["sh", "-c", _GUARD, "guard", str(leader)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _release(guard: subprocess.Popen[bytes] | None) -> None:
    if guard is not None:
        guard.kill()  # before the pipe closes, for then it would act
        guard.communicate()
