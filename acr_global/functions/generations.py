"""Which generation of the same content is the newest, and what the ones that are over heard."""

from __future__ import annotations

from dataclasses import dataclass

from acr_global import correlation
from acr_global.functions import reviving, wire
from acr_global.functions.engine import Engine, EngineError, Look, Phase
from acr_global.model import Arrival


@dataclass(frozen=True, slots=True)
class Generation:
    """One push of content that may come again."""

    number: int
    look: Look
    reports: tuple[Arrival, ...] | None
    """What it, and those before it, heard from the regions. None: it is not over."""


async def newest_generation(engine: Engine, key: str) -> Generation:
    """The last generation that is there (0, and absent, if none): the first in the order of ids.

    Each begins only when the one before is over, so an open one is the newest. It makes no
    difference which of those before are still there.
    """
    look = await engine.first_by_prefix(correlation.generation_prefix(key))
    if look.phase is Phase.ABSENT:
        return Generation(0, look, None)
    try:
        number = correlation.generation_of(look.instance_id)
    except ValueError as error:  # started by hand
        raise EngineError(f"list: {error}") from error
    return Generation(number, look, _reports(look))


def _reports(look: Look) -> tuple[Arrival, ...] | None:
    """What a generation that is over had heard; nothing if it was broken off."""
    try:
        if look.phase is Phase.FAILED:
            wire.load(wire.PushInput, look.input)
            return None  # it goes on, in a next life
        if look.phase is Phase.TERMINATED and reviving.BEGUN_ANEW in str(look.output):
            return None  # so does this one
        if look.phase in (Phase.FINISHED, Phase.TERMINATED):
            return wire.load(wire.PushOutput, look.output).reports()
        if not wire.is_decided(look.custom_status):
            return None
        # Decided, and running on for some seconds.
        status = wire.load(wire.PushStatus, look.custom_status)
        earlier = wire.load(wire.PushInput, look.input).earlier
    except ValueError:
        return ()
    arrivals = status.arrivals()
    return None if arrivals is None else wire.newest_reports(earlier, arrivals)
