"""Reads the journals that dead processes have left on this machine.

A journal without a holder is that of a process that has ended. Nothing here raises.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acr_global.functions import wire
from acr_global.functions.journal import is_held
from acr_global.model import Arrival

MEMORY_SECONDS = 120.0
"""How long before the last line an arrival or a start may have been noted to matter."""


@dataclass
class Orphan:
    """What a dead process was working on."""

    paths: tuple[Path, ...]
    endpoint: str | None = None
    """The URL of the engine, if its host lives: the process that started it and this one."""
    turns: set[str] = field(default_factory=set)
    """Instances whose turns were running in it."""
    starts: set[str] = field(default_factory=set)
    """Pushes that it had just started, without having seen their first turn."""
    arrivals: dict[str, list[Arrival]] = field(default_factory=dict)
    """By push: what it had just accepted as events."""

    def forget(self) -> None:
        """Remove the files, when all is resumed."""
        for path in self.paths:
            with contextlib.suppress(OSError):
                path.unlink()


def orphans(folder: Path) -> list[Orphan]:
    """The journals of ended processes, oldest first. Two processes that start at the same time can
    find the same one, and resuming it twice does no harm."""
    files: dict[str, list[Path]] = {}
    with contextlib.suppress(OSError):
        for path in sorted(folder.iterdir()):
            files.setdefault(path.name.rpartition(".")[0], []).append(path)
    found = []
    for paths in files.values():
        if not any(is_held(path) for path in paths):
            found.append(_read(sorted(paths, key=lambda p: int(p.suffix[1:] or 0))))
    return found


def _read(paths: list[Path]) -> Orphan:
    orphan = Orphan(tuple(paths))
    lines = [line for path in paths for line in _lines(path)]
    last = max((float(line[0]) for line in lines), default=0.0)
    for at, kind, *what in lines:
        recent = float(at) >= last - MEMORY_SECONDS
        match kind:
            case "endpoint":
                orphan.endpoint = str(what[0]) if what[1:] == [os.getppid()] else None
            case "turn":
                orphan.turns.add(str(what[0]))
                orphan.starts.discard(str(what[0]))
            case "end":
                orphan.turns.discard(str(what[0]))
            case "start" if recent:
                orphan.starts.add(str(what[0]))
            case "event" if recent:
                with contextlib.suppress(ValueError):
                    arrival = wire.load(Arrival, what[1])
                    orphan.arrivals.setdefault(str(what[0]), []).append(arrival)
    return orphan


def _lines(path: Path) -> Iterator[list[Any]]:
    """Whole lines; the last may have been cut by the process's end."""
    with contextlib.suppress(OSError):
        for text in path.read_bytes().splitlines():
            with contextlib.suppress(ValueError):
                line = json.loads(text)
                if isinstance(line, list) and len(line) >= 3:
                    yield line
