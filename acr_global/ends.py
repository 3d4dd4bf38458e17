"""How deliveries and couriers end, and which ends are dead letters. Pure."""

from __future__ import annotations

from typing import Literal

from acr_global import retry

SUPERSEDED = "superseded"
"""The reason of an attempt that was not made, because a later verdict has overtaken the message."""

NOT_CHOSEN = "not-chosen"
"""Likewise where the target, as it is now, chooses no such verdict or report, or not this image."""

UNNEEDED = frozenset({SUPERSEDED, NOT_CHOSEN})

DeliveryEnd = Literal["delivered", "dead", "superseded"]

COURIER_GOOD_ENDS = ("raised", "finished")
COURIER_ENDS = (*COURIER_GOOD_ENDS, "lost", "given-up")
"""The results with which a courier ends; after any other it looks again."""

_GOOD_ENDS = ("delivered", "superseded", *COURIER_GOOD_ENDS)
"""Includes a courier's ends: a push that was given up is tried again by one."""


def undelivered(state: retry.Delivery) -> tuple[str, ...]:
    """Targets that lack the message: neither delivered nor unneeded."""
    unneeded = {a.target for a in state.attempts if a.reason in UNNEEDED}
    settled = unneeded.union(retry.delivered(state))
    return tuple(t for t in state.targets if t not in settled)


def final_state(state: retry.Delivery) -> DeliveryEnd:
    """How a delivery ended in which every target is settled."""
    if undelivered(state):
        return "dead"
    return "superseded" if retry.dead(state) else "delivered"


def is_good(end: object) -> bool:
    """Whether a delivery or courier that ended in this state needs no operator. One that broke off
    has none of these states."""
    return end in _GOOD_ENDS
