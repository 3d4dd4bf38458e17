"""Nothing that a test or the demo has started outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from acr_global_rig.processes import end, spawn

ROOT = Path(__file__).parents[2]
FAMILY = ["sh", "-c", "sleep 600 & sleep 600"]
"""A process with a child, as `func` with its Python."""
PARENT = f"""
import signal
from acr_global_rig.processes import spawn
spawn({FAMILY})
print("started", flush=True)
signal.pause()
"""
WITHIN = 60.0
"""Seconds until a test fails; what holds the pipe open would for ten minutes."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_group_ends_with_the_one_that_started_it(number: signal.Signals) -> None:
    """This holds however that one ends: the last of the group closes the pipe that all of them
    hold."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert b"started\n" == parent.stdout.readline()
        parent.send_signal(number)
        assert b"" == parent.communicate(timeout=WITHIN)[0]


def test_a_group_can_be_ended() -> None:
    """Its children end, too."""
    reading, writing = os.pipe()
    process = spawn(FAMILY, stdout=writing)
    os.close(writing)
    end(process)
    with open(reading, "rb") as pipe:
        assert b"" == pipe.read()
    assert -signal.SIGKILL == process.returncode
