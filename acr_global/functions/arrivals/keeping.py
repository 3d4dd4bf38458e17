"""Accepted means kept: put an arrival where nothing can lose it, or say that it was not.

There are three such places: the input of the start that won, an event to an instance that has
begun, and the input of a courier, which sees a push through that has not begun, was broken off, or
cannot be asked about in time. The textbook way (look, start if absent, raise) answers 202 and loses
arrivals in a plain race and in a crash; docs/decisions.md says why, and what was seen.

Arrivals of one push that look for a place in this process at the same moment, as where regions
report at once or webhooks wait for their turn, look for it together: one look, and one start that
holds them all.
"""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from acr_global.errors import NotKeptError
from acr_global.functions.arrivals.instances import Instances
from acr_global.functions.arrivals.pacing import TooManyError, admitted, first_of, insist
from acr_global.functions.arrivals.searching import Kept, Search, now
from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import Engine, EngineError

COURIER_AFTER_SECONDS = 2.0
"""From the first look to sending a courier beside the search. The first push after an idle spell
takes about 2 s (maxQueuePollingInterval) to begin."""

BUDGET_SECONDS = 4.2
"""For finding a place. The registry waits 5 s and never comes back."""

Searches = dict[tuple[str, str], Search]
"""By the engine's URL and the push: the search that others may join."""

_searches: WeakKeyDictionary[asyncio.AbstractEventLoop, Searches] = WeakKeyDictionary()


async def keep(engine: Engine, instances: Instances, terms: wire.PushTerms) -> Kept:
    """Keep `terms.arrival` for its push.

    `instances`: where that push is found. `terms`: with what this arrival would begin it.
    Raises NotKeptError when the engine took it nowhere within the budget.
    """
    until = now() + BUDGET_SECONDS
    start = instances.start_unasked(terms)
    if start is None:
        return await _found(Search(engine, instances, terms, start), until, after=0)
    loop = asyncio.get_running_loop()
    searches = _searches.setdefault(loop, {})
    push = engine.url, start.push_id
    others = searches.get(push)
    if others and others.takes(terms) and (kept := await others.join(terms.arrival)):
        return kept
    searches[push] = own = Search(engine, instances, terms, start)
    try:
        return await _found(own, until, after=others.begins_at - now() if others else 0)
    finally:
        loop.call_at(own.begins_at, _drop, searches, push, own)


def _drop(searches: Searches, push: tuple[str, str], search: Search) -> None:
    """Forget a search that has ended, unless another has taken its place."""
    if searches.get(push) is search:
        del searches[push]


async def _found(search: Search, until: float, *, after: float) -> Kept:
    """The place of a search's first arrival. Others that have joined, and found none by then, are
    told so: each may have some time left."""
    errors = list[Exception]()
    try:
        with admitted(BUDGET_SECONDS):
            async with asyncio.timeout_at(until):
                await first_of(
                    insist(search.once, errors, after),
                    insist(search.send_couriers, errors, COURIER_AFTER_SECONDS),
                )
    except TooManyError:
        raise NotKeptError(
            "More webhooks are under way than can be stored in time.", reason="too-busy"
        ) from None
    except TimeoutError:
        await search.last_look()
    finally:
        search.end()
    if kept := search.first.result():
        return kept
    cause = errors[-1] if errors else EngineError("the engine took too long to answer")
    raise NotKeptError("The arrival could not be stored in time.") from cause
