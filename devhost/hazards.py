"""What Azure Storage and a dying host do to an app, as options. All off by default.

Each hazard draws from its own stream of random numbers, made of the seed, the hazard and what it
befalls: so in virtual time one seed gives one run, whatever else is going on.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, fields, replace
from math import inf
from typing import Any, get_args, get_type_hints

Range = tuple[float, float]
"""Lowest and highest of a uniform distribution, in seconds."""

CHECKPOINTS = (
    "after-enqueue-start-before-row",
    "after-row",
    "dequeued-before-episode",
    "after-outbox-before-history",
    "after-history-before-row",
    "after-history-before-delete",
    "activity-before",
    "activity-after-before-result",
    "http-after-handler-before-response",
)
"""Where a crash can be placed. What the host had in hand comes back after the visibility
timeout; HTTP connections are reset; functions under way are cancelled."""

PYTHON_CHECKPOINTS = (
    "turn-before",
    "turn-after",
    "activity-before",
    "activity-after",
    "http-before",
    "http-after",
    "timer-before",
    "timer-after",
)
"""Where a death of the Python process alone can be placed: when it has received the call but done
nothing, or when it has done everything but its result has not reached the host. Everything else
that it is running dies with it."""


@dataclass(frozen=True)
class CrashRule:
    """Strike at a checkpoint ("*": at any): at its nth passing, or with a probability at each."""

    checkpoint: str
    nth: int | None = 1
    probability: float = 0.0


@dataclass(frozen=True)
class Hazards:
    """Probabilities are from 0 to 1; times are in seconds."""

    gap: Range = (0.0, 0.0)
    """From the acceptance of a start to the visibility of its message: the instance is Pending
    and has not begun; an event raised now is deleted."""
    start_race: float = 0.0
    """A start lingers (`start_linger`) between its look for the instance and its message, so
    that another start passes: the later one answers success, and its input is lost."""
    start_linger: Range = (0.005, 0.05)
    row_late: float = 0.0
    """A start lingers between its message and its row: dequeued meanwhile, the message goes
    invisible for the visibility timeout."""
    already_exists: float = 0.0
    """A start is carried out, yet answers "already exists"."""
    old_conflict: float = 0.0
    """A start that finds an instance is answered 500, as before the extension 3.19, not 409."""
    invisible: float = 0.0
    """A message goes invisible for the visibility timeout when it is first dequeued."""
    activities_twice: float = 0.0
    """An activity's message is delivered twice: it runs twice, side by side."""
    events_twice: float = 0.0
    """An event is enqueued twice, the second time up to 2 s later."""
    events_shuffled: float = 0.0
    """An event is delayed by up to 2 s, so later ones overtake it."""
    endpoint_errors: float = 0.0
    """The app's endpoint answers 429 or 500 without calling the function, or resets the
    connection before or after the call."""
    management_errors: float = 0.0
    """The durable API that the SDK's client calls does the same."""
    endpoint_takes: Range = (0.0, 0.0)
    """How long a request to the app waits before the function is called."""
    management_takes: Range = (0.0, 0.0)
    """How long one to the durable API waits before it is carried out, as with slow storage."""
    crash: tuple[CrashRule, ...] = ()
    crash_every: Range = (0.0, 0.0)
    """Crash at random moments, this far apart."""
    restart_delay: float = 1.0
    """From a crash to the next start of the host."""
    python_dies: tuple[CrashRule, ...] = ()
    """The Python process dies alone; the host lives, and starts it again."""
    turn_takes: Range = (0.0, 0.0)
    """How long an orchestrator's turn takes; the instance's further messages wait meanwhile."""

    @classmethod
    def azure_storage(cls) -> Hazards:
        """What Azure Storage does, moderately. Python's deaths, slow turns and slow answers are not
        its doing."""
        return cls(
            gap=(0.0, 1.5),
            start_race=0.2,
            row_late=0.02,
            already_exists=0.02,
            invisible=0.02,
            activities_twice=0.05,
            events_twice=0.1,
            events_shuffled=0.1,
            endpoint_errors=0.02,
            management_errors=0.02,
            crash=(CrashRule("*", None, 0.003),),
            crash_every=(120.0, 1200.0),
        )

    @classmethod
    def parse(cls, spec: str) -> Hazards:
        """Read `azure-storage` and `name=value` parts, comma-separated, later ones winning.

        A value is a probability (`0.1`), seconds (`2`) or a range of them (`0.1..2`). `crash`
        and `python-dies` take `checkpoint` (the first time), `checkpoint@3` (the third) or
        `checkpoint:0.1` (each time with this probability), and may be given more than once.

        Raises:
            ValueError: names the part that is wrong.
        """
        hazards = cls()
        for part in filter(None, (piece.strip() for piece in spec.split(","))):
            if part == "azure-storage":
                hazards = cls.azure_storage()
            elif part != "none":
                hazards = _with_part(hazards, part)
        return hazards


