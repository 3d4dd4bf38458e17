"""What a simulation shows: a live table on a terminal, a line for everything that happens in a
pipe, or the result alone as JSON. Where nobody can read it any more, the run ends."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from acr_global.cli.output import cell, line, print_json, print_table
from acr_global_rig.simulation import table
from acr_global_rig.simulation.judge import Judgement
from acr_global_rig.simulation.plan import Push
from acr_global_rig.simulation.state import Answer, Receipt, Record, verdicts

REFRESH = 0.2
"""Seconds between two pictures of the live table, at least."""
AROUND = 5
"""Lines of a terminal that the live table leaves: its head, its foot, and the prompt."""


class View:
    """Shows nothing until the end."""

    def __init__(self) -> None:
        self.code: int | None = None
        """The exit code where nobody can read it any more."""
        self.end: Callable[[], object] = lambda: None
        """Called then."""
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    @contextmanager
    def showing(self, record: Record, seed: int) -> Iterator[None]:
        """While the block lasts, what happens is shown."""
        self._began = time.monotonic()
        with self._picture(record, seed):
            yield

    def show(self, happened: Answer | Receipt | None) -> None:
        """Show one thing that has happened now; None: nothing but that time has passed."""
        try:
            self._show(happened)
        except SystemExit as lost:  # here, for it may be a receiver that shows what it was told
            self.code = int(lost.code or 0)
            self.end()

    def conclude(self, record: Record, seed: int, judgement: Judgement) -> None:
        """Say what came of it."""
        listened = record.listeners
        pushes = [
            {
                "push": one.push.name,
                "key": one.key,
                "expected": sorted(list(ending) for ending in one.endings),
                "told": {r.name: verdicts(record.told(one.key, r.name)) for r in listened},
            }
            for one in record.expected
        ]
        print_json(
            {"seed": seed, "pushes": pushes, "wrong": judgement.wrong, "unknown": judgement.unknown}
        )

    @contextmanager
    def _picture(self, record: Record, seed: int) -> Iterator[None]:
        yield

    def _show(self, happened: Answer | Receipt | None) -> None:
        """Nothing."""


class Lines(View):
    """A line for everything that happens, and a table at the end."""

    @contextmanager
    def _picture(self, record: Record, seed: int) -> Iterator[None]:
        self._pushes = record.plan.pushes
        print(opening(record, seed), flush=True)
        yield

    def _show(self, happened: Answer | Receipt | None) -> None:
        if happened is None:
            return
        if isinstance(happened, Answer):
            webhook = happened.webhook
            what, name = "webhook", self._pushes[webhook.push].name
            said = f"{webhook.region}: {happened.status} {happened.word}"
        else:
            what, name = "told", happened.image
            said = f"{happened.receiver} ({happened.status}): {happened.message.text}"
        print(f"{self.seconds:6.1f} s  {what:<7}  {cell(name):<20}  {line(said)}", flush=True)

    def conclude(self, record: Record, seed: int, judgement: Judgement) -> None:
        """The whole table, and a line for everything that is not as it must be."""
        print()
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        head, *rows = table.fitting(record, record.plan.pushes, columns)
        print_table(head, rows)
        for text in table.deliveries(record):
            print(f"\n{line(text)}")
        print()
        for text in judgement.wrong:
            print(f"WRONG    {line(text)}")
        for text in judgement.unknown:
            print(f"UNKNOWN  {line(text)}")
        print(closing(record, seed, judgement, self.seconds))


class Live(Lines):
    """A table that changes as things happen: the pushes that something happened to last."""

    @contextmanager
    def _picture(self, record: Record, seed: int) -> Iterator[None]:
        from rich.console import Console
        from rich.live import Live as Picture

        self._record = record
        self._touched: dict[int, Push] = {}
        self._drawn = 0.0
        self._numbers = {one.key: one.push.number for one in record.expected}
        print(opening(record, seed), flush=True)
        self._console = Console()
        with Picture(console=self._console, auto_refresh=False, transient=True) as self._live:
            yield
            self._live.update(self._table(), refresh=True)

    def _show(self, happened: Answer | Receipt | None) -> None:
        number = self._number(happened)
        if number is not None:
            self._touched.pop(number, None)
            self._touched[number] = self._record.plan.pushes[number]
        if time.monotonic() - self._drawn >= REFRESH:
            self._live.update(self._table(), refresh=True)
            self._drawn = time.monotonic()

    def _number(self, happened: Answer | Receipt | None) -> int | None:
        """Of the push that something happened to, if it is one of ours."""
        if isinstance(happened, Answer):
            return happened.webhook.push
        return self._numbers.get(self._record.key(happened.message)) if happened else None

    def _table(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        room = max(1, self._console.height - AROUND)
        pushes = sorted([*self._touched.values()][-room:], key=lambda push: push.number)
        grid = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        head, *rows = table.fitting(self._record, pushes, self._console.width)
        for heading in head:
            grid.add_column(Text(heading), overflow="ellipsis", no_wrap=True)
        for row in rows:
            grid.add_row(*(Text(cell(value), style=STYLES.get(value, "")) for value in row))
        known = sum(map(self._record.is_known, self._record.expected))
        grid.caption = f"{known} of {len(self._record.expected)} known, {self.seconds:.0f} s"
        grid.caption_justify = "left"
        return grid


STYLES = {
    "complete": "green",
    "overdue": "yellow",
    "overdue + recovered": "green",
    "overdue + incomplete": "yellow",
    "lost": "yellow",
    "no answer": "red",
}
"""Of cells, at a terminal that is to show colours."""


def opening(record: Record, seed: int) -> str:
    """What is going to happen."""
    plan = record.plan
    return line(
        f"{plan.registry}, with replicas in {', '.join(plan.regions)}. Pushes: {len(plan.pushes)}, "
        f"webhooks: {len(plan.webhooks)}, seed: {seed}."
    )


def closing(record: Record, seed: int, judgement: Judgement, seconds: float) -> str:
    """What came of it, in a sentence."""
    took = f"pushes: {len(record.plan.pushes)}, seconds: {seconds:.0f}"
    if not (judgement.wrong or judgement.unknown):
        return f"Everything was told as it must be; {took}."
    found = f"Wrong: {len(judgement.wrong)}, not known: {len(judgement.unknown)}"
    return f"{found}; {took}. The same run again: --seed {seed}"


def view_for(*, as_json: bool) -> View:
    """The one that fits where stdout goes."""
    if as_json:
        return View()
    return Live() if sys.stdout.isatty() else Lines()
