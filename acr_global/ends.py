"""How a delivery ends, and what of all that has ended is a dead letter. Pure."""

from __future__ import annotations

from typing import Literal

from acr_global import retry

SUPERSEDED = "superseded"
"""The reason of an attempt that was not made, because a later verdict has overtaken the message."""

DeliveryEnd = Literal["delivered", "dead", "superseded"]

COURIER_GOOD_ENDS = ("raised", "finished")
COURIER_ENDS = (*COURIER_GOOD_ENDS, "lost", "given-up")
"""With these a courier is at its end; at whatever else it finds it looks again."""

_GOOD_ENDS = ("delivered", "superseded", *COURIER_GOOD_ENDS)
"""A courier's too: a push that was given up is tried again with one."""


def undelivered(state: retry.Delivery) -> tuple[str, ...]:
    """Those who were to have the message and do not: neither delivered nor superseded."""
    return tuple(
        t
        for t in state.targets
        if t not in retry.delivered(state)
        and SUPERSEDED not in {a.reason for a in retry.attempts_of(state, t)}
    )


def final_state(state: retry.Delivery) -> DeliveryEnd:
    """What became of a delivery in which nobody is owed any more."""
    if undelivered(state):
        return "dead"
    return "superseded" if retry.dead(state) else "delivered"


def is_good(end: object) -> bool:
    """Whether what has ended in this state, a delivery or a courier, needs nobody to see to it.
    What broke off has none of these states."""
    return end in _GOOD_ENDS
