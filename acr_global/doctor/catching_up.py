"""Whether the app catches up with undelivered events, and how many there are. Pure."""

from __future__ import annotations

from acr_global import api
from acr_global.catchup import REACH, Mark, logged, plan
from acr_global.doctor.app import FAILED
from acr_global.doctor.facts import Facts, Unknown
from acr_global.doctor.finding import Finding, fine, unknown, wrong
from acr_global.functions.durable import names
from acr_global.model import EvidenceKind

CHECK = "catch-up"
DAYS = f"the last {REACH.days} days"


def check_catching_up(facts: Facts) -> Finding:
    """One finding: catching up is off, impossible, or on."""
    said = facts.app.diagnosis
    if isinstance(said, Unknown):
        return unknown(CHECK, said.why, said.mend)
    count = _undelivered(facts, said)
    events = f"{count} event{'' if count == 1 else 's'} of {DAYS} not delivered"
    if names.CATCH_UP not in said.functions:
        if not count:
            return fine(CHECK, "is off (ACR_GLOBAL_CATCH_UP, ACR_GLOBAL_REGISTRY_ID)")
        mend = "set ACR_GLOBAL_REGISTRY_ID (docs/catching-up.md), or `acr-global catch-up`"
        return wrong(CHECK, f"is off, with {events}", mend)
    if failed := _failed(said):
        return wrong(
            CHECK, f"cannot read the event log: {failed}", "docs/catching-up.md, What it needs"
        )
    if count is None:
        return fine(CHECK, "is on; what there is to take in is not known")
    return fine(CHECK, f"is on; {events}" + (", taken in unless they have been" if count else ""))


def _failed(said: api.Diagnosis) -> str:
    """Why the app's own identity cannot read an event log."""
    asked = (one for expected in said.expected for one in expected.asked)
    details = (one.detail for one in asked if one.kind is EvidenceKind.EVENT_LOG)
    failed = (detail.removeprefix(FAILED) for detail in details if detail.startswith(FAILED))
    return "; ".join(dict.fromkeys(failed))


def _undelivered(facts: Facts, said: api.Diagnosis) -> int | None:
    """The number of events that were not delivered; None where the logs could not be read."""
    if isinstance(facts.hooks, Unknown):
        return None
    entries = []
    for hook in facts.hooks:
        if isinstance(hook.events, Unknown):
            return None
        place = hook.webhook.name, hook.webhook.location
        entries += [logged(*place, e.uri, e.request_body, e.at, e.status) for e in hook.events]
    return len(plan(entries, Mark(), now=said.now, since=said.now - REACH).due)
