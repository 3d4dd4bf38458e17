"""The expected regions, compared with the registry's replicas."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acr_global.doctor.finding import Finding, State
from acr_global.doctor.regions import check_regions, expected_of
from acr_global.registration.model import Replica
from tests.doctor.samples import DIAGNOSIS, EXPECTED, FACTS, REGISTRY, REPLICAS

READY = ("Ready", "Succeeded")


def checked(*replicas: Replica, **expected: Any) -> list[Finding]:
    """The findings for these replicas and expectations."""
    facts = replace(FACTS, replicas=replicas)
    return [*check_regions(facts, EXPECTED.model_copy(update=expected))]


def test_regions_that_agree_are_one_line() -> None:
    """They are in the order of the setting."""
    (found,) = checked(*reversed(REPLICAS))
    assert (State.OK, "westeurope, eastus: as replicated") == (found.state, found.said)


@pytest.mark.parametrize(
    ("said", "replicas"),
    [
        ("eastus: expected, and the registry is not there", [REPLICAS[0]]),
        ("norwayeast: the registry is there, and it is not expected",
         [*REPLICAS, Replica("norwayeast", *READY)]),
        ("eastus: the replica is Syncing",
         [REPLICAS[0], Replica("eastus", "Syncing", "Succeeded")]),
        ("eastus: the replica is Creating",
         [REPLICAS[0], Replica("eastus", "Ready", "Creating")]),
        ("eastus: the replica is Failed", [REPLICAS[0], Replica("eastus", "", "Failed")]),
    ],
)  # fmt: skip
def test_a_region_that_is_not_as_expected_is_named(said: str, replicas: list[Replica]) -> None:
    """The finding says what to do, and no line says that all is well."""
    (found,) = checked(*replicas)
    assert State.WRONG is found.state
    assert found.said.startswith(said)
    assert found.mend


def test_an_endpoint_out_of_routing_is_mentioned_and_not_wrong() -> None:
    """Images are replicated there, and it reports."""
    found = checked(REPLICAS[0], Replica("eastus", *READY, endpoint_enabled=False))
    assert [State.OK, State.OK] == [finding.state for finding in found]
    assert "eastus: its endpoint is out of routing" in found[1].said


def test_a_registry_of_one_region_has_no_status() -> None:
    """A registry that is not Premium lists no replicas."""
    (found,) = checked(Replica("westeurope", "", "Succeeded", home=True), regions=("westeurope",))
    assert State.OK is found.state


def test_a_registrys_own_settings_go_before_the_plain_ones() -> None:
    """The case of its host does not matter."""
    own = EXPECTED.model_copy(update={"registry": "contoso.azurecr.io", "regions": ("eastus",)})
    said = DIAGNOSIS.model_copy(update={"expected": (EXPECTED, own)})
    assert own == expected_of(said, replace(REGISTRY, login_server="Contoso.azurecr.io"))
    assert EXPECTED == expected_of(said, replace(REGISTRY, login_server="other.azurecr.io"))


def test_a_registry_without_settings_has_no_expected_region() -> None:
    """Each of its regions is named."""
    said = DIAGNOSIS.model_copy(update={"expected": ()})
    found = [*check_regions(FACTS, expected_of(said, REGISTRY))]
    assert [State.WRONG, State.WRONG] == [finding.state for finding in found]
