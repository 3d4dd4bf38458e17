"""Timer triggers: NCRONTAB schedules in UTC, and the functions that run on them."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import clock
from .engine import Engine
from .index import AppError, Function
from .invoke import Invoker

log = logging.getLogger("devhost.timer")

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
"""Second, minute, hour, day of the month, month, day of the week (0 is Sunday)."""

HORIZON_DAYS = 366 * 8
"""How far ahead a schedule is looked up; 29 February may be 8 years away."""


@dataclass(frozen=True)
class Schedule:
    """When a timer trigger fires: by fields, or in intervals."""

    fields: tuple[frozenset[int], ...] = ()
    interval: timedelta | None = None

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read `{second} {minute} {hour} {day} {month} {day of week}` or `hh:mm:ss`.

        Five fields mean second 0. Raises ValueError.
        """
        if re.fullmatch(r"\d+:\d\d:\d\d", text):
            hours, minutes, seconds = (int(part) for part in text.split(":"))
            interval = timedelta(hours=hours, minutes=minutes, seconds=seconds)
            if not interval:
                raise ValueError(f"schedule {text!r} never passes")
            return cls(interval=interval)
        parts = text.split()
        parts = ["0", *parts] if len(parts) == 5 else parts
        if len(parts) != len(_BOUNDS):
            raise ValueError(f"schedule {text!r} has {len(parts)} fields, not 6")
        values = [_field(p, low, high) for p, (low, high) in zip(parts, _BOUNDS, strict=True)]
        return cls(fields=tuple(values))

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after a moment; None when there is none in 8 years."""
        if self.interval is not None:
            return moment + self.interval
        seconds, minutes, hours, days, months, weekdays = self.fields
        first = moment.replace(microsecond=0) + timedelta(seconds=1)
        for ahead in range(HORIZON_DAYS):
            day = (first + timedelta(days=ahead)).date()
            if day.month not in months or day.day not in days:
                continue
            if (day.weekday() + 1) % 7 not in weekdays:
                continue
            earliest = (first.hour, first.minute, first.second) if ahead == 0 else (0, 0, 0)
            times = (
                (hour, minute, second)
                for hour in sorted(hours)
                for minute in sorted(minutes)
                for second in sorted(seconds)
                if (hour, minute, second) >= earliest
            )
            found = next(times, None)
            if found is not None:
                midnight = first.replace(hour=0, minute=0, second=0) + timedelta(days=ahead)
                hour, minute, second = found
                return midnight.replace(hour=hour, minute=minute, second=second)
        return None


def _field(text: str, low: int, high: int) -> frozenset[int]:
    """The values that one field of an NCRONTAB schedule names. Raises ValueError."""
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        else:
            start, dash, end = span.partition("-")
            first = _number(start)
            last = _number(end) if dash else (high if step else first)
        if not low <= first <= last <= high or (step and int(step) < 1):
            raise ValueError(f"{part!r} is not between {low} and {high}")
        values.update(range(first, last + 1, int(step or 1)))
    return frozenset(values)


def _number(text: str) -> int:
    name = text.upper()[:3]
    if name in _MONTHS:
        return _MONTHS.index(name) + 1
    return _DAYS.index(name) if name in _DAYS else int(text)


def schedule_of(function: Function) -> Schedule:
    """The function's schedule; `%NAME%` is read from the environment.

    Raises:
        AppError: no such setting, or no such schedule.
    """
    text = str(function.options.get("schedule", ""))
    if text.startswith("%") and text.endswith("%"):
        setting = os.environ.get(text.strip("%"))
        if setting is None:
            raise AppError(f"function {function.name}: the setting {text} is not set")
        text = setting
    try:
        return Schedule.parse(text)
    except ValueError as problem:
        raise AppError(f"function {function.name}: {problem}") from None


class TimerTriggers:
    """Runs functions on their schedules while the engine lives. Missed runs are not made up for."""

    def __init__(self, functions: Iterable[Function], engine: Engine, invoker: Invoker) -> None:
        self._schedules = [(function, schedule_of(function)) for function in functions]
        self._engine = engine
        self._invoker = invoker
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def start(self) -> None:
        """Arm every schedule; functions with runOnStartup run now."""
        for function, schedule in self._schedules:
            if function.options.get("runOnStartup"):
                self.run(function)
            self._arm(function, schedule)

    def stop(self) -> None:
        for handle in self._handles.values():
            handle.cancel()

    def run(self, function: Function) -> None:
        """Run a function now."""
        self._engine.spawn(self._run(function))

    def _arm(self, function: Function, schedule: Schedule) -> None:
        now = clock.utcnow()
        due = schedule.next_after(now)
        if due is None:
            return
        loop = asyncio.get_running_loop()
        wait = max(0.0, (due - now).total_seconds())

        def fire() -> None:
            self.run(function)
            self._arm(function, schedule)

        self._handles[function.name] = loop.call_later(wait, fire)

    async def _run(self, function: Function) -> None:
        self._engine.storage.stats[f"timer:{function.name}"] += 1
        try:
            await self._invoker.call_timer(function)
        except Exception:
            log.exception("timer function=%s status=failed", function.name)
        else:
            log.info("timer function=%s status=ok", function.name)