def _with_part(hazards: Hazards, part: str) -> Hazards:
    name, equals, value = part.partition("=")
    field = name.strip().replace("-", "_")
    if not equals or field not in {f.name for f in fields(Hazards)}:
        names = ", ".join(f.name.replace("_", "-") for f in fields(Hazards))
        raise ValueError(f"no hazard {part!r}; there are azure-storage and {names} (=value)")
    try:
        if field == "crash":
            return replace(hazards, crash=(*hazards.crash, _crash_rule(value, CHECKPOINTS)))
        if field == "python_dies":
            rule = _crash_rule(value, PYTHON_CHECKPOINTS)
            return replace(hazards, python_dies=(*hazards.python_dies, rule))
        is_range = get_args(get_type_hints(Hazards)[field]) != ()
        drawn: Any = _range(value) if is_range else _number(value, _MAX.get(field, 1.0))
        return replace(hazards, **{field: drawn})
    except ValueError as problem:
        raise ValueError(f"hazard {name.strip()}: {problem}") from None


_MAX = {"restart_delay": inf}
"""Limits of the options in seconds; the others are probabilities, up to 1."""


def _range(text: str) -> Range:
    first, dots, last = text.partition("..")
    low, high = _number(first, inf), _number(last if dots else first, inf)
    if high < low:
        raise ValueError(f"{text} ends before it begins")
    return (low, high)


def _number(text: str, most: float) -> float:
    number = float(text)
    if not 0 <= number <= most or number == inf:
        raise ValueError(f"{text} is not in 0 to 1" if most == 1.0 else f"{text} is no time")
    return number


def _crash_rule(text: str, checkpoints: tuple[str, ...]) -> CrashRule:
    checkpoint, at, nth = text.partition("@")
    checkpoint, colon, probability = checkpoint.partition(":")
    if checkpoint not in (*checkpoints, "*"):
        raise ValueError(f"no checkpoint {checkpoint!r}; there are *, {', '.join(checkpoints)}")
    if colon:
        return CrashRule(checkpoint, None, _number(probability, 1.0))
    if at and not re.fullmatch("[1-9][0-9]{0,8}", nth):
        raise ValueError(f"{nth!r} is no number of times")
    return CrashRule(checkpoint, int(nth) if at else 1)


class Dice:
    """Seeded random numbers, one stream per purpose and subject."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._draws: Counter[tuple[str, str]] = Counter()

    def _next(self, purpose: str, subject: str) -> random.Random:
        self._draws[purpose, subject] += 1
        return random.Random(f"{self._seed}|{purpose}|{subject}|{self._draws[purpose, subject]}")

    def chance(self, purpose: str, subject: str, probability: float) -> bool:
        """True with this probability."""
        return probability > 0 and self._next(purpose, subject).random() < probability

    def between(self, purpose: str, subject: str, limits: Range) -> float:
        """Uniform between the limits, which may be equal."""
        low, high = limits
        return low if high <= low else self._next(purpose, subject).uniform(low, high)

    def choice(self, purpose: str, subject: str, options: tuple[str, ...]) -> str:
        return self._next(purpose, subject).choice(options)

    def hex_id(self, purpose: str, subject: str) -> str:
        """32 hexadecimal digits: an execution id, or the id of an instance started without one."""
        return f"{self._next(purpose, subject).getrandbits(128):032x}"


class CrashPlan:
    """Counts the passings of each checkpoint and says when to strike."""

    def __init__(self, dice: Dice, purpose: str) -> None:
        self._dice = dice
        self._purpose = purpose
        self.passed: Counter[str] = Counter()

    def strikes(self, checkpoint: str, rules: tuple[CrashRule, ...]) -> bool:
        self.passed[checkpoint] += 1
        self.passed["*"] += 1
        return any(
            self.passed[rule.checkpoint] == rule.nth
            if rule.nth is not None
            else self._dice.chance(self._purpose, checkpoint, rule.probability)
            for rule in rules
            if rule.checkpoint in (checkpoint, "*")
        )
