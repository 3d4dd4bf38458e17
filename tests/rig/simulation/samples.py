"""Scenarios in a few words, and composed messages that a receiver would get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from acr_global.model import Action, Arrival, Artifact, Message, Verdict, VerdictType
from acr_global.notify.message import message_of
from acr_global_rig.simulation.expect import Expected, Standing
from acr_global_rig.simulation.reading import read_scenario
from acr_global_rig.simulation.state import Answer, Receipt, Record, record_of

BEGUN = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
REGIONS = ("westeurope", "northeurope", "eastus")


def record(*pushes: str, app: str = "{timeout: 10s, late_window: 0}", more: str = "") -> Record:
    """A run of these pushes, each in YAML's flow style, in which nothing has happened yet."""
    listed = "\n".join(f"  - {{{push}}}" for push in pushes)
    text = f"regions: [{', '.join(REGIONS)}]\napp: {app}\n{more}\npushes:\n{listed}"
    return record_of(read_scenario(text), 7, "run")


def message(
    expected: Expected,
    verdict: VerdictType | None = None,
    missing: tuple[str, ...] | None = None,
    registry: str = "simulated.azurecr.io",
) -> Message:
    """The app's message about one push: the first right one, with the given fields replaced."""
    if missing is None:
        missing = tuple(r for r, its in expected.standing.items() if its is not Standing.IN_TIME)
    first = min(expected.endings)[0]
    arrivals = tuple(
        Arrival(
            region=region,
            event_id=expected.key,
            received_at=BEGUN + timedelta(seconds=seconds),
            digest=expected.push.digest,
        )
        for seconds, region in enumerate(REGIONS)
        if region not in missing
    )
    return message_of(
        Verdict(
            type=verdict or first,
            push_id=expected.key,
            action=Action.PUSH,
            artifact=Artifact(
                registry=registry,
                repository=expected.push.repository,
                tag=expected.push.tag,
                digest=expected.push.digest,
            ),
            regions=REGIONS,
            arrivals=arrivals,
            missing=missing,
            begun_at=BEGUN,
            deadline=BEGUN + timedelta(seconds=10),
            decided_at=BEGUN + timedelta(seconds=10),
        )
    )


def answer_all(run: Record) -> None:
    """Accept every webhook in time."""
    for webhook in run.plan.webhooks:
        run.answered(Answer(webhook, 202, "accepted", 0.0))


def tell(run: Record, told: Message) -> None:
    """Send every receiver a message, which it accepts after its refusals."""
    for listener in run.listeners:
        for status in (*[503] * listener.refusals, 200):
            run.heard(Receipt(listener.name, f"msg_{listener.name}", status, told))
