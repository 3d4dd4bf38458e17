"""Which pushes are open, without reading all of storage: those that this process knows of, and
those that are noted (noting.py). Each of them is then looked at.

A push that began less than 40 s ago on another machine may be in neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from acr_global import api
from acr_global.correlation import NOTES, is_push
from acr_global.functions.durable.engine import Engine, Phase, Snapshot
from acr_global.functions.durable.journal import OpenList
from acr_global.functions.recovery import noting
from acr_global.functions.views import pushlooks, pushviews

MAX_LOOKS = 100
"""At instances, for one list; the newest are looked at first."""

AT_ONCE = 16
"""Looks side by side."""


async def waiting(engine: Engine, own: OpenList) -> tuple[tuple[api.Push, ...], int]:
    """Pushes without a verdict yet, newest first; and how many more there may be.

    Raises EngineError.
    """
    ids = list(dict.fromkeys([*reversed(own.known()), *await _noted(engine)]))
    ids = [instance_id for instance_id in ids if is_push(instance_id)]
    places = asyncio.Semaphore(AT_ONCE)

    async def look(instance_id: str) -> api.Push | None:
        async with places:
            return await _as_it_is(engine, _if_waiting(await engine.look_back(instance_id)))

    found = await asyncio.gather(*map(look, ids[:MAX_LOOKS]))
    pushes = sorted((p for p in found if p), key=lambda push: push.first_at, reverse=True)
    return tuple(pushes), max(len(ids) - MAX_LOOKS, 0)


def _if_waiting(snapshot: Snapshot) -> api.Push | None:
    try:
        seen = pushviews.view(snapshot)
    except ValueError:  # not there, or started by hand
        return None
    return None if seen.over or seen.said else pushviews.listed(seen)


async def _as_it_is(engine: Engine, push: api.Push | None) -> api.Push | None:
    """One that is broken off goes on by itself, unless it was given up."""
    if push is None or push.state is not api.PushState.INTERRUPTED:
        return push
    record = await pushlooks.record_of(engine, push.id, Phase.FAILED)
    given_up = record.phase is not Phase.ABSENT
    return push.model_copy(update={"state": api.PushState.GIVEN_UP}) if given_up else push


async def _noted(engine: Engine) -> Iterable[str]:
    """The instances that notes name, the newest notes first."""
    listed = await engine.list_by_prefix(NOTES, show_input=True)
    return [name for note in reversed(listed.snapshots) for name in reversed(noting.named(note))]
