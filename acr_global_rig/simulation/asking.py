"""The app's own list of its verdicts, where no target of it points to a receiver of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator

from acr_global.api import PushDetails, PushVerdict
from acr_global.model import Message, PushInfo
from acr_global_rig.simulation.expect import Expected, key_of
from acr_global_rig.simulation.scenario import Listener
from acr_global_rig.simulation.state import Receipt, Record, names

Ask = Callable[[str], Awaitable[PushDetails | None]]
"""The details of a push by the app's id; None where the app does not know it, or cannot say now."""

AT_ONCE = 8
"""Questions side by side: each costs the app several reads of its storage."""


def asked(listeners: Iterable[Listener]) -> Listener:
    """What takes the receivers' place: it hears of each verdict that any of them asks for."""
    verdicts = dict.fromkeys(verdict for one in listeners for verdict in one.verdicts)
    return Listener(name="app", verdicts=tuple(verdicts))


async def look(
    record: Record, ask: Ask, hear: Callable[[Receipt], None], pushes: Iterable[Expected]
) -> None:
    """Ask for each of these pushes once, and hear each verdict that is new."""
    (listener,) = record.listeners
    places = asyncio.Semaphore(AT_ONCE)

    async def one(expected: Expected) -> None:
        push_id = _app_id(record, expected)
        if push_id is None:
            return
        async with places:
            details = await ask(push_id)
        if details:
            known = len(record.told(expected.key, listener.name))
            for receipt in [*_receipts(details, listener)][known:]:
                hear(receipt)

    await asyncio.gather(*map(one, pushes))


def _app_id(record: Record, expected: Expected) -> str | None:
    """The app's id of a push, from its answer to the push's first webhook."""
    for answer in record.answers.get(expected.push.number, ()):
        if answer.push and key_of(answer.webhook, expected.push, record.app) == expected.key:
            return answer.push
    return None


def _receipts(details: PushDetails, listener: Listener) -> Iterator[Receipt]:
    """Each verdict as a receiver would get it."""
    for verdict in details.verdicts:
        if verdict.type in listener.verdicts:
            message = _message(details, verdict)
            yield Receipt(listener.name, message.id, 200, message)


def _message(details: PushDetails, verdict: PushVerdict) -> Message:
    """What the app knows of a push, as of one verdict: a region that was missing then may have
    reported since."""
    regions = tuple(
        report.model_copy(update={"state": "missing", "lag_seconds": None})
        if report.region in verdict.missing
        else report
        for report in details.regions
    )
    lacking = f", missing {names(verdict.missing)}" if verdict.missing else ""
    return Message(
        type=verdict.type,
        id=f"{details.id} {verdict.type}",
        text=f"{verdict.type}{lacking}",
        push=PushInfo(
            id=details.id,
            registry=details.registry,
            repository=details.repository,
            tag=details.tag,
            digest=details.digest,
            action=details.action,
            pushed_at=None,
        ),
        regions=regions,
        missing=verdict.missing,
        deadline=details.deadline or verdict.at,
        decided_at=verdict.at,
    )
