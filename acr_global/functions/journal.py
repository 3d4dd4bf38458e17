"""What this machine must not forget when only the Python process dies: a file, not the storage.

When Python dies in an orchestrator's turn, the engine fails that turn's instance for good, and
nothing in its storage can be asked for such instances but by reading all of it. But the machine
lives, and so do its files. Each process therefore notes in a file of its own which turns it is
in, and what it has just accepted; the next process finds that file with nobody holding it, and
knows which instances to look at (awaking.py). It costs no request to storage, and some
microseconds a turn. (Where the whole host dies, a turn under way is repeated by the engine, and
fails nothing.)

A file is held by a lock that ends with its process, however that ends. Nothing here raises: a
machine without a writable folder has no journal.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from acr_global.functions import clock, wire
from acr_global.functions.openlist import OpenList
from acr_global.model import Arrival

try:
    import fcntl
except ImportError:  # Windows, where the app is developed and never deployed: no journal there
    fcntl = None  # type: ignore[assignment] # only asked whether it is there

MAX_FILE_BYTES = 1_000_000
"""Of a file; then another is begun, and the one before the last is dropped."""

MAX_REMEMBERED = 2_000
"""Pushes that a process remembers to have seen."""

MEMORY_SECONDS = 120.0
"""How long before the last line an arrival or a start may have been noted to be of use."""


def folder_of(app: Path, storage: str) -> Path:
    """The folder that all processes of one app on one machine share, and no other app's."""
    own = sha256(f"{app.resolve()}\n{storage}".encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"acr-global-{own}")


@dataclass
class Orphan:
    """What a process that has died was about."""

    paths: tuple[Path, ...]
    endpoint: str | None = None
    """Where it asked the engine, if its host lives: the process that started it and us."""
    turns: set[str] = field(default_factory=set)
    """Instances whose turn it was in."""
    starts: set[str] = field(default_factory=set)
    """Pushes that it had just started, and whose first turn it had not seen."""
    arrivals: dict[str, list[Arrival]] = field(default_factory=dict)
    """By push: what it had just accepted as events."""

    def forget(self) -> None:
        """Drop the files: all is seen to."""
        for path in self.paths:
            with contextlib.suppress(OSError):
                path.unlink()


class Journal:
    """This process's file."""

    def __init__(self, folder: Path | None = None) -> None:
        """Without a folder it only remembers, and writes nothing."""
        self._folder, self._lock = folder, threading.Lock()
        self._name = f"{time.time():.6f}-{uuid.uuid4().hex[:8]}"
        self._file: IO[bytes] | None = None
        self._part, self._size = 0, 0
        self.url: str | None = None
        """Where the engine is asked, once that is known."""
        self._noted_url: str | None = None
        self.open = OpenList()
        """What is open here, for notes that outlive this machine."""
        self.newest_turn: datetime | None = None
        """When the last turn ended that this process has had."""
        self._unseen: set[str] = set()
        self._recent: dict[str, None] = {}
        self._open_turns: set[str] = set()
        self._held: list[IO[bytes]] = []
        with contextlib.suppress(OSError):
            if folder and fcntl:
                folder.mkdir(mode=0o700, exist_ok=True)
                self._next_part()

    @contextlib.contextmanager
    def turn(self, instance_id: str) -> Iterator[None]:
        """While an orchestrator's turn runs."""
        self._open_turns.add(instance_id)
        self.seen(instance_id)
        self.open.begun(instance_id)
        self._write("turn", instance_id)
        try:
            yield
        finally:
            self._open_turns.discard(instance_id)
            self.newest_turn = clock.utcnow()
            self._write("end", instance_id)

    def started(self, push_id: str, silent: Iterable[str] = ()) -> None:
        """A push has been started, and is yet to begin; these regions are yet to report."""
        self._unseen.add(push_id)
        self._remember(push_id)
        self.open.started(push_id, silent)
        self._write("start", push_id)

    def seen(self, push_id: str) -> None:
        """A push has been seen to have begun."""
        self._unseen.discard(push_id)
        self._remember(push_id)

    def knows(self, push_id: str) -> bool:
        """Whether a push has been there lately, as far as this process has seen."""
        return push_id in self._recent

    def _remember(self, push_id: str) -> None:
        self._recent.pop(push_id, None)
        self._recent[push_id] = None
        if len(self._recent) > MAX_REMEMBERED:
            self._recent.pop(next(iter(self._recent)), None)

    def is_unseen(self, push_id: str) -> bool:
        """Whether a push was started here and not seen since; asked once."""
        unseen = push_id in self._unseen
        self._unseen.discard(push_id)
        return unseen

    def accepted(self, push_id: str, arrival: Arrival) -> None:
        """An arrival has been raised as an event."""
        self.open.heard(push_id, arrival.region)
        self._write("event", push_id, wire.dump(arrival))

    def _write(self, kind: str, *what: object) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._file is None:
                return
            if self._size > MAX_FILE_BYTES or self.url != self._noted_url:
                self._next_part()
            line = json.dumps([time.time(), kind, *what]).encode() + b"\n"
            self._file.write(line)
            self._size += len(line)

    def _next_part(self) -> None:
        """Begin another file, which says where the engine is asked, and repeats what is still open;
        keep the one before."""
        self._part += 1
        path = Path(self._folder or ".", f"{self._name}.{self._part}")
        file = path.open("ab", buffering=0)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._held.append(file)
        for old in self._held[:-2]:
            with contextlib.suppress(OSError):
                Path(old.name).unlink()
            old.close()
        self._held = self._held[-2:]
        self._file, self._size, self._noted_url = file, 0, self.url
        now = time.time()
        lines = [[now, "endpoint", self.url, os.getppid()]] if self.url else []
        lines += [[now, "turn", turn] for turn in sorted(self._open_turns)]
        for line in lines:
            file.write(json.dumps(line).encode() + b"\n")

    def close(self) -> None:
        """Let go of the files, as the process's end does; for tests."""
        with self._lock:
            for file in self._held:
                file.close()
            self._file, self._held = None, []


def orphans(folder: Path) -> list[Orphan]:
    """What processes that have ended left behind, oldest first. The same one can be found by two
    processes that start at once; what follows from it may be done twice."""
    files: dict[str, list[Path]] = {}
    with contextlib.suppress(OSError):
        for path in sorted(folder.iterdir()):
            files.setdefault(path.name.rpartition(".")[0], []).append(path)
    found = []
    for paths in files.values():
        if not any(_is_held(path) for path in paths):
            found.append(_read(sorted(paths, key=lambda p: int(p.suffix[1:] or 0))))
    return found


def _is_held(path: Path) -> bool:
    if not fcntl:
        return True
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return True


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
