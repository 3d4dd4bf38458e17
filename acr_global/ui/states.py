"""How each state is shown: by a word, a symbol and a colour, for many a reader sees no colour.
Pure."""

from __future__ import annotations

from dataclasses import dataclass

from acr_global.api import PushState


@dataclass(frozen=True, slots=True)
class Look:
    """How one state is shown."""

    word: str
    symbol: str
    """A symbol of the templates (`symbol` in parts.html)."""
    tone: str
    """A colour of the stylesheet: good, busy, bad, back, part or off."""
    means: str
    """One sentence, shown on hover."""


PUSHES = {
    PushState.WAITING: Look("waiting", "clock", "busy", "Not every region has reported yet."),
    PushState.COMPLETE: Look("complete", "check", "good", "Every region has it."),
    PushState.OVERDUE: Look(
        "overdue", "alarm", "bad", "The deadline has passed, and regions are missing."
    ),
    PushState.RECOVERED: Look(
        "recovered", "back", "back", "Every region has it, the last of them after the deadline."
    ),
    PushState.INCOMPLETE: Look(
        "incomplete", "half", "part", "Regions are missing still, and are no longer waited for."
    ),
    PushState.INTERRUPTED: Look(
        "interrupted", "pause", "off", "It was broken off, and goes on by itself in some minutes."
    ),
    PushState.GIVEN_UP: Look(
        "given up", "cross", "bad", "It was broken off again and again; retry lets it go on."
    ),
    PushState.TERMINATED: Look("terminated", "stop", "off", "Somebody has ended it by hand."),
}
"""Of pushes, in the order in which a filter offers them."""

_BROKEN = Look("broken off", "cross", "bad", "It broke off; retry sends the message again.")

_DELIVERIES = {
    "retrying": Look("retrying", "clock", "busy", "Further attempts follow by themselves."),
    "delivered": Look("delivered", "check", "good", "Every target has the message."),
    "superseded": Look(
        "superseded",
        "stop",
        "off",
        "Nobody needs the message any more.",
    ),
    "dead": Look("dead", "cross", "bad", "Nothing more is tried; retry sends the message again."),
    "given-up": PUSHES[PushState.GIVEN_UP],
    "failed": _BROKEN,
}

_OUTCOMES = {
    "delivered": Look("delivered", "check", "good", "The target has taken it."),
    "retry": Look("failed", "alarm", "part", "It is tried again."),
    "dead": Look("refused", "cross", "bad", "Trying again cannot help."),
}

_REGIONS = {
    "arrived": Look("arrived", "check", "good", "The region has reported the push."),
    "evidence": Look("by evidence", "seen", "back", "Not reported, but the registry has it there."),
    "missing": Look("missing", "gap", "bad", "The region has not reported the push."),
}

AWAITED = Look("awaited", "clock", "busy", "The region has not reported the push yet.")
"""A missing region before anything was said."""


def of_push(state: PushState) -> Look:
    """How a push's state is shown."""
    return PUSHES[state]


def of_delivery(state: str | None) -> Look:
    """How a delivery's or a dead letter's state is shown; one that broke off may have none."""
    return _DELIVERIES.get(state or "", _BROKEN)


def of_outcome(outcome: str) -> Look:
    """How the outcome of an attempt is shown."""
    return _OUTCOMES[outcome]


def of_region(state: str, *, awaited: bool) -> Look:
    """How a region's state is shown; `awaited`: nothing was said of the push yet."""
    return AWAITED if awaited and state == "missing" else _REGIONS[state]


def of_verdict(verdict: str | None) -> Look | None:
    """How a verdict is shown; None for a text that is none."""
    return next((look for state, look in PUSHES.items() if state == verdict), None)
