"""How `wait` waits: it looks, at growing intervals, until the image's push is decided.

Of a tag the newest push counts, for it has moved the tag. Of a digest each push has the same
content, so one that is in every region is enough. A deletion takes back what was before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from acr_global import api
from acr_global.api import PushState
from acr_global.cli.answers import understood
from acr_global.cli.connection import asked
from acr_global.cli.exits import AppError, CommandError, Exit, NotAskedError, UnreachableError
from acr_global.cli.output import cell, print_json
from acr_global.cli.watching import GOOD, OPEN, PATH, NotYetError, View, fitting
from acr_global.image import Image
from acr_global.model import PUSHED, Action

if TYPE_CHECKING:
    from acr_global.cli.client import Client

MIN_PAUSE, MAX_PAUSE = 2.0, 15.0
"""Seconds between two looks."""
LISTED_EVERY = 60.0
"""Seconds, while a push is open: whether a newer one has come is dearer to ask than how it is."""
AWAY_SECONDS = 300.0
"""As long as this in a row the app may be away: it is restarted, or deployed."""
UNREACHED_SECONDS = 10.0
"""The same before its first answer, for then the URL may be wrong."""
MAX_PAGES = 10
"""Of the list, for one look."""
_WHY = "; why that may be: docs/alarms.md, A pipeline stands"


class NotEverywhereError(CommandError):
    """Some region does not have the image, and nothing more is waited for."""

    reason = "not-everywhere"


def pause(waited: float) -> float:
    """Seconds until the next look: a tenth of those waited so far, within bounds."""
    return min(max(waited / 10, MIN_PAUSE), MAX_PAUSE)


def decisive(pushes: Iterable[api.Push], image: Image) -> api.Push | None:
    """The push that decides whether the image is everywhere, if there is one."""
    newest_first = sorted(pushes, key=lambda push: push.first_at, reverse=True)
    there = takewhile(lambda push: push.action is not Action.DELETE, newest_first)
    counted = [push for push in there if push.action in PUSHED and _is_named(push, image)]
    enough = [push for push in counted if image.digest and push.state in GOOD]
    return next(iter(enough or counted), None)


def _is_named(push: api.Push, image: Image) -> bool:
    """Whether a push is of the tag that was named beside a digest."""
    return image.digest is None or image.tag in (None, push.tag)


def is_over(push: api.Push) -> bool:
    """Whether waiting longer for it would be in vain."""
    if push.state is PushState.OVERDUE and isinstance(push, api.PushDetails):
        return push.listens_until is None
    return push.state not in (*OPEN, PushState.OVERDUE)


class Wait:
    """One image that is waited for."""

    def __init__(self, client: Client, image: Image, since: str | None) -> None:
        """`since`: a time in ISO 8601; only pushes that began then or later count."""
        self._client, self._image = client, image
        tag = image.tag or ("" if image.digest else "latest")
        self.name = f"{image.registry}/{image.repository}"
        self.name += (f":{tag}" if tag else "") + (f"@{image.digest}" if image.digest else "")
        # A deletion names no tag, so where there is a digest all of it is asked for.
        whole = f"{image.registry}/{image.repository}@{image.digest}" if image.digest else self.name
        self._asked = {"image": whole} | ({"since": since} if since else {})
        self._push: api.Push | None = None
        """The decisive one, as it is now."""
        self._answer: dict[str, Any] | None = None
        self._listed_at = 0.0

    async def run(self, within: float, *, as_json: bool) -> int:
        """Wait so many seconds at most.

        Raises NotEverywhereError, NotYetError, and AppError where the app could not be asked.
        """
        view = fitting(as_json=as_json)
        with view.shown():
            await self._follow(within, view)
        push = self._push
        if as_json:
            good, missing = push is not None and push.state in GOOD, push.missing if push else ()
            found = {"image": self.name, "everywhere": good, "missing": missing}
            print_json(found | {"push": self._answer})
        if push is None:
            raise NotYetError(f"no push of {self.name} is known by then{_WHY}")
        if push.state in OPEN:
            raise NotYetError(f"{self.name} is {push.state.value} still, {_missing(push)}")
        if push.state not in GOOD:
            raise NotEverywhereError(f"{self.name} is {push.state.value}, {_missing(push)}")
        view.say(f"{self.name} is in every region.")
        return Exit.FINE

    async def _follow(self, within: float, view: View) -> None:
        clock = asyncio.get_running_loop().time
        begun = clock()
        heard: float | None = None
        while True:
            unasked: AppError | None = None
            try:
                over = await self._look(view)
                heard = clock()
                if over:
                    return
            except AppError as error:
                if not _may_come_back(error, heard is not None):
                    raise
                unasked = error
                view.say(f"not answered: {error.message}; it is asked again")
                first = heard is None and isinstance(error, UnreachableError)
                patience = UNREACHED_SECONDS if first else AWAY_SECONDS
                if clock() - (heard or begun) >= patience:
                    raise
            left = begun + within - clock()
            if left <= 0:
                if unasked:
                    raise unasked
                return
            wished = getattr(unasked, "retry_after", None) or 0.0
            await asyncio.sleep(min(max(pause(clock() - begun), wished), left))

    async def _look(self, view: View) -> bool:
        """Look once; whether there is nothing more to wait for."""
        clock = asyncio.get_running_loop().time
        if self._push is not None:
            await self._show(self._push, view)
        is_open = self._push is not None and self._push.state in OPEN
        if is_open and clock() - self._listed_at < LISTED_EVERY:
            return False
        known = {push.id: push for push in await self._list()}
        self._listed_at = clock()
        # What is decided is listed a moment later only.
        known |= {self._push.id: self._push} if self._push else {}
        chosen = decisive(known.values(), self._image)
        if chosen is None:
            view.say(f"{self.name}: no push of it is known yet")
        elif self._push is None or chosen.id != self._push.id:
            await self._show(chosen, view)
        return self._push is not None and is_over(self._push)

    async def _list(self) -> list[api.Push]:
        """The image's pushes: as far back as it takes to know the decisive one."""
        found: list[api.Push] = []
        more: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            answer = await self._client.get(asked(PATH, self._asked | more))
            page = understood(api.Pushes, answer)
            found += page.pushes
            chosen = decisive(found, self._image)
            if not page.next or (chosen and (chosen.state in GOOD or not self._image.digest)):
                break
            more = {"after": page.next}
        return found

    async def _show(self, push: api.Push, view: View) -> None:
        """How a push is now; one that is listed and has been purged is as it is listed."""
        try:
            answer = await self._client.get(f"{PATH}/{push.id}")
        except AppError as error:
            if error.status != HTTPStatus.NOT_FOUND or isinstance(error, NotAskedError):
                raise
            self._push, self._answer = push, api.dump(push)
            return
        details = understood(api.PushDetails, answer)
        self._push, self._answer = details, answer
        view.update([details])


def _may_come_back(error: AppError, heard: bool) -> bool:
    """Whether it is worth asking again. A host that starts has no addresses for some moments."""
    return isinstance(error, NotAskedError) or (heard and error.status == HTTPStatus.NOT_FOUND)


def _missing(push: api.Push) -> str:
    return f"missing: {cell(push.missing)}"
