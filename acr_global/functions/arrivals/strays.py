"""Arrivals from regions that have left the settings, for pushes that still wait for them."""

from __future__ import annotations

import asyncio

from acr_global.errors import NotKeptError
from acr_global.functions.arrivals.instances import Instances
from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import EngineError, Phase

LOOK_SECONDS = 0.8
"""For finding the push; the rest of the registry's 5 s is for keeping the arrival."""

_POLICY = ("regions", "timeout", "late_window", "check_every", "evidence", "targets")
"""The settings in a push's input, with which it began."""


async def open_push(instances: Instances, terms: wire.PushTerms) -> wire.PushTerms | None:
    """`terms` with the settings of the open push, if there is one that waits for the arrival's
    region; otherwise None.

    Raises NotKeptError when the engine does not say in time.
    """
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            snapshot = await instances.newest()
    except (EngineError, TimeoutError) as error:
        raise NotKeptError("The push could not be looked up in time.") from error
    if snapshot.phase in (Phase.ABSENT, Phase.FINISHED) or wire.is_decided(snapshot.custom_status):
        return None
    try:
        frozen = wire.load(wire.PushInput, snapshot.input)
    except ValueError:  # started by hand, in a form of its own
        return None
    if terms.arrival.region not in frozen.regions:
        return None
    return terms.model_copy(update={name: getattr(frozen, name) for name in _POLICY})
