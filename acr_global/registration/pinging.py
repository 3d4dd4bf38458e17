"""Lets each region's webhook send a ping, and waits for our answer in its event log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from acr_global.registration.arm import Arm
from acr_global.registration.model import Registry, Webhook, WebhookEvent
from acr_global.registration.refusal import ArmError
from acr_global.registration.survey import side_by_side
from acr_global.registry.firings import accepted

EVERY_SECONDS = 2.0
"""Between two looks into an event log."""

_MEANINGS = {
    401: "the key is wrong or missing: run apply",
    403: "the app's access restrictions keep the registry out",
    404: "there is no such address: not this app, or it has no function ImagePush",
    503: "the app cannot keep webhooks: its settings, or its storage",
    504: "no answer within 5 s: a cold start, or an app that is stopped; ping again",
}


@dataclass(frozen=True, slots=True)
class Ponged:
    """The result of one region's ping."""

    region: str
    webhook: str | None
    """Its name; None where the region has none of ours."""
    status: int | None = None
    """What the app answered; None where that is not known."""
    error: ArmError | None = None

    @property
    def is_fine(self) -> bool:
        """The app answered 2xx."""
        return accepted(self.status)

    @property
    def is_open(self) -> bool:
        """It was sent, and its answer is not known yet."""
        return self.webhook is not None and self.error is None and self.status is None

    @property
    def meaning(self) -> str:
        """The result in words."""
        if self.webhook is None:
            return "it has no webhook of ours: run apply"
        if self.error:
            return self.error.message
        if self.status is None:
            return "not known by then: its event log has no answer yet"
        other = "answered" if self.is_fine else "the app refuses it"
        return _MEANINGS.get(self.status, other)


def ping_all(
    arm: Arm,
    registry: Registry,
    webhooks: Iterable[Webhook],
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterable[Ponged]:
    """Ping them side by side, each with `seconds` for the answer; in their order, as they come."""

    def one(webhook: Webhook) -> Ponged:
        until = clock() + seconds
        try:
            sent = arm.ping(registry, webhook.name)
            while (status := answer_to(sent, arm.events(registry, webhook.name))) is None:
                if clock() >= until:
                    break
                sleep(EVERY_SECONDS)
        except ArmError as error:
            return Ponged(webhook.location, webhook.name, error=error)
        return Ponged(webhook.location, webhook.name, status)

    return side_by_side(one, tuple(webhooks))


def answer_to(sent: str, events: Iterable[WebhookEvent]) -> int | None:
    """The status of the answer to a ping; None while the log does not have it. It is not documented
    whether a ping's id is the entry's or the posted body's, so either counts."""
    wanted = sent.lower()
    for event in events:
        ids = (event.id, event.request_body.get("id"))
        if wanted and any(isinstance(i, str) and i.lower() == wanted for i in ids):
            return event.status
    return None
