"""What is counted and measured: every instrument, with its unit and labels. Pure.

Names and units follow OpenTelemetry's semantic conventions. Labels have few values each: regions,
registries, targets, and words of this app; never an id, a repository or a tag. docs/telemetry.md is
made of the tables here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Labels = Mapping[str, str]

SECONDS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400)
"""Upper bounds of the histograms' buckets: from a fast delivery to a day, which is when the last
attempt is made or the late window closes."""

ANSWER = "acr_global.answer"
CHANNEL = "acr_global.channel"
KIND = "acr_global.kind"
OUTCOME = "acr_global.outcome"
REASON = "error.type"
REGION = "acr_global.region"
REGISTRY = "acr_global.registry"
SOURCE = "acr_global.source"
TARGET = "acr_global.target"
VERDICT = "acr_global.verdict"

LABELS: Labels = {
    ANSWER: "`accepted`, `ignored`, `rejected` (4xx) or `refused` (5xx)",
    CHANNEL: "the target's kind; `unknown` for a target that is no longer in the settings",
    KIND: "what broke off (`push`, `courier`, `delivery`, `group`), was given up (`message`, "
    "`push`) or removed (`push`, `delivery`, `courier`, `group`, `probe`, `other`, `row`)",
    OUTCOME: "`delivered`, `retry` or `dead`",
    REASON: "the reason's slug, where it was not accepted, or not delivered",
    REGION: "one of the settings; where the answer is no 2xx, only that of an expected region",
    REGISTRY: "its login server; left out where the event names none",
    SOURCE: "`webhook`, or `event-log` for what was taken in later",
    TARGET: "the target's name in the settings",
    VERDICT: "`complete`, `overdue`, `recovered` or `incomplete`; of attempts also `group`",
}
"""Every label, and its values."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One thing that is counted or measured."""

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    unit: str
    """As UCUM writes it; in braces what is counted."""
    about: str
    labels: tuple[str, ...] = ()
    counted_in: str = ""
    """The functions that count it."""


WEBHOOKS = Instrument(
    "acr_global.webhooks",
    "counter",
    "{webhook}",
    "Webhooks by their answer; each event of an envelope counts.",
    (ANSWER, REASON, REGION, REGISTRY, SOURCE),
    "`ImagePush`, `CatchUp`",
)
VERDICTS = Instrument(
    "acr_global.verdicts",
    "counter",
    "{verdict}",
    "Verdicts, sent or handed over.",
    (VERDICT, REGISTRY),
    "`FirePushNotification`",
)
LAG = Instrument(
    "acr_global.region.lag",
    "histogram",
    "s",
    "From the first region's arrival to this region's; 0 for the first. Each arrival once, with "
    "the first verdict that counts it.",
    (REGION, REGISTRY),
    "`FirePushNotification`",
)
DECISION = Instrument(
    "acr_global.decision.duration",
    "histogram",
    "s",
    "From the begin of a push to a verdict on it.",
    (VERDICT, REGISTRY),
    "`FirePushNotification`",
)
ATTEMPTS = Instrument(
    "acr_global.attempts",
    "counter",
    "{attempt}",
    "Attempts to tell a target, by outcome.",
    (OUTCOME, REASON, CHANNEL, TARGET, VERDICT),
    "`FirePushNotification`, `AttemptDelivery`, `TellGroup`",
)
DELIVERY = Instrument(
    "acr_global.delivery.duration",
    "histogram",
    "s",
    "From a verdict to the answer of a target that took it.",
    (CHANNEL, TARGET, VERDICT),
    "`FirePushNotification`, `AttemptDelivery`, `TellGroup`",
)
DEAD_LETTERS = Instrument(
    "acr_global.dead_letters",
    "counter",
    "{dead_letter}",
    "Messages that a target did not get in the end (one for each target), and pushes that were "
    "given up.",
    (KIND, CHANNEL, TARGET),
    "the end of `DeliverNotification`, `CarryArrival`, `ReviveInterrupted`",
)
REVIVED = Instrument(
    "acr_global.revived",
    "counter",
    "{instance}",
    "Instances that broke off and were begun anew.",
    (KIND,),
    "`ImagePush`, `CarryArrival`, `ReviveInterrupted`, and a new process for its predecessor",
)
REMOVED = Instrument(
    "acr_global.removed",
    "counter",
    "{item}",
    "What had ended and was kept for its time: instances, and rows of the list.",
    (KIND,),
    "`PurgeFinished`",
)
OPEN = Instrument(
    "acr_global.pushes.open",
    "gauge",
    "{push}",
    "Pushes that are waited for, or listen on after an alarm, as the last run found them.",
    (),
    "`ReviveInterrupted`",
)
OLDEST = Instrument(
    "acr_global.pushes.oldest_age",
    "gauge",
    "s",
    "Age of the oldest of them; 0 where there is none.",
    (),
    "`ReviveInterrupted`",
)
INSTRUMENTS = (
    WEBHOOKS,
    VERDICTS,
    LAG,
    DECISION,
    ATTEMPTS,
    DELIVERY,
    DEAD_LETTERS,
    REVIVED,
    REMOVED,
    OPEN,
    OLDEST,
)
