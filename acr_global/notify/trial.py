"""A trial: one marked test message to one target, as an operator asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from acr_global.model import Attempt, VerdictType
from acr_global.notify import deliver
from acr_global.notify.message import trial_message
from acr_global.notify.target import Target


async def try_target(
    target: Target,
    environ: Mapping[str, str],
    clock: Callable[[], datetime],
    regions: tuple[str, ...],
) -> Attempt:
    """Send a made-up push that is complete in `regions`; returns the attempt.

    It goes out once, in a session of its own, whatever verdicts the target has chosen.
    """
    message = trial_message(VerdictType.COMPLETE, clock(), regions)
    (made,) = await deliver.attempt_all(message, [target], environ, clock)
    return made
