"""What the receivers of the demo would get, composed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from acr_global.model import Action, Arrival, Artifact, Message, Verdict, VerdictType
from acr_global.notify.message import message_of
from acr_global_rig.registry import REGIONS
from demo.plan import Push
from demo.receivers import FLAKY, STEADY, Receipt

BEGUN = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def message(
    push: Push, verdict: VerdictType | None = None, missing: tuple[str, ...] | None = None
) -> Message:
    """The app's message about one push; the right one unless told otherwise."""
    missing = push.missing if missing is None else missing
    arrivals = tuple(
        Arrival(
            region=region,
            event_id=push.id,
            received_at=BEGUN + timedelta(seconds=seconds),
            digest=push.digest,
        )
        for seconds, region in enumerate(REGIONS)
        if region not in missing
    )
    return message_of(
        Verdict(
            type=verdict or push.verdict,
            push_id=push.id,
            action=Action.PUSH,
            artifact=Artifact(repository=push.repository, tag=push.tag, digest=push.digest),
            regions=REGIONS,
            arrivals=arrivals,
            missing=missing,
            begun_at=BEGUN,
            deadline=BEGUN + timedelta(seconds=10),
            decided_at=BEGUN + timedelta(seconds=10),
        )
    )


def told(push: Push, told_message: Message | None = None) -> list[Receipt]:
    """What both receivers get of one verdict when all goes well."""
    one = told_message or message(push)
    return [
        Receipt(STEADY, "msg_steady", 200, one),
        *(Receipt(FLAKY, "msg_flaky", status, one) for status in (503, 503, 200)),
    ]
