"""Compares the expected regions with those of the registry. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from acr_global import api
from acr_global.doctor.facts import Facts, Unknown
from acr_global.doctor.finding import Finding, fine, unknown, wrong
from acr_global.registration.model import SUCCEEDED, Registry, Replica

READY = "Ready"
"""The status of a replica that is in use. Source: ARM schema, Status.displayStatus."""


def expected_of(
    diagnosis: api.Diagnosis | Unknown, registry: Registry | Unknown
) -> api.Expected | Unknown:
    """What the app expects of this registry."""
    if isinstance(diagnosis, Unknown):
        return diagnosis
    if isinstance(registry, Unknown):
        return registry
    by_host = {expected.registry: expected for expected in diagnosis.expected}
    found = by_host.get(registry.login_server.lower()) or by_host.get(None)
    if found is None:  # it is not in the settings
        none: dict[str, Any] = {"regions": (), "actions": ("push",), "evidence": (), "targets": ()}
        return api.Expected(registry=registry.login_server, correlation="id", **none)
    return found


def check_regions(facts: Facts, expected: api.Expected | Unknown) -> Iterator[Finding]:
    """A line for each region that is not as it should be, or one for all."""
    if isinstance(facts.replicas, Unknown):
        yield unknown("regions", facts.replicas.why, facts.replicas.mend)
        return
    found = [*_states(facts.replicas)]
    if isinstance(expected, Unknown):
        yield from found
        yield unknown("regions", f"which are expected is not known: {expected.why}", expected.mend)
    else:
        found += _compared(facts.replicas, expected.regions)
        yield from found or [fine("regions", f"{', '.join(expected.regions)}: as replicated")]
    for replica in facts.replicas:
        if not replica.endpoint_enabled:
            said = "its endpoint is out of routing; images are replicated all the same"
            yield fine("regions", f"{replica.region}: {said}")


def _states(replicas: tuple[Replica, ...]) -> Iterator[Finding]:
    for replica in replicas:
        if replica.provisioning_state != SUCCEEDED or replica.status not in ("", READY):
            ready = replica.status in ("", READY)
            state = replica.provisioning_state if ready else replica.status
            mend = "wait until it is Ready; `az acr replication show` says what hinders it"
            yield wrong("regions", f"{replica.region}: the replica is {state}", mend)


def _compared(replicas: tuple[Replica, ...], expected: tuple[str, ...]) -> Iterator[Finding]:
    there = [replica.region for replica in replicas]
    for region in expected:
        if region not in there:
            mend = "replicate the registry there, or take the region out of ACR_GLOBAL_REGIONS"
            said = f"{region}: expected, and the registry is not there: each push will be overdue"
            yield wrong("regions", said, mend)
    for region in there:
        if region not in expected:
            mend = "add it to ACR_GLOBAL_REGIONS, or no verdict waits for it"
            yield wrong("regions", f"{region}: the registry is there, and it is not expected", mend)
