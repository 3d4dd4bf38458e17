"""How our webhooks are named and marked."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.registry.naming import (
    app_name,
    distinct_name,
    former_name,
    owner,
    webhook_name,
)

NAMES = st.text("abcABC-019", min_size=2, max_size=60)
REGIONS = st.text("abcdefgh01 ", min_size=4, max_size=40)
IDS = NAMES.map(lambda name: f"/subscriptions/s/resourceGroups/g/providers/M.W/sites/{name}")
LONG = "func-acr-global-production-westeurope-001"


@pytest.mark.parametrize(
    ("expected", "app", "region"),
    [
        ("acrglobalfuncappwesteurope", "func-app", "West Europe"),
        ("acrglobalfuncappwesteurope", "Func-App", "westeurope"),
        ("acrglobal" + "x" * 31 + "westeurope", "x" * 31, "westeurope"),
        ("acrglobal" + "x" * 31 + "6a3dc9d1af", "x" * 32, "westeurope"),
    ],
)
def test_the_name_follows_from_app_and_region(expected: str, app: str, region: str) -> None:
    """It can be made by hand: letters and digits, one after the other, while they fit."""
    assert expected == webhook_name(app, region)


@given(NAMES, REGIONS, IDS)
def test_every_name_is_one_that_the_registry_takes(app: str, region: str, app_id: str) -> None:
    """5 to 50 letters and digits."""
    for name in (webhook_name(app, region), distinct_name(app_id, region), former_name(region)):
        assert re.fullmatch(r"[a-z0-9]{5,50}", name)


def test_long_names_stay_apart() -> None:
    """Names that differ only in the part that is cut off, of the app or the region, get different
    ends."""
    apps = [f"{LONG}-{number}" for number in range(50)]
    regions = ["westeurope", "northeurope", "germanywestcentral"]
    names = [webhook_name(app, region) for app in apps for region in regions]
    assert len(names) == len(set(names))


def test_where_two_would_have_one_name_there_is_another() -> None:
    """The end of an app's name can be the beginning of a region's."""
    one, two = ("/sites/app", "southeastasia"), ("/sites/appsouth", "eastasia")
    assert webhook_name("app", one[1]) == webhook_name("appsouth", two[1])
    assert distinct_name(*one) != distinct_name(*two)
    assert distinct_name("/g1/sites/app", "eastus") != distinct_name("/g2/sites/app", "eastus")


def test_a_former_name_has_no_app() -> None:
    """The docs once had it, for one app on its registry."""
    assert "acrglobalmydc1" == former_name("my-dc_1")
    assert "acrglobal" + "x" * 41 == former_name("x" * 60)


def test_a_tag_says_whose_it_is() -> None:
    """The case of its name does not matter; an empty one says nothing."""
    assert "/the/sites/func-app" == owner({"a": "b", "ACR-Global-App": " /the/sites/Func-App/ "})
    assert "func-app" == app_name("/the/sites/Func-App")
    assert owner({"acr-global-app": " "}) is None
    assert owner({"acr-global-app": 1}) is None
    assert owner({}) is None
