"""Decides where hazards strike: the engine and the servers ask at each place where one can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from .hazards import CrashPlan, Dice, Hazards, Range

EndpointError = Literal["429", "500", "reset", "reset-after"]


class Injector:
    """The hazards in force, and the dice they are drawn with."""

    def __init__(self, hazards: Hazards, seed: int, crash: Callable[[str], None]) -> None:
        self.dice = Dice(seed)
        self._crash = crash
        self.hazards = hazards

    @property
    def hazards(self) -> Hazards:
        return self._hazards

    @hazards.setter
    def hazards(self, hazards: Hazards) -> None:
        """New hazards count the passings of checkpoints from here."""
        self._hazards = hazards
        self._plan = CrashPlan(self.dice, "crash")
        self._python_plan = CrashPlan(self.dice, "python-dies")

    def checkpoint(self, name: str) -> None:
        """Crash here if a rule says so; the caller is cancelled with everything else."""
        if self._plan.strikes(name, self._hazards.crash):
            self._crash(name)
            raise asyncio.CancelledError(f"crashed at {name}")

    def python_dies(self, checkpoint: str) -> bool:
        """Whether a rule says that the Python process dies here."""
        return self._python_plan.strikes(checkpoint, self._hazards.python_dies)

    def chance(self, purpose: str, subject: str, probability: float) -> bool:
        return self.dice.chance(purpose, subject, probability)

    async def linger(self, purpose: str, subject: str, probability: float) -> None:
        """With a probability, wait a little, so that another start can slip in."""
        if self.chance(purpose, subject, probability):
            await asyncio.sleep(
                self.dice.between(f"{purpose}-linger", subject, self._hazards.start_linger)
            )

    async def wait(self, purpose: str, subject: str, limits: Range) -> None:
        """Wait for as long as it takes."""
        if limits[1] > 0:
            await asyncio.sleep(self.dice.between(purpose, subject, limits))

    def endpoint_error(self, subject: str, probability: float) -> EndpointError | None:
        """What goes wrong with this request, if anything."""
        if not self.chance("endpoint-error", subject, probability):
            return None
        kinds: tuple[EndpointError, ...] = ("429", "500", "reset", "reset-after")
        drawn = self.dice.choice("endpoint-error-kind", subject, kinds)
        return next(kind for kind in kinds if kind == drawn)
