"""All checks, in the order of a push's way: registry, regions, webhooks, posts, app. Pure."""

from __future__ import annotations

from acr_global.doctor.app import check_app
from acr_global.doctor.catching_up import check_catching_up
from acr_global.doctor.deliveries import check_deliveries
from acr_global.doctor.facts import Facts
from acr_global.doctor.finding import Finding
from acr_global.doctor.hooks import check_hooks
from acr_global.doctor.regions import check_regions, expected_of


def examine(facts: Facts) -> tuple[Finding, ...]:
    """The findings of all checks."""
    expected = expected_of(facts.app.diagnosis, facts.registry)
    return (
        *check_regions(facts, expected),
        *check_hooks(facts, expected),
        *check_deliveries(facts, expected),
        *check_app(facts.app),
        check_catching_up(facts),
    )
