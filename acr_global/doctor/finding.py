"""The result of one check. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The state of what was checked."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """The check could not be made."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's output."""

    check: str
    """What was checked: a word that never changes."""
    state: State
    said: str
    """What was seen, in one sentence; no secret."""
    mend: str = ""
    """What to do about it; empty where nothing is to be done."""


def fine(check: str, said: str) -> Finding:
    """A finding that all is as it should be."""
    return Finding(check, State.OK, said)


def wrong(check: str, said: str, mend: str) -> Finding:
    """A finding that something is wrong."""
    return Finding(check, State.WRONG, said, mend)


def unknown(check: str, said: str, mend: str = "") -> Finding:
    """A finding that a check could not be made, or has nothing to look at yet."""
    return Finding(check, State.UNKNOWN, said, mend)
