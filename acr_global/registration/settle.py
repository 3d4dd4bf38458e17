"""Makes the registry's webhooks as they should be, and looks again until they are.

Each round looks anew and plans anew, so it does not matter who else is at work, what failed, or
where an earlier run was broken off: what is right is left alone, and the rest is done. The last
round finds nothing to do, which proves the result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from acr_global.registration.arm import Arm
from acr_global.registration.model import Registry, Webhook
from acr_global.registration.plan import Kind, Step, check_room
from acr_global.registration.refusal import ArmError
from acr_global.registration.survey import side_by_side

ROUNDS = 5
"""After these it gives up; a limit of our own. Without failures it takes two."""
PAUSE_SECONDS = 3.0
"""Before a round after one with a failure."""

ORDER = (Kind.CHANGE, Kind.REMOVE, Kind.CREATE)
"""Removing makes room, and may free a name."""


@dataclass(frozen=True, slots=True)
class Done:
    """One step, and its result."""

    step: Step
    error: ArmError | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """How it ended."""

    steps: tuple[Step, ...]
    """The plan of the last look."""
    done: tuple[Done, ...]
    """Everything that was done or tried, in order."""

    @property
    def left(self) -> tuple[Done, ...]:
        """Steps that were tried and are still to be done, with their last error."""
        open_names = {step.name for step in self.steps if step.kind in ORDER}
        last = {done.step.name: done for done in self.done}
        return tuple(done for name, done in last.items() if name in open_names)

    @property
    def is_right(self) -> bool:
        """Whether the last look found nothing to do, now or later."""
        return all(step.kind is Kind.KEEP for step in self.steps)


def settle(
    arm: Arm,
    registry: Registry,
    look: Callable[[], Sequence[Step]],
    tell: Callable[[Done], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Settled:
    """Do the steps that `look` returns, until there are none, or the rest cannot be done.

    `tell` is called with each step when it is done. Raises ArmError where `look` does, and
    NoRoomError.
    """
    done: list[Done] = []
    for _ in range(ROUNDS):
        steps = tuple(look())
        if not any(step.kind in ORDER for step in steps):
            return Settled(steps, tuple(done))
        if any(step.kind is Kind.CREATE for step in steps):
            check_room(steps, arm.usages(registry))
        now = _carry_out(arm, registry, steps, tell)
        done += now
        errors = [one.error for one in now if one.error]
        if any(not error.passing for error in errors):
            break
        if errors:
            sleep(PAUSE_SECONDS)
    return Settled(tuple(look()), tuple(done))


def _carry_out(
    arm: Arm, registry: Registry, steps: Sequence[Step], tell: Callable[[Done], None]
) -> list[Done]:
    def attempt(step: Step) -> Done:
        try:
            _do(arm, registry, step)
        except ArmError as error:
            return Done(step, error)
        return Done(step)

    done = []
    for kind in ORDER:
        for one in side_by_side(attempt, [step for step in steps if step.kind is kind]):
            tell(one)
            done.append(one)
    return done


def _do(arm: Arm, registry: Registry, step: Step) -> None:
    match step.kind, step.webhook:
        case Kind.REMOVE, _:
            arm.delete(registry, step.name)
        case Kind.CHANGE, Webhook() as webhook if "state" not in step.fields:
            arm.update(registry, webhook)
        case _, Webhook() as webhook:  # a failed webhook is made anew
            arm.create(registry, webhook)
