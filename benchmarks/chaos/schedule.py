"""A seed → one round's webhooks and faults, in the order of their times. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
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
    often: tuple[str, ...] = ()
    """Kinds that are as frequent as four others."""
    features: Mapping[str, float] = field(default_factory=dict)
    """How likely each is in a round."""
    insists: float = 0.7
    """How likely somebody posts a push's webhooks again until they are kept; a third of that where
    logs are read."""
    reads: float = 0.0
    """After the last push, until which something goes wrong where logs are read: nothing of them is
    taken in within its first minute."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One round."""

    seed: int
    number: int
    steps: tuple[Step, ...]
    features: frozenset[str] = frozenset()
    """What of the app is in use, beside the rest."""

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

REGION = "region"
"""A region is down: what it would report comes afterwards, or never."""

GROUPS, EVIDENCE, CONTENT, LOGS = "groups", "evidence", "content", "logs"
"""Features: alarms of one region are one; the registry is asked; pushes are told apart by what was
pushed; what was not delivered is taken in from the webhooks' logs."""


def schedule_of(plan: Plan, seed: int, number: int) -> Schedule:
    """The round of this number; one seed gives one schedule."""
    random = Random(f"{seed}|{number}")
    features = frozenset(name for name, odds in plan.features.items() if random.random() < odds)
    faults = list(_faults(plan, random, plan.lasts + (plan.reads if LOGS in features else 0.0)))
    insists = plan.insists / (3.0 if LOGS in features else 1.0)
    border = next((f.at for f in faults if f.kind == JUMP), None)
    begins = [_begin(plan, random, faults) for _ in range(plan.pushes)]
    webhooks = [
        w for n, at in enumerate(begins) for w in _webhooks(plan, random, n, at, border, insists)
    ]
    for outage in (fault for fault in faults if fault.kind == REGION):
        held = (_held_up(plan, random, outage, webhook, border) for webhook in webhooks)
        webhooks = [webhook for webhook in held if webhook]
    steps: list[Step] = [*faults, *webhooks]
    return Schedule(seed, number, tuple(sorted(steps, key=lambda step: step.at)), features)


def _faults(plan: Plan, random: Random, until: float) -> Iterator[Fault]:
    kinds, jumped = [*sorted(plan.kinds), *plan.often * 3], False
    for _ in range(random.randint(*plan.faults)):
        kind, at = random.choice(kinds), random.uniform(0.0, until)
        what, lasts = plan.kinds[kind](random)
        if kind == JUMP and jumped:
            continue
        jumped = jumped or kind == JUMP
        yield Fault(round(at, 1), kind, what, round(lasts, 1))


def _held_up(
    plan: Plan, random: Random, outage: Fault, webhook: Webhook, border: float | None
) -> Webhook | None:
    """A webhook as it comes, with its region down for some time; None: it never does."""
    ends = outage.at + outage.lasts
    if webhook.region != outage.what or not outage.at <= webhook.at <= ends:
        return webhook
    back = round(ends + random.uniform(0.0, plan.lag), 1)
    is_over = border is not None and webhook.at < border <= back
    return None if is_over or random.random() < 0.2 else replace(webhook, at=back)


def replicas(schedule: Schedule) -> Mapping[tuple[int, str], float]:
    """By push and region, when the image is there: with the region's first webhook; where none
    ever comes, 30 s after the push, of every second push."""
    there: dict[tuple[int, str], float] = {}
    for webhook in schedule.webhooks:
        there.setdefault((webhook.push, webhook.region), webhook.at)
    begun = {push: at for (push, _), at in reversed(there.items())}
    silent = {(push, region): at + 30.0 for push, at in begun.items() for region in REGIONS}
    return {key: at for key, at in silent.items() if key[0] % 2} | there


def _begin(plan: Plan, random: Random, faults: list[Fault]) -> float:
    """Most pushes begin when something goes wrong, or is about to."""
    if not faults or random.random() < 0.2:
        return random.uniform(0.0, plan.lasts)
    fault = random.choice(faults)
    return max(0.0, random.uniform(fault.at - plan.lag, fault.at + min(fault.lasts, plan.lag)))


def _webhooks(
    plan: Plan, random: Random, push: int, begins: float, border: float | None, odds: float
) -> Iterator[Webhook]:
    """Most regions report soon, in any order; some late, some twice, some never."""
    insists = random.random() < odds
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
        repeated = random.random() < 0.2
        again = random.choice((1.0, 10.0)) * random.uniform(0.0, plan.lag)
        for at in [begins + lag, *([begins + lag + again] if repeated else [])]:
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
