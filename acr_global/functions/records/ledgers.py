"""Where the ledger's rows are kept: its interface, and a ledger in memory, for the local host,
which keeps everything in memory. (tables.py has the one in storage.)
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from acr_global.ledger import Properties, Span


MAX_REMOVED = 100
"""Rows in one call: a transaction of Table storage takes no more. Source:
learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions."""


class LedgerError(Exception):
    """The ledger could not be reached, or refused."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows in the order of their keys; fewer than asked for, even none, do not mean the
    end."""

    rows: tuple[Mapping[str, Any], ...]
    next: str | None
    """Where the range goes on; None at its end."""


class Ledger(Protocol):
    """One hub's rows. Each call raises LedgerError where it could not be done."""

    async def put(self, keys: Iterable[str], row: Properties) -> None:
        """Write a row, whole, under these keys."""

    async def mark(self, keys: Iterable[str], more: Properties) -> None:
        """Merge something into a row that is there; where it is not, nothing is done."""

    async def read(self, span: Span, top: int, after: str | None) -> Page:
        """At most so many rows of a range, from its beginning, or from where a page ended."""

    async def remove(self, keys: Sequence[str]) -> None:
        """Remove the rows under these keys, at most MAX_REMOVED; those that are there."""


Ledgers = Callable[[str], Ledger]
"""A hub's name → its ledger."""


def in_memory() -> Ledgers:
    """One ledger, whatever the hub: an app on the local host has one."""
    only = MemoryLedger()
    return lambda _: only


class MemoryLedger:
    """A ledger that ends with its process."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}
        self._keys: list[str] = []

    async def put(self, keys: Iterable[str], row: Properties) -> None:
        for key in keys:
            if key not in self._rows:
                bisect.insort(self._keys, key)
            self._rows[key] = dict(row)

    async def mark(self, keys: Iterable[str], more: Properties) -> None:
        for key in keys:
            if key in self._rows:
                self._rows[key] |= more

    async def read(self, span: Span, top: int, after: str | None) -> Page:
        begin = bisect.bisect_left(self._keys, after or span.low)
        found: list[Mapping[str, Any]] = []
        for key in self._keys[begin : bisect.bisect_left(self._keys, span.high)]:
            if len(found) == top:
                return Page(tuple(found), key)
            if span.equal.items() <= self._rows[key].items():
                found.append(dict(self._rows[key]))
        return Page(tuple(found), None)

    async def remove(self, keys: Sequence[str]) -> None:
        for key in keys:
            if self._rows.pop(key, None) is not None:
                del self._keys[bisect.bisect_left(self._keys, key)]
