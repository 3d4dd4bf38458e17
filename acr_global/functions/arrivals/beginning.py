"""What follows the start of a push: a check, some time later, whether it has begun; and a log line
where it had begun before."""

from __future__ import annotations

import asyncio
import logging

from acr_global.functions import log
from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import Engine, EngineError, Phase
from acr_global.functions.recovery import mending
from acr_global.functions.telemetry import observing

BEGINS_WITHIN_SECONDS, BEGIN_LOOKS = 20.0, 5
"""Seconds before the check, and how often it is tried where the engine does not answer."""


async def see_it_begin(engine: Engine, push_id: str) -> None:
    """Send a courier for a push that was started here and has not begun after some time; note one
    that is open. Nothing is asked where its first turn ran in this process, or where all regions
    have reported here."""
    for _ in range(BEGIN_LOOKS):
        await asyncio.sleep(BEGINS_WITHIN_SECONDS)
        silent = engine.journal.open.silent(push_id)
        if not engine.journal.is_unseen(push_id) and not silent:
            return
        try:
            snapshot = await engine.look(push_id)
            if snapshot.phase is Phase.BEGUN and not wire.is_decided(snapshot.custom_status):
                engine.journal.open.found(push_id)
            if snapshot.phase in (Phase.PENDING, Phase.FAILED):
                await mending.send_courier(engine, push_id)
            return
        except EngineError:
            engine.journal.started(push_id, silent)


def note_begun_anew(push_id: str, life: wire.PushTerms) -> None:
    """Log and count that a push was broken off, and goes on."""
    earlier = life.known.arrivals if life.known else ()
    log.line(
        "push-begun-anew",
        level=logging.WARNING,
        push=push_id,
        life=(life.known.lives if life.known else 0) + 1,
        known=list(dict.fromkeys(a.region for a in (life.arrival, *earlier, *life.more))),
        todo="nothing; if it comes often, look why Python ends (memory?)",
    )
    if observer := observing.observer():
        observer.revived("push")
