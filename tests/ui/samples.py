"""What the API says of pushes, regions and dead letters, for the pages that show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from acr_global.api import Push, PushDelivery, PushDetails, PushState, PushVerdict
from acr_global.model import Action, Attempt, Evidence, Outcome, RegionReport, VerdictType

AT = datetime(2026, 5, 4, 10, tzinfo=UTC)
DIGEST = "sha256:" + "0123456789abcdef" * 4


def after(seconds: float) -> datetime:
    """So many seconds after the first report."""
    return AT + timedelta(seconds=seconds)


def push(state: PushState = PushState.COMPLETE, **about: Any) -> Push:
    """A push in the list."""
    known: dict[str, Any] = {
        "id": "p1",
        "state": state,
        "action": Action.PUSH,
        "registry": "contoso.azurecr.io",
        "repository": "team/app",
        "tag": "v2",
        "digest": DIGEST,
        "first_at": AT,
        "deadline": after(600),
        "missing": (),
    }
    return Push(**known | about)


def arrived(region: str, lag: float, **more: Any) -> RegionReport:
    """A region that has reported."""
    return RegionReport(
        region=region, state="arrived", received_at=after(lag), lag_seconds=lag, **more
    )


def missing(region: str, *evidence: Evidence) -> RegionReport:
    """A region that has not."""
    return RegionReport(region=region, state="missing", evidence=evidence)


def details(state: PushState = PushState.COMPLETE, *regions: RegionReport, **about: Any) -> Any:
    """A push that is shown alone."""
    listed = push(state, missing=tuple(r.region for r in regions if r.state == "missing"))
    known: dict[str, Any] = {"regions": regions, "verdicts": (), "deliveries": ()}
    return PushDetails(**listed.model_dump() | known | about)


def waiting(*regions: RegionReport, elapsed: float, **about: Any) -> Any:
    """A push that has waited for so many seconds of its ten minutes."""
    return details(PushState.WAITING, *regions, seconds_left=600 - elapsed, **about)


def said(verdict: VerdictType, at: float, *attempts: Attempt, **about: Any) -> PushVerdict:
    """Something that was said of a push."""
    known: dict[str, Any] = {"missing": ()}
    return PushVerdict(type=verdict, at=after(at), attempts=attempts, **known | about)


def attempt(target: str, at: float, outcome: Outcome = Outcome.DELIVERED, **about: Any) -> Attempt:
    """One attempt to tell a target."""
    known: dict[str, Any] = {"reason": outcome.value}
    return Attempt(target=target, at=after(at), outcome=outcome, **known | about)


def delivery(state: str, *attempts: Attempt, **about: Any) -> PushDelivery:
    """What could not be delivered at once."""
    known: dict[str, Any] = {
        "id": "_delivery.complete.p1",
        "verdict": VerdictType.COMPLETE,
        "owed": (),
        "dead": (),
    }
    return PushDelivery(state=state, attempts=attempts, **known | about)
