"""Reads the journals that dead processes have left on this machine.

A journal without a holder is that of a process that has ended. Nothing here raises.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acr_global.functions.durable import wire
from acr_global.functions.durable.journal import is_held
from acr_global.model import Arrival

SEEN = "seen"
"""The folder of journals that have been seen to."""

SEEN_SECONDS = 600.0
"""How long they are kept there after their last line: longer than the engine hides what a dead host
had in hand, a minute in host.json."""

JUST_NOW_SECONDS = 5.0
"""How long before the last line something may have been noted of an instance that had a turn which
was not, or was noted as ended: it waited to be read, or its answer did."""

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
    just_now: set[str] = field(default_factory=set)
    """Instances of which something was noted at last."""
    open: set[str] = field(default_factory=set)
    """Instances that had a turn in it, and not their last, or that it knew to be open, and that no
    note names."""
    starts: set[str] = field(default_factory=set)
    """What it had just started, without having seen its first turn."""
    arrivals: dict[str, list[Arrival]] = field(default_factory=dict)
    """By push: what it had just accepted as events."""

    def forget(self) -> None:
        """Put the files by, when all is resumed: an alarm may yet ask for them (accepted.py)."""
        for path in self.paths:
            with contextlib.suppress(OSError):
                seen = path.parent / SEEN
                seen.mkdir(mode=0o700, exist_ok=True)
                path.rename(seen / path.name)


def orphans(folder: Path) -> list[Orphan]:
    """The journals of ended processes, oldest first. Two processes that start at the same time can
    find the same one, and resuming it twice does no harm."""
    files: dict[str, list[Path]] = {}
    for path in journals(folder):
        files.setdefault(path.name.rpartition(".")[0], []).append(path)
    for path in journals(folder / SEEN):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - SEEN_SECONDS:
                path.unlink()
    found = []
    for paths in files.values():
        if not any(is_held(path) for path in paths):
            found.append(_read(paths))
    return found


def _read(paths: list[Path]) -> Orphan:
    """What one process was working on, by its files, oldest line first."""
    orphan = Orphan(tuple(paths))
    lines = [line for path in paths for line in lines_of(path)]
    last = max((float(line[0]) for line in lines), default=0.0)
    noted = set[str]()
    for at, kind, *what in lines:
        if kind == "endpoint":
            orphan.endpoint = str(what[0]) if what[1:] == [os.getppid()] else None
            continue
        if float(at) >= last - JUST_NOW_SECONDS:
            orphan.just_now.add(str(what[0]))
        _take_line(orphan, kind, what, recent=float(at) >= last - MEMORY_SECONDS)
        if kind == "noted":
            noted.add(str(what[0]))
        elif kind == "start":  # another life, of which the note may not tell
            noted.discard(str(what[0]))
    orphan.open -= noted
    return orphan


def _take_line(orphan: Orphan, kind: str, what: list[Any], *, recent: bool) -> None:
    """Take in one line of a journal (journal.py), which is of one instance."""
    instance_id = str(what[0])
    match kind:
        case "turn":
            orphan.turns.add(instance_id)
            orphan.open.add(instance_id)
            orphan.starts.discard(instance_id)
        case "end":
            orphan.turns.discard(instance_id)
        case "open":
            orphan.open.add(instance_id)
        case "over":
            orphan.open.discard(instance_id)
        case "start" if recent:
            orphan.starts.add(instance_id)
        case "event" if recent:
            with contextlib.suppress(ValueError, IndexError):
                arrival = wire.load(Arrival, what[1])
                orphan.arrivals.setdefault(instance_id, []).append(arrival)


def journals(folder: Path) -> list[Path]:
    """The files of a folder, oldest first."""
    with contextlib.suppress(OSError):
        return sorted((path for path in folder.iterdir() if path.is_file()), key=_age)
    return []


def _age(path: Path) -> tuple[str, int]:
    """By a journal's name: when its process began, and which of its files it is."""
    process, _, part = path.name.rpartition(".")
    return process, int(part) if part.isdecimal() else 0


def lines_of(path: Path, word: bytes = b"") -> Iterator[list[Any]]:
    """Whole lines that hold a word; the last may have been cut by the process's end."""
    with contextlib.suppress(OSError):
        for text in path.read_bytes().splitlines():
            if word not in text:
                continue
            with contextlib.suppress(ValueError):
                line = json.loads(text)
                if isinstance(line, list) and len(line) >= 3 and isinstance(line[0], int | float):
                    yield line
