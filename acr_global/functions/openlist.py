"""What this process knows to be open: instances whose turns it has had, and not their last one.

What stays open for some time is noted in storage, once (noting.py), so that it can be looked
after when this machine is gone (`ReviveInterrupted`). A push that is decided soon is never noted,
and costs nothing. No I/O.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

V = TypeVar("V")

OPEN_SECONDS = 20.0
"""How long an instance is open before it is noted. Most pushes are decided by then."""

MAX_IDS = 150
"""In one note: with ids of 100 characters the engine keeps its input in the row, not in a blob."""

MAX_KNOWN = 20_000
"""Instances that a process remembers of a kind. What is forgotten may be noted once more."""


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
