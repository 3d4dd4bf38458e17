"""Processes that end with the one that started them, however that ends.

A process that is killed (`kill -9`) cannot end its children. So each group of processes has a
guard: a shell that waits for a pipe of ours to close, which the system does when we die, and
then kills the group. (Linux has PR_SET_PDEATHSIG, but that reaches only the first process, while
`func` starts a Python; and it is sent when the thread that started the process ends.)
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
"""By the pid of the process that leads the group."""


def spawn(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, which ends with this one at the latest."""
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
    """Kill the whole group of a spawned process."""
    _release(_guards.pop(process.pid, None))
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def guarded(leader: int) -> Iterator[None]:
    """While the block lasts, a group of processes that others started ends with this one."""
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
