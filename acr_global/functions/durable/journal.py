"""What a process notes of its own work, so that others can go on with it if it dies.

When Python dies in an orchestrator's turn, the engine fails that turn's instance for good, and
such instances can be found only by reading all of its storage. But the machine lives, and so do its
files. Each process therefore notes in a file of its own (`Journal`) which
turns it is in, and what it has just accepted; the next process finds that file with nobody holding
it (orphans.py), and knows which instances to look at (awaking.py). A turn that Python had not begun
to read, or whose answer the host had not read, fails as well, and stands in no file as one under
way. So the next process looks at what was at work just now, and what else was open it has noted in
storage. It costs no request to storage, and some microseconds a turn. (Where the whole host dies,
the engine repeats a turn under way, and nothing fails.)

What stays open for some time (`OpenList`) is noted in storage, once (noting.py), so that it can be
looked after when this machine is gone (`ReviveInterrupted`). A push that is decided soon is never
noted there, and costs nothing.

Before an alarm, too, the journals of this machine are read (accepted.py).

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

from acr_global.correlation import is_push
from acr_global.functions import clock
from acr_global.functions.durable import wire
from acr_global.model import Arrival

try:
    import fcntl
except ImportError:  # Windows, where the app is developed and never deployed: no journal there
    fcntl = None  # type: ignore[assignment] # only tested for its presence

MAX_FILE_BYTES = 1_000_000
"""Bytes of a file, after which another is begun, and the last but one is dropped."""

MAX_REMEMBERED = 2_000
"""Pushes that a process remembers having seen."""

OPEN_SECONDS = 20.0
"""How long an instance is open before it is noted. Most pushes are decided by then."""

MAX_IDS = 150
"""In one note: with ids of 100 characters the engine keeps its input in the row, not in a blob."""

MAX_KNOWN = 20_000
"""Instances of a kind that a process remembers. A forgotten one may be noted again."""

V = TypeVar("V")


def folder_of(app: Path, storage: str) -> Path:
    """The folder that all processes of one app on one machine share, and no other app's."""
    own = sha256(f"{app.resolve()}\n{storage}".encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"acr-global-{own}")


class Journal:
    """This process's file. Several threads use it."""

    def __init__(self, folder: Path | None = None) -> None:
        """Without a folder it keeps its notes in memory only."""
        self.folder, self._lock = folder, threading.Lock()
        self._name = f"{time.time():.6f}-{uuid.uuid4().hex[:8]}"
        self._file: IO[bytes] | None = None
        self._part, self._size = 0, 0
        self.url: str | None = None
        """The URL of the engine, once that is known."""
        self._noted_url: str | None = None
        self.open = OpenList()
        """What is open here, for notes that outlive this machine."""
        self.newest_turn: datetime | None = None
        """When the last turn in this process ended."""
        self._unseen: set[str] = set()
        self._recent: dict[str, None] = {}
        self._begun: dict[str, float] = {}
        self._open_turns: set[str] = set()
        self._held: list[IO[bytes]] = []
        with contextlib.suppress(OSError):
            if folder and fcntl:
                folder.mkdir(mode=0o700, exist_ok=True)
                self._next_part()

    @contextlib.contextmanager
    def turn(self, instance_id: str) -> Iterator[None]:
        """Note that an orchestrator's turn runs, while the block lasts."""
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

    def ended(self, instance_id: str) -> None:
        """Note that an instance has had its last turn, if its answer reaches the host."""
        self.open.ended(instance_id)
        self._write("over", instance_id)

    def takes_over(self, ids: Iterable[str]) -> None:
        """Note what was open in a process that has ended: it is to be noted in storage at once."""
        for instance_id in ids:
            self.open.found(instance_id)
            self._write("open", instance_id)

    def noted(self, ids: Iterable[str]) -> None:
        """Note that a note in storage names these: it stays until all are over, so that whoever
        comes after this process need not note them again."""
        for instance_id in ids:
            self.open.noted([instance_id])
            self._write("noted", instance_id)

    def started(self, push_id: str, silent: Iterable[str] = ()) -> None:
        """Note that a push has been started but not begun; the regions `silent` are yet to
        report."""
        self._unseen.add(push_id)
        self._remember(push_id)
        self.open.started(push_id, silent)

    def seen(self, push_id: str) -> None:
        """Note that a push has been seen to have begun."""
        self._unseen.discard(push_id)
        self._remember(push_id)

    def left_to_courier(self, push_id: str) -> None:
        """Note that a courier sees to a push's beginning. Whether the push is there, nobody has
        seen."""
        self._unseen.discard(push_id)

    def begun(self, push_id: str, now: float) -> None:
        """Note that a push's row shows that it has begun."""
        _keep(self._begun, push_id, now)

    def starts(self, instance_id: str) -> None:
        """Note that an instance is about to be started: what is known of one with this id is of an
        earlier life. If this process dies before it has the answer, or with the first turn unread,
        only this line tells the next one where to look. If another process dies so, which has that
        turn, the timer is to look: so what is no push (of which `started` tells) is open here."""
        self._begun.pop(instance_id, None)
        if not is_push(instance_id):
            self.open.awaited(instance_id)
        self._write("start", instance_id)

    def had_begun(self, push_id: str, since: float) -> bool:
        """Whether its row has shown that since a moment, and it has not been started here again."""
        return self._begun.get(push_id, since) > since

    def knows(self, push_id: str) -> bool:
        """Whether this process has lately seen the push."""
        return push_id in self._recent

    def _remember(self, push_id: str) -> None:
        with self._lock:  # the oldest cannot be found while another thread adds one
            _keep(self._recent, push_id, None, MAX_REMEMBERED)

    def is_unseen(self, push_id: str) -> bool:
        """Whether a push was started here and not seen since; asked once."""
        unseen = push_id in self._unseen
        self._unseen.discard(push_id)
        return unseen

    def accepted(self, push_id: str, arrival: Arrival) -> None:
        """Note that an arrival has been raised as an event."""
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
        """Begin another file with the engine's URL and everything that is still open; keep the one
        before."""
        self._part += 1
        path = Path(self.folder or ".", f"{self._name}.{self._part}")
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
        lines += [[now, "open", instance_id] for instance_id in self.open.unnoted()]
        lines += [[now, "turn", turn] for turn in sorted(self._open_turns)]
        for line in lines:
            file.write(json.dumps(line).encode() + b"\n")

    def close(self) -> None:
        """Release the files, as the end of the process does; for tests."""
        with self._lock:
            for file in self._held:
                file.close()
            self._file, self._held = None, []


