"""This process, as every benchmark needs it: what it runs on, and how it is silent."""

from __future__ import annotations

import logging
import os
import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


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
