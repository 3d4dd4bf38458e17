"""Which messages of a batch count, and which are deleted unheard. Pure.

This is where an accepted event is lost: raised to an instance that has not begun, it finds no
history and is deleted ("No such instance"), although its sender was told 202.

A message that comes again, because a crash has kept it from being deleted, is taken again: an event
is then in the history twice, and a start adds nothing to it, but the turn is played.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .protocol import Event, EventType
from .storage import History, Instance, Message


@dataclass(frozen=True)
class Admitted:
    """What becomes of a batch."""

    history: History
    """What the turn goes on from."""
    plays: bool
    """Whether there is a turn."""
    events: list[Event]
    """What it is told."""
    deferred: list[Message]
    """Not deleted: they come back after the visibility timeout."""
    dropped: list[tuple[Message, str]]
    """Deleted unheard, and why."""


def admit(batch: Sequence[Message], row: Instance | None, history: History | None) -> Admitted:
    """Sort out a batch of one instance's messages."""
    plays, events = False, list[Event]()
    deferred: list[Message] = []
    dropped: list[tuple[Message, str]] = []
    for message in sorted(batch, key=lambda m: not _is_start(m)):
        has_begun = history is not None and history.execution_id == message.execution_id
        if _is_start(message) and not has_begun:
            reason = _reject_start(message, row)
            if reason is None and message.execution_id is not None:
                history = History(message.execution_id, [])
        else:
            reason = _reject(message, history)
        if reason is None:
            plays = True
            events += [] if _is_start(message) and has_begun else [message.event]
        elif reason == _NO_ROW:
            deferred.append(message)
        else:
            dropped.append((message, reason))
    return Admitted(history or History("", []), plays, events, deferred, dropped)


_NO_ROW = "its row is not there yet"


def _is_start(message: Message) -> bool:
    return bool(message.event["EventType"] == EventType.EXECUTION_STARTED)


def _reject_start(message: Message, row: Instance | None) -> str | None:
    if message.event["ParentInstance"]:  # a sub-orchestration's row comes with its first turn
        running = row is not None and not row.finished
        return "an instance of this id is running" if running else None
    if row is None:
        return _NO_ROW
    if row.execution_id != message.execution_id:
        return "another start has won"
    return "it was ended before it began" if row.finished else None


def _reject(message: Message, history: History | None) -> str | None:
    if history is None:
        return "No such instance"
    if history.finished:
        return "the instance has finished"
    if message.execution_id not in (None, history.execution_id):
        return "meant for an earlier execution"
    return None