def is_held(path: Path) -> bool:
    """Whether the process that writes this journal lives."""
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
    """The open instances that one process knows of. Several threads use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._open: dict[str, float] = {}
        """Instances that are not noted yet, and since when they are open; oldest first."""
        self._noted: dict[str, None] = {}
        self._silent: dict[str, frozenset[str]] = {}
        """By instance that was started here but has had no turn here: of a push the regions not
        heard of here, of any other none."""

    def started(self, push_id: str, silent: Iterable[str]) -> None:
        """Note that a push has been started here, of which these regions are yet to report."""
        with self._lock:
            _keep(self._silent, push_id, frozenset(silent))

    def heard(self, push_id: str, region: str) -> None:
        """Note that one more region has reported here."""
        with self._lock:
            if push_id in self._silent:
                self._silent[push_id] -= {region}

    def silent(self, push_id: str) -> frozenset[str]:
        """The regions not heard of, of a push that was started here and has its turns elsewhere: it
        may be open if there are any. Forgets them."""
        with self._lock:
            return self._silent.pop(push_id, frozenset())

    def begun(self, instance_id: str) -> None:
        """Note that an instance has a turn here, and is open."""
        with self._lock:
            self._silent.pop(instance_id, None)
            if instance_id not in self._noted and instance_id not in self._open:
                _keep(self._open, instance_id, self._clock())

    def awaited(self, instance_id: str) -> None:
        """Note that an instance is started here, whatever was known of one with this id. Where it
        has its turns this process may never see."""
        with self._lock:
            _keep(self._open, instance_id, self._clock())
            _keep(self._silent, instance_id, frozenset())

    def has_turns_elsewhere(self, instance_id: str) -> bool:
        """Whether an instance was started here and has had no turn here: it may be over."""
        with self._lock:
            return instance_id in self._silent

    def found(self, instance_id: str) -> None:
        """Note that an instance with its turns elsewhere has been open long enough already."""
        with self._lock:
            if instance_id not in self._noted:
                _keep(self._open, instance_id, self._clock() - OPEN_SECONDS)

    def ended(self, instance_id: str) -> None:
        """Note that an instance has had its last turn here."""
        with self._lock:
            for known in (self._open, self._noted, self._silent):
                known.pop(instance_id, None)

    def known(self) -> tuple[str, ...]:
        """All that may be open, as far as is known here; newest last."""
        with self._lock:
            return tuple(dict.fromkeys((*self._noted, *self._open, *self._silent)))

    def unnoted(self) -> tuple[str, ...]:
        """The instances that are known to be open and not noted yet, oldest first."""
        with self._lock:
            return tuple(self._open)

    def due(self) -> tuple[str, ...]:
        """The instances to note in storage now."""
        with self._lock:
            until = self._clock() - OPEN_SECONDS
            ids = [instance_id for instance_id, since in self._open.items() if since <= until]
        return tuple(ids[:MAX_IDS])

    def noted(self, ids: Iterable[str]) -> None:
        """Remember that these have been noted, so that they are not noted again."""
        with self._lock:
            for instance_id in ids:
                if self._open.pop(instance_id, None) is not None:
                    _keep(self._noted, instance_id, None)


def _keep(known: dict[str, V], instance_id: str, value: V, most: int | None = None) -> None:
    """Keep a new entry, and drop the oldest where there are more than `most` (MAX_KNOWN)."""
    known.pop(instance_id, None)
    known[instance_id] = value
    if len(known) > (most or MAX_KNOWN):
        known.pop(next(iter(known)), None)
