"""Which instance an arrival belongs to: by the notification's id always the same one; by content
the newest generation, or the one after it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from acr_global import correlation
from acr_global.functions import reviving, wire
from acr_global.functions.engine import Engine, EngineError, Look, Phase
from acr_global.model import Arrival


@dataclass(frozen=True, slots=True)
class Found:
    """An instance, there or not, and how far it is."""

    start: wire.PushInput
    """What would begin it, if it is not there."""
    look: Look


def new_input(push_id: str, terms: wire.PushTerms) -> wire.PushInput:
    """What begins an instance: its id, and a nonce that no other start has."""
    own = {"push_id": push_id, "nonce": uuid.uuid4().hex}
    return wire.PushInput.model_validate(dict(terms) | own)


class ById:
    """The push's key is its instance's id."""

    def __init__(self, engine: Engine, key: str) -> None:
        self._engine, self._key = engine, key

    def known(self, terms: wire.PushTerms) -> wire.PushInput | None:
        """What would begin the instance, as far as that is known without asking."""
        return new_input(self._key, terms)

    async def newest(self) -> Look:
        """The instance, with its input. Raises EngineError."""
        return await self._engine.look(self._key, show_input=True)

    async def find(self, terms: wire.PushTerms) -> Found:
        """The instance that an arrival belongs to. Raises EngineError."""
        look = await self._engine.look(self._key)
        over = look.phase is Phase.BEGUN and wire.is_decided(look.custom_status)
        look = replace(look, phase=Phase.FINISHED) if over else look
        return Found(new_input(self._key, terms), look)


class ByContent:
    """The key is of content, which can be pushed again after its last verdict."""

    def __init__(self, engine: Engine, key: str) -> None:
        self._engine, self._key = engine, key

    def known(self, terms: wire.PushTerms) -> wire.PushInput | None:
        """Nothing: it takes a look to know the generation."""
        return None

    async def newest(self) -> Look:
        """The last generation that is there (absent, if none), with its input: the first in the
        order of ids. Raises EngineError.

        Each begins only when the one before is over, so an open one is the newest. It makes no
        difference which of those before are still there.
        """
        return (await self._newest())[1]

    async def _newest(self) -> tuple[int, Look]:
        look = await self._engine.first_by_prefix(correlation.generation_prefix(self._key))
        if look.phase is Phase.ABSENT:
            return 0, look
        try:
            return correlation.generation_of(look.instance_id), look
        except ValueError as error:  # started by hand
            raise EngineError(f"list: {error}") from error

    async def find(self, terms: wire.PushTerms) -> Found:
        """The newest generation while it is open; after that the next one, but for a redelivery.

        Raises EngineError.
        """
        number, look = await self._newest()
        reports = _reports_if_over(look)
        start = new_input(correlation.generation_id(self._key, number), terms)
        if reports is None:
            return Found(start, look)
        if any(_same_event(report, terms.arrival) for report in reports):
            return Found(start, replace(look, phase=Phase.FINISHED))
        again = terms.model_copy(update={"earlier": reports})
        following = new_input(correlation.generation_id(self._key, number + 1), again)
        return Found(following, Look(Phase.ABSENT))


Instances = ById | ByContent


def _reports_if_over(look: Look) -> tuple[Arrival, ...] | None:
    """What a generation that is over, and those before it, heard from the regions; nothing if it
    was broken off. None: it is not over."""
    try:
        if look.phase is Phase.ABSENT:
            return None
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


def _same_event(one: Arrival, other: Arrival) -> bool:
    """The same region's same event: a redelivery, not another push of the same content."""
    return (one.region, one.event_id) == (other.region, other.event_id)
