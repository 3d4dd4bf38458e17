"""The app's vocabulary, frozen: what was pushed, which region reported it, what was decided.

Pydantic models rather than dataclasses, because every one of them crosses a JSON border
(orchestration inputs, activity inputs, notifications) and is read back by a later release.
All times are timezone-aware UTC.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)


class Frozen(BaseModel):
    """Base of the vocabulary: immutable; unknown fields of a newer release are ignored."""

    # Pydantic builds each model at its first use: to build all took a tenth of a cold start.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


def as_utc(moment: datetime) -> datetime:
    """A moment in UTC; one that names no zone is taken as UTC already.

    Raises ValueError where it has no form in UTC: within a day of the first or the last datetime.
    """
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is no moment in UTC") from None


Moment = Annotated[datetime, AfterValidator(as_utc)]
"""A point in time that can be compared with every other, however it was written."""


def _or_none(value: Any, read: ValidatorFunctionWrapHandler) -> datetime | None:
    try:
        return cast(datetime, read(value))
    except ValueError:
        return None


MomentIfAny = Annotated[Moment | None, WrapValidator(_or_none)]
"""A point in time on which no decision depends: one that cannot be used counts as absent, and the
rest of its model is kept."""

MAX_FIELD_CHARS = 1_024
"""Characters; the distribution specification allows 255 for a repository, 128 for a tag."""

CutText = Annotated[str, AfterValidator(lambda text: text[:MAX_FIELD_CHARS])]
"""A text that has not passed the webhook's checks, cut so that it cannot swell a message."""


class Action(StrEnum):
    """What the registry says happened. Source: the registry's webhook reference."""

    PUSH = "push"
    DELETE = "delete"
    QUARANTINE = "quarantine"
    CHART_PUSH = "chart_push"
    CHART_DELETE = "chart_delete"


PUSHED = (Action.PUSH, Action.CHART_PUSH)
"""After which something is there."""


class VerdictType(StrEnum):
    """What the app says about one push."""

    COMPLETE = "complete"
    OVERDUE = "overdue"
    RECOVERED = "recovered"
    INCOMPLETE = "incomplete"


class Artifact(Frozen):
    """What was pushed or deleted. Every field may be absent in the registry's event."""

    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None
    media_type: str | None = None
    name: str | None = None
    """Chart name; only in chart events."""
    version: str | None = None
    """Chart version; only in chart events."""

    @property
    def reference(self) -> str:
        """`repository:tag`, or `repository@digest` where there is no tag."""
        repository = self.repository or "(unknown repository)"
        if self.tag:
            return f"{repository}:{self.tag}"
        return f"{repository}@{self.digest}" if self.digest else repository


class PushEvent(Frozen):
    """One region's webhook for one push, as understood."""

    id: str
    """The registry's notification id, as sent."""
    region: str
    action: Action
    artifact: Artifact
    timestamp: Moment | None = None
    """The event's own time, by the registry's clock."""
    dropped: tuple[str, ...] = ()
    """Names of fields that could not be used, and count as absent."""


class Arrival(Frozen):
    """One region's report of one push, as it is kept in the orchestration."""

    region: str
    event_id: CutText
    received_at: Moment
    """When the starter received it, by the app's clock."""
    timestamp: MomentIfAny = None
    digest: CutText | None = None
    caught_up: Literal[True] | None = None
    """It was read in the registry's own log, because its webhook had not been delivered."""

    @property
    def reported_at(self) -> datetime:
        """When the region reported: for an arrival that was caught up, the event's own time."""
        return (self.timestamp if self.caught_up else None) or self.received_at


class EvidenceKind(StrEnum):
    """Where a statement about a region that has not reported comes from."""

    EVENT_LOG = "event-log"
    MANIFEST = "manifest"
    EARLIER_REPORT = "earlier-report"
    INTERRUPTED = "interrupted"
    """No check: the app's own record of the push may lack an arrival."""
    CAUGHT_UP = "caught-up"
    """The region has reported, but its webhook was not delivered: the registry's log had the event.
    Only in notifications."""


class Evidence(Frozen):
    """What one check said about one region that had not reported."""

    region: str
    kind: EvidenceKind
    found: bool
    """True: it counts as the region having the image. False: `detail` says what was seen."""
    absent: bool = False
    """True: the check says definitely that the image is not there."""
    detail: str
    """One plain phrase, such as `readable there` or `fired but refused with status 504`."""
    at: MomentIfAny = None


class Verdict(Frozen):
    """What was decided about one push, and everything it was decided on."""

    type: VerdictType
    push_id: str
    birth: str | None = None
    """Distinguishes the push from an earlier one of the same id, where ids come again after a
    purge."""
    first_at: MomentIfAny = None
    """When the arrival that began it was received, where another one is older that was held up."""
    action: Action
    artifact: Artifact
    regions: tuple[str, ...]
    """Every region expected, in the order of the setting."""
    arrivals: tuple[Arrival, ...]
    """The first arrival of each region, in the order received."""
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    begun_at: Moment
    deadline: Moment
    decided_at: Moment


class PushInfo(Frozen):
    """The push, as a notification names it."""

    id: str
    registry: str | None
    repository: str | None
    tag: str | None
    digest: str | None
    action: Action
    media_type: str | None = None
    pushed_at: MomentIfAny
    """The earliest event time that any region's webhook carried, by the registry's clock."""


class RegionReport(Frozen):
    """One expected region, as a notification names it."""

    region: str
    state: Literal["arrived", "evidence", "missing"]
    received_at: Moment | None = None
    lag_seconds: float | None = None
    """Seconds after the first region's arrival, by the app's clock, and where an arrival was caught
    up by the registry's; 0.0 for the first."""
    event_id: str | None = None
    digest: str | None = None
    digest_differs: bool = False
    """True when this region reported another digest than the first one."""
    evidence: tuple[Evidence, ...] = ()


class Message(Frozen):
    """The notification: the JSON body of a `webhook` target; its schema stands in docs/."""

    schema_version: Literal[1] = 1
    type: VerdictType
    id: str
    """The same on each retry, replay and repeat: a function of the push and the verdict."""
    text: str
    """One sentence that says it all."""
    push: PushInfo
    regions: tuple[RegionReport, ...]
    missing: tuple[str, ...]
    deadline: Moment
    decided_at: Moment
    late_seconds: float | None = None
    """Only `recovered`: seconds between the deadline and the last region's arrival."""
    test: bool = False
    """True for a trial message that an operator sent; nothing was pushed."""


class OutboundRequest(Frozen):
    """One HTTP request, with the exact bytes to send."""

    method: Literal["POST"] = "POST"
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Outcome(StrEnum):
    """What one attempt means for what comes next."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"
    """Trying again cannot help: the target said so, or its settings are wrong for good."""


class Attempt(Frozen):
    """Sending one message to one target once, and the result. Holds no secret, body or URL of
    ours."""

    target: str
    at: Moment
    outcome: Outcome
    reason: str
    """A stable slug: `delivered`, `http-503`, `timeout`, `connection`, `gone`, ..."""
    status: int | None = None
    """HTTP status, where there was an answer."""
    retry_after: float | None = None
    """Seconds the target asked us to wait, already capped."""
    once_more: bool | None = None
    """True: refused, maybe for a key that is about to be changed; a second such answer is final."""
    location: str | None = None
    """Where a redirect pointed, as far as it may be shown: no user, no query, no secret path."""
