"""What a process notes of its own work, for others to go on with if it dies.

When Python dies in an orchestrator's turn, the engine fails that turn's instance for good, and
nothing in its storage can be asked for such instances but by reading all of it. But the machine
lives, and so do its files. Each process therefore notes in a file of its own (`Journal`) which
turns it is in, and what it has just accepted; the next process finds that file with nobody holding
it (orphans.py), and knows which instances to look at (awaking.py). It costs no request to storage,
and some microseconds a turn. (Where the whole host dies, a turn under way is repeated by the
engine, and fails nothing.)

What stays open for some time (`OpenList`) is noted in storage, once (noting.py), so that it can be
looked after when this machine is gone (`ReviveInterrupted`). A push that is decided soon is never
noted there, and costs nothing.

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
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, TypeVar

from acr_global.functions import clock, wire
from acr_global.model import Arrival

try:
    import fcntl
except ImportError:  # Windows, where the app is developed and never deployed: no journal there
    fcntl = None  # type: ignore[assignment] # only asked whether it is there

MAX_FILE_BYTES = 1_000_000
"""Of a file; then another is begun, and the one before the last is dropped."""

MAX_REMEMBERED = 2_000
"""Pushes that a process remembers to have seen."""

OPEN_SECONDS = 20.0
"""How long an instance is open before it is noted. Most pushes are decided by then."""

MAX_IDS = 150
"""In one note: with ids of 100 characters the engine keeps its input in the row, not in a blob."""

MAX_KNOWN = 20_000
"""Instances that a process remembers of a kind. What is forgotten may be noted once more."""

V = TypeVar("V")


def folder_of(app: Path, storage: str) -> Path:
    """The folder that all processes of one app on one machine share, and no other app's."""
    own = sha256(f"{app.resolve()}\n{storage}".encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"acr-global-{own}")


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


def is_held(path: Path) -> bool:
    """Whether the process lives whose journal this is."""
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


class OpenList:
    """One process's list. It is told from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._open: dict[str, float] = {}
        """Since when, of what is not noted yet; oldest first."""
        self._noted: dict[str, None] = {}
        self._silent: dict[str, frozenset[str]] = {}
        """Of pushes started here, and not seen to have a turn here: regions not heard of here."""

    def started(self, push_id: str, silent: Iterable[str]) -> None:
        """A push has been started here, and these regions are yet to report."""
        with self._lock:
            _keep(self._silent, push_id, frozenset(silent))

    def heard(self, push_id: str, region: str) -> None:
        """One more region has reported here."""
        with self._lock:
            if push_id in self._silent:
                self._silent[push_id] -= {region}

    def silent(self, push_id: str) -> frozenset[str]:
        """The regions of a push started here that have not been heard of, where its turns are had
        elsewhere: with any, it may be open. Asked once."""
        with self._lock:
            return self._silent.pop(push_id, frozenset())

    def begun(self, instance_id: str) -> None:
        """An instance has a turn here."""
        with self._lock:
            self._silent.pop(instance_id, None)
            if instance_id not in self._noted and instance_id not in self._open:
                _keep(self._open, instance_id, self._clock())

    def found(self, instance_id: str) -> None:
        """An instance that has its turns elsewhere is open for so long already."""
        with self._lock:
            if instance_id not in self._noted:
                _keep(self._open, instance_id, self._clock() - OPEN_SECONDS)

    def ended(self, instance_id: str) -> None:
        """An instance has had its last turn here."""
        with self._lock:
            self._open.pop(instance_id, None)
            self._noted.pop(instance_id, None)

    def known(self) -> tuple[str, ...]:
        """All that may be open, as far as is known here; newest last."""
        with self._lock:
            return tuple(dict.fromkeys((*self._noted, *self._open, *self._silent)))

    def due(self) -> tuple[str, ...]:
        """What is to be noted now."""
        with self._lock:
            until = self._clock() - OPEN_SECONDS
            ids = [instance_id for instance_id, since in self._open.items() if since <= until]
        return tuple(ids[:MAX_IDS])

    def noted(self, ids: Iterable[str]) -> None:
        """These have been noted, and are not noted again."""
        with self._lock:
            for instance_id in ids:
                if self._open.pop(instance_id, None) is not None:
                    _keep(self._noted, instance_id, None)


def _keep(known: dict[str, V], instance_id: str, value: V) -> None:
    """Keep what is new, and let go of the oldest where there is too much."""
    known.pop(instance_id, None)
    known[instance_id] = value
    if len(known) > MAX_KNOWN:
        known.pop(next(iter(known)), None)
