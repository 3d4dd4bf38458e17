"""The pages: which address shows what, and what their forms do.

They read and do what the API does, by the same functions. Who asks has been looked at before
(guard.py).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import azure.functions as func

from acr_global import api
from acr_global.errors import AcrGlobalError, RejectedError
from acr_global.functions import log
from acr_global.functions.durable.engine import EngineError
from acr_global.functions.http import dead_letter, dead_letters, health, retry_push
from acr_global.functions.http.replay_dead_letter import replay
from acr_global.functions.pages import browsers
from acr_global.functions.pages.guard import Visitor
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.views.pushlists import listing
from acr_global.functions.views.pushlooks import show
from acr_global.functions.views.regionlists import regions as count_regions
from acr_global.ui import letters, push, pushes, regions, texts
from acr_global.ui.render import render
from acr_global.version import VERSION

EVERY_SECONDS = 5
"""Between two looks for something new; more while nothing happens."""

REGIONS_EVERY_SECONDS = 60
"""Likewise, of the page that thousands of rows are read for."""


class PageUnknownError(AcrGlobalError):
    """No page has this address."""

    status = 404
    reason = "page-unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a page, or of its form."""

    setup: Setup
    tools: Tools
    visitor: Visitor
    query: Mapping[str, str]
    name: str = ""
    """Of what the page is of, as the address says it."""

    def page(self, template: str, here: str, **values: object) -> str:
        """A page's HTML. `here`: the entry of the menu that it belongs to."""
        common: dict[str, object] = {
            "version": VERSION,
            "every": EVERY_SECONDS,
            "visitor": self.visitor,
        }
        return render(template, here=here, csrf=self.visitor.csrf, **common | values)


Show = Callable[[Asked], Awaitable[tuple[int, str]]]
Do = Callable[[Asked], Awaitable[str]]


async def page(request: func.HttpRequest, asked: Asked) -> func.HttpResponse:
    """The page of an address, or the page that says why there is none."""
    found = SHOWN.get(_pattern(request))
    try:
        if found is None:
            raise PageUnknownError("No page has this address.")
        status, text = await found(replace(asked, name=_name(request)))
    except (AcrGlobalError, EngineError) as error:
        return _failed(error, asked)
    return browsers.html(text, status) if status != 200 else browsers.html_if_new(text, request)


async def form(request: func.HttpRequest, asked: Asked) -> func.HttpResponse:
    """Do what a form asks for; then show the page that says so."""
    found = DONE.get(_pattern(request))
    try:
        if found is None:
            raise PageUnknownError("No form is sent to this address.")
        return browsers.see_other(await found(replace(asked, name=_name(request))))
    except (AcrGlobalError, EngineError) as error:
        return _failed(error, asked)


def _parts(request: func.HttpRequest) -> list[str]:
    where = str(request.route_params.get("page") or "")
    return [part for part in where.split("/") if part]


def _pattern(request: func.HttpRequest) -> tuple[str, ...]:
    """The address with a star for a name, which is its second part."""
    return tuple("*" if n == 1 else part for n, part in enumerate(_parts(request)))


def _name(request: func.HttpRequest) -> str:
    return (*_parts(request), "", "")[1]


def _failed(error: AcrGlobalError | EngineError, asked: Asked) -> func.HttpResponse:
    if isinstance(error, EngineError):
        log.line("engine-unavailable", level=logging.WARNING, cause=str(error))
        status, message = 503, "The app's storage did not answer. Try again in a moment."
    else:
        status, message = error.status, error.message
    heading = _HEADINGS.get(status, "This did not work")
    return browsers.html(asked.page("error.html", "", heading=heading, message=message), status)


_HEADINGS = {
    404: "Not here",
    409: "Nothing to retry",
    503: "Not now",
}


async def _pushes(asked: Asked) -> tuple[int, str]:
    """The list; where what is asked for is wrong, the page says so beside its form."""
    tools, setup = asked.tools, asked.setup
    query = pushes.query_of(asked.query, tools.clock())
    found, error = api.Pushes(pushes=()), None
    try:
        found = await listing(tools, setup.journal.open, query)
    except RejectedError as wrong:
        error = wrong.message
    named = tuple(tools.settings.all_regions())
    problems = tuple(p for p in health.problems_of(setup.loaded) if p.severity == "error")
    view = pushes.page(found, asked.query, query, named, problems, error)
    return (400 if error else 200), asked.page("pushes.html", "pushes", view=view)


async def _push(asked: Asked) -> tuple[int, str]:
    found = await show(asked.tools.engine, asked.name)
    done = _DONE.get(asked.query.get("done", ""))
    return 200, asked.page("push.html", "pushes", view=push.page(found), done=done)


async def _regions(asked: Asked) -> tuple[int, str]:
    found = await count_regions(asked.tools, regions.query_of(asked.query, asked.tools.clock()))
    registries = tuple(asked.tools.settings.registries)
    view = regions.page(found, asked.query, registries)
    values = {"view": view, "columns": regions.COLUMNS, "every": REGIONS_EVERY_SECONDS}
    return 200, asked.page("regions.html", "regions", **values)


async def _dead_letters(asked: Asked) -> tuple[int, str]:
    after = asked.query.get("after") or None
    found = await dead_letters.listing(asked.tools.engine, after)
    view = letters.page(found, after)
    return 200, asked.page("deadletters.html", "deadletters", view=view)


async def _dead_letter(asked: Asked) -> tuple[int, str]:
    found = await dead_letter.show(asked.tools.engine, asked.name)
    done = _DONE.get(asked.query.get("done", ""))
    values = {"view": letters.details(found), "done": done}
    return 200, asked.page("deadletter.html", "deadletters", **values)


async def _retry_push(asked: Asked) -> str:
    retried = await retry_push.retry(asked.tools, asked.name)
    return texts.path("pushes", retried.push, done="retry")


async def _replay(asked: Asked) -> str:
    replayed = await replay(asked.tools, asked.name)
    if replayed.push:
        return texts.path("pushes", replayed.push, done="retry")
    return texts.path("deadletters", replayed.delivery, done="retry")


_DONE = {"retry": "It is tried again. What comes of it is shown here."}
"""What a page says after a form, by the word in its address."""

SHOWN: dict[tuple[str, ...], Show] = {
    (): _pushes,
    ("pushes", "*"): _push,
    ("regions",): _regions,
    ("deadletters",): _dead_letters,
    ("deadletters", "*"): _dead_letter,
}
"""Each page, by its address below /api/ui."""

DONE: dict[tuple[str, ...], Do] = {
    ("pushes", "*", "retry"): _retry_push,
    ("deadletters", "*", "replay"): _replay,
}
"""What each form does, by its address."""
