"""A seed → one round's webhooks and faults, in the order of their times. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from acr_global_rig.registry import REGIONS


@dataclass(frozen=True, slots=True)
class Webhook:
    """One region reports one push."""

    at: float
    """Seconds from the beginning of the round."""
    push: int
    region: str
    insists: bool = False
    """Somebody posts it again until it is kept, as an operator can from the log. The registry never
    does."""

    def __str__(self) -> str:
        return f"{self.at:8.1f} s  push {self.push}: {self.region}{' !' if self.insists else ''}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    at: float
    kind: str
    what: str = ""
    """Which of its kind."""
    lasts: float = 0.0
    """Seconds."""

    def __str__(self) -> str:
        lasts = f" for {self.lasts:.0f} s" if self.lasts else ""
        return f"{self.at:8.1f} s  {self.kind} {self.what}".rstrip() + lasts


Step = Webhook | Fault


@dataclass(frozen=True, slots=True)
class Plan:
    """How a ground's rounds are made: durations in seconds."""

    pushes: int
    """In a round."""
    lasts: float
    """From the first push to the last."""
    timeout: float
    lag: float
    """Of a usual webhook at most."""
    faults: tuple[int, int]
    """Fewest and most of a round."""
    kinds: Mapping[str, Callable[[Random], tuple[str, float]]]
    """Draws which of its kind, and how long it lasts."""
    often: str = ""
    """A kind as frequent as four others."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One round."""

    seed: int
    number: int
    steps: tuple[Step, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        return tuple(step for step in self.steps if isinstance(step, Fault))

    @property
    def webhooks(self) -> tuple[Webhook, ...]:
        return tuple(step for step in self.steps if isinstance(step, Webhook))

    def only(self, chosen: Iterable[int]) -> Schedule:
        """These steps alone, by their numbers."""
        wanted = set(chosen)
        return replace(self, steps=tuple(s for n, s in enumerate(self.steps) if n in wanted))


JUMP = "jump"
"""The clock of everything jumps, by weeks. Nothing that began before is still reported after it."""


def schedule_of(plan: Plan, seed: int, number: int) -> Schedule:
    """The round of this number; one seed gives one schedule."""
    random = Random(f"{seed}|{number}")
    faults = list(_faults(plan, random))
    border = next((f.at for f in faults if f.kind == JUMP), None)
    webhooks = [w for push in range(plan.pushes) for w in _webhooks(plan, random, push, border)]
    steps: list[Step] = [*faults, *webhooks]
    return Schedule(seed, number, tuple(sorted(steps, key=lambda step: step.at)))


def _faults(plan: Plan, random: Random) -> Iterator[Fault]:
    kinds, jumped = [*sorted(plan.kinds), *filter(None, [plan.often] * 3)], False
    for _ in range(random.randint(*plan.faults)):
        kind, at = random.choice(kinds), random.uniform(0.0, plan.lasts)
        what, lasts = plan.kinds[kind](random)
        if kind == JUMP and jumped:
            continue
        jumped = jumped or kind == JUMP
        yield Fault(round(at, 1), kind, what, round(lasts, 1))


def _webhooks(plan: Plan, random: Random, push: int, border: float | None) -> Iterator[Webhook]:
    """Most regions report soon, in any order; some late, some twice, some never."""
    begins, insists = random.uniform(0.0, plan.lasts), random.random() < 0.7
    ends = border if border is not None and begins < border else plan.lasts + 10 * plan.timeout
    for region in REGIONS:
        luck = random.random()
        if luck < 0.05:
            continue
        if luck < 0.10:  # past the deadline, perhaps
            lag = random.uniform(0.5, 2.0) * plan.timeout
        elif luck < 0.25:
            lag = random.uniform(0.0, 0.9) * plan.timeout
        else:
            lag = random.uniform(0.0, plan.lag)
        again = random.uniform(0.0, plan.lag) if random.random() < 0.2 else None
        for at in [begins + lag, *([] if again is None else [begins + lag + again])]:
            if at < ends:
                yield Webhook(round(at, 1), push, region, insists)


def numbers(text: str) -> tuple[int, ...]:
    """`0-4,9` → 0, 1, 2, 3, 4, 9. Raises ValueError."""
    found: list[int] = []
    for part in filter(None, text.split(",")):
        first, dash, last = part.partition("-")
        found += range(int(first), int(last if dash else first) + 1)
    return tuple(found)


def text_of(chosen: Iterable[int]) -> str:
    """The same the other way."""
    runs: list[list[int]] = []
    for number in sorted(chosen):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{a}-{b}" if a < b else str(a) for a, b in runs)
