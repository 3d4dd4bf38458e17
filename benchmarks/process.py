"""Processes, as benchmarks need them: what this one runs on, how it is silent, and what
another one has used."""

from __future__ import annotations

import logging
import os
import platform
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def machine() -> str:
    """Python, system and CPUs, for the head of a table."""
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} CPUs"
    )


@contextmanager
def silent() -> Iterator[None]:
    """Nothing is logged, nor warned of repeats: much of what is played fails on purpose."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Potential duplicate Task completion")
            yield
    finally:
        logging.disable(before)


def apart(measure: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
    """What a silent measurement comes to in a process of its own: where this app runs, the SDK does
    less in each turn, for whoever is in that process (functions/durable/sdk.py, `quicken`)."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        return own.submit(_silently, measure, args).result()


def _silently(measure: Callable[..., T], args: tuple[Any, ...]) -> T:
    with silent():
        return measure(*args)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far, to the hundredth of a second. Source: proc(5),
    /proc/pid/stat, where the name may hold anything."""
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Memory that a process holds. Source: proc(5), /proc/pid/statm."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
