"""`pushes watch`: pushes until they are decided, as a picture at a terminal, else in lines."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any

from acr_global import api
from acr_global.cli.answers import understood
from acr_global.cli.exits import AppError, CommandError, Exit, NotAskedError
from acr_global.cli.output import cell, line, print_json
from acr_global.cli.push_text import image, left, timeline

if TYPE_CHECKING:
    from acr_global.cli.client import Client

PATH = "/api/pushes"
EVERY_SECONDS = 2.0
"""Between two looks."""
MAX_UNASKED = 3
"""Looks in a row that nobody answered; after these the watch is given up."""
GOOD = (api.PushState.COMPLETE, api.PushState.RECOVERED)
OPEN = (api.PushState.WAITING, api.PushState.INTERRUPTED)


class NotYetError(CommandError):
    """The time to wait is over."""

    reason = "not-yet"
    exit = Exit.NOT_YET


class View:
    """A line for each change."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._said = ""

    @contextmanager
    def shown(self) -> Iterator[None]:
        """While it is watched."""
        yield

    def update(self, pushes: Sequence[api.PushDetails]) -> None:
        """How they are now."""
        for push in pushes:
            text = told(push)
            if self._last.get(push.id) != text:
                print(text, flush=True)
            self._last[push.id] = text

    def say(self, text: str) -> None:
        """Something else, unless it was said last."""
        if text != self._said:
            print(line(text), flush=True)
        self._said = text


class Quiet(View):
    """Nothing until the end."""

    def update(self, pushes: Sequence[api.PushDetails]) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""


class Picture(View):
    """Each push with its regions on a line of time, drawn anew."""

    @contextmanager
    def shown(self) -> Iterator[None]:
        from rich.console import Console
        from rich.live import Live

        self._console = Console()
        with Live(console=self._console, auto_refresh=False) as self._live:
            yield

    def update(self, pushes: Sequence[api.PushDetails]) -> None:
        """How they are now; as many as there is room for."""
        from rich.text import Text

        lines = [part for push in pushes for part in drawn(push)]
        room = max(self._console.height - 1, 1)
        text = Text("\n".join(lines[:room]), no_wrap=True, overflow="ellipsis")
        self._live.update(text, refresh=True)


def fitting(*, as_json: bool) -> View:
    """The view for where stdout goes."""
    return Quiet() if as_json else Picture() if sys.stdout.isatty() else View()


def told(push: api.PushDetails) -> str:
    """One push in a line."""
    there = len(push.regions) - len(push.missing)
    lacks = f", missing: {cell(push.missing)}" if push.missing else ""
    head = f"{cell(push.id)}  {push.state.value}  {cell(image(push))}"
    return line(f"{head}  {there} of {len(push.regions)} regions{lacks}")


def drawn(push: api.PushDetails) -> list[str]:
    """One push in some lines."""
    time_left = left(push)
    head = f"{push.state.value}  {cell(image(push))}  {cell(push.id)}"
    return [f"{head}  {time_left}" if time_left else head, *timeline(push), ""]


async def watch(client: Client, ids: Sequence[str] | None, within: float, *, as_json: bool) -> int:
    """Watch these pushes, or all that wait now, until none is open.

    Raises NotYetError and AppError.
    """
    view = fitting(as_json=as_json)
    seen: dict[str, dict[str, Any]] = {}
    with view.shown():
        over = await _follow(client, ids, monotonic() + within, view, seen)
    if as_json:
        print_json({"pushes": [*seen.values()]})
    if not over:
        raise NotYetError("not decided within the time" if seen else "no such push within the time")
    if not seen and not as_json:
        print("No push is waiting.")
    good = all(api.PushState(answer["state"]) in GOOD for answer in seen.values())
    return Exit.FINE if good else Exit.PROBLEMS


async def _follow(
    client: Client,
    ids: Sequence[str] | None,
    until: float,
    view: View,
    seen: dict[str, dict[str, Any]],
) -> bool:
    """Whether all were decided in time; how they are then, or last were, is in `seen`."""
    unasked = 0
    while True:
        try:
            ids = ids if ids is not None else await _waiting(client)
            ids = [one for one in ids if not await _look(client, one, seen)]
            unasked = 0
            view.update([understood(api.PushDetails, answer) for answer in seen.values()])
            if not ids:
                return True
        except NotAskedError:
            unasked += 1
            if unasked == MAX_UNASKED:
                raise
        await asyncio.sleep(EVERY_SECONDS)
        if monotonic() >= until:
            return False


async def _waiting(client: Client) -> list[str]:
    page = understood(api.Pushes, await client.get(f"{PATH}?state={api.PushState.WAITING}"))
    return [push.id for push in page.pushes]


async def _look(client: Client, push_id: str, seen: dict[str, dict[str, Any]]) -> bool:
    """Whether a push is decided. One that is not known may come yet."""
    try:
        answer = await client.get(f"{PATH}/{push_id}")
    except AppError as error:
        if error.status != HTTPStatus.NOT_FOUND or isinstance(error, NotAskedError):
            raise
        return False
    push = understood(api.PushDetails, answer)
    seen[push_id] = answer
    return push.state not in OPEN
