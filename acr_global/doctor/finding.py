"""What one check came to. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it is with what was looked at."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """The check could not be made."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    check: str
    """What was looked at: a word that never changes."""
    state: State
    said: str
    """What was seen, in one sentence; no secret."""
    mend: str = ""
    """What to do about it; empty where nothing is to be done."""


def fine(check: str, said: str) -> Finding:
    """What was looked at is as it should be."""
    return Finding(check, State.OK, said)


def wrong(check: str, said: str, mend: str) -> Finding:
    """It is not as it should be."""
    return Finding(check, State.WRONG, said, mend)


def unknown(check: str, said: str, mend: str = "") -> Finding:
    """The check could not be made, or there is nothing yet to make it on."""
    return Finding(check, State.UNKNOWN, said, mend)
