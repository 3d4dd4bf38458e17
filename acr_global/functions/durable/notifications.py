"""Model ↔ versioned JSON, of what is sent: a verdict's first attempt, and what is delivered
later of verdicts and of groups' reports. What wire.py says of its models holds for these.
"""

from datetime import datetime
from typing import Literal, Self, cast

from pydantic import model_validator

from acr_global import correlation, retry
from acr_global.ends import DeliveryEnd
from acr_global.functions.durable.wire import EvidenceOutput, InGroup
from acr_global.grouping import GroupReport
from acr_global.model import Attempt, Frozen, Moment, Verdict, VerdictType
from acr_global.reporting import Telling
from acr_global.retry import Delivery


class NotifyInput(Frozen):
    """Input of `FirePushNotification`."""

    v: Literal[1] = 1
    verdict: Verdict
    targets: tuple[str, ...]
    group: InGroup | None = None
    """The group that has taken the alarm before."""


class _Subject(Frozen):
    """What is delivered: a verdict on a push, or a report of a group."""

    v: Literal[1] = 1
    verdict: Verdict | None = None
    report: GroupReport | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.verdict is None) is (self.report is None):
            raise ValueError("must be a verdict or a report")
        return self

    @property
    def subject(self) -> Verdict | GroupReport:
        """The one of them that it is."""
        return cast("Verdict | GroupReport", self.verdict or self.report)


class DeliveryInput(_Subject):
    """Input of `DeliverNotification`."""

    part: int | None = None
    """Of a report: which of those that were made at one time."""
    delivery: Delivery
    replay_of: str | None = None
    """The dead letter that an operator sends anew."""
    timely: Literal[True] | None = None
    """Nothing had overtaken it when the operator asked for it; what does so later still counts."""
    lives: int | None = None
    """How often it was broken off, if it was."""


def delivery_id(data: DeliveryInput) -> str:
    """The id of a message's first delivery."""
    match data.subject:
        case GroupReport() as report:
            return correlation.report_delivery_id(report.group_id, report.number, data.part or 0)
        case Verdict() as verdict:
            return correlation.delivery_id(verdict.push_id, verdict.type, verdict.birth)


def given_up(owed: DeliveryInput, now: datetime) -> DeliveryInput:
    """The same as a dead letter."""
    return owed.model_copy(update={"delivery": retry.given_up(owed.delivery, now)})


def undelivered(telling: Telling, now: datetime) -> DeliveryInput:
    """A dead letter of a report that none of those who were to hear it was told."""
    report = telling.report
    way = retry.Delivery(
        push_id=report.group_id, targets=telling.targets, begun_at=report.at, schedule=()
    )
    return given_up(DeliveryInput(report=report, delivery=way, part=telling.part), now)


class NotifyOutput(Frozen):
    """Result of `FirePushNotification`: one attempt per target, and who takes over what failed."""

    verdict: VerdictType
    """The verdict that was sent: a history shows results, not inputs. Another one than was to be
    sent: the push had ended with it before, and nothing was."""
    at: Moment | None = None
    missing: tuple[str, ...] | None = None
    """Of an alarm: when it was decided, and the regions that it named."""
    instead: EvidenceOutput | None = None
    """How that one knew of its regions."""
    attempts: tuple[Attempt, ...] = ()
    delivery: str | None = None
    group: InGroup | None = None
    owed: DeliveryInput | None = None
    """A delivery that could not be handed over; the orchestrator does that later."""
    listed: Literal[True] | None = None
    """Whether the verdict was entered in the ledger."""


class DeliveryOutput(Frozen):
    """Output of `DeliverNotification`; state `dead` makes it a dead letter."""

    v: Literal[1] = 1
    state: DeliveryEnd
    delivery: Delivery


class AttemptInput(_Subject):
    """Input of `AttemptDelivery`: one round."""

    targets: tuple[str, ...]
    by_hand: bool = False
    """An operator asked for it: it is sent even if a later verdict has overtaken it."""


class AttemptOutput(Frozen):
    """Result of `AttemptDelivery`."""

    attempts: tuple[Attempt, ...] = ()
