"""`RecallPush`: what was said of a push, for a start that has taken its place.

A start that is held up, in a host or on its way to one, can take effect when its push has begun by
another start, and ended; then it takes that instance's place, without its record. What was said
stands in the ledger, and from there the push goes on as one that was broken off does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from acr_global import correlation
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.sdk import App
from acr_global.functions.durable.wire import JsonObject
from acr_global.functions.records import bookkeeping
from acr_global.functions.setup import Setup, Tools
from acr_global.model import Arrival, Evidence, EvidenceKind

if TYPE_CHECKING:
    from acr_global.ledger import Row


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.RECALL_PUSH)
    @app.activity(names.RECALL_PUSH)
    @app.durable_client()
    async def recall_push(work: JsonObject, client: str) -> JsonObject:
        if work == wire.PROBE:
            return work
        return wire.dump(await recall(setup.tools(client), wire.load(wire.RecallInput, work)))


async def recall(tools: Tools, data: wire.RecallInput) -> wire.RecallOutput:
    """Look it up. Raises LedgerError: then the push goes on as a new one, and before an alarm the
    ledger is asked once more."""
    row = await bookkeeping.row_of(tools, data.push_id, data.artifact, data.since)
    if row is None:
        return wire.RecallOutput()
    bookkeeping.log_begun_again(data.push_id, row.state)
    return wire.RecallOutput(known=known_from(row, data))


def known_from(row: Row, data: wire.RecallInput) -> wire.Known:
    """A push's row, as what an earlier life of it knew."""
    # By content the delivery's id has a word in it that no row holds.
    delivery = correlation.delivery_id(row.id, row.state) if row.undelivered else None
    record = wire.VerdictRecord(
        type=row.state, at=row.decided_at, missing=row.missing, delivery=delivery, listed=True
    )
    ways = ways_of(row)
    return wire.Known(
        lives=0,
        begun_at=row.deadline - data.timeout,
        interrupted_at=row.decided_at,
        arrivals=ways.arrivals,
        evidence=ways.evidence,
        said=(record,),
        first_at=row.first_at,
    )


def ways_of(row: Row) -> wire.EvidenceOutput:
    """How the regions of a push in the ledger were known to have the image."""
    return wire.EvidenceOutput(arrivals=tuple(_arrivals(row)), evidence=tuple(_evidence(row)))


def _arrivals(row: Row) -> Iterator[Arrival]:
    for way in row.ways:
        if way.by in ("webhook", "caught-up"):
            yield Arrival(
                region=way.region,
                event_id=way.event or row.id,
                received_at=way.at or row.decided_at,
                caught_up=True if way.by == "caught-up" else None,
            )


def _evidence(row: Row) -> Iterator[Evidence]:
    for way in row.ways:
        if way.by == "evidence":
            yield Evidence(
                region=way.region,
                kind=EvidenceKind.EARLIER_REPORT,
                found=True,
                detail="the image was there when the push was decided",
                at=row.decided_at,
            )
