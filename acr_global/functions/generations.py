"""Which generation of the same content is the newest, and what the ones that are over heard."""

from __future__ import annotations

from dataclasses import dataclass

from acr_global import correlation
from acr_global.functions import wire
from acr_global.functions.engine import Engine, Look, Phase
from acr_global.model import Arrival


@dataclass(frozen=True, slots=True)
class Generation:
    """One push of content that may come again."""

    number: int
    look: Look
    reports: tuple[Arrival, ...] | None
    """What it, and those before it, heard from the regions. None: it is not over."""


async def newest_generation(engine: Engine, key: str) -> Generation:
    """The last generation that is there (0 if none): doubling steps, then halving.

    Generations follow one another without a gap and each begins only when the one before is
    over, so an open one is the newest, and n of them take about 2·log2(n) looks.
    """

    async def at(number: int) -> Generation:
        look = await engine.look(correlation.generation_id(key, number), show_input=True)
        return Generation(number, look, _reports(look))

    newest, step = await at(0), 1
    beyond: int | None = None  # the lowest number found absent
    while newest.reports is not None and beyond != newest.number + 1:
        middle = (newest.number + beyond) // 2 if beyond else newest.number + step
        there = await at(middle)
        if there.look.phase is Phase.ABSENT:
            beyond = middle
        else:
            newest, step = there, step * 2
    return newest


def _reports(look: Look) -> tuple[Arrival, ...] | None:
    """What a generation that is over had heard; nothing if it was broken off."""
    try:
        if look.phase is Phase.FAILED:  # it goes on, in a next life
            return None
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
