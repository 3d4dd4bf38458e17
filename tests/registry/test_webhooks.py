"""Which of a registry's webhooks is the app's."""

from __future__ import annotations

import pytest

from acr_global.registry.guard import CheckFailedError
from acr_global.registry.webhooks import (
    MAX_UNNAMED,
    Choice,
    Webhook,
    choose,
    parse_webhook,
    webhook_name,
)
from tests.registry.fakes import OUR_URL, access, webhook

EAST = Webhook("acrglobaleastus", "eastus")
OTHER = Webhook("someoneelse", "eastus")
WEST = Webhook("acrglobalwesteurope", "westeurope")


def test_a_listed_webhook_is_read() -> None:
    """Name, normalised location and status are kept."""
    listed = webhook("acrglobalwesteurope", "West Europe", "disabled")
    assert Webhook("acrglobalwesteurope", "westeurope", enabled=False) == parse_webhook(listed)


@pytest.mark.parametrize("entry", [{}, {"name": "x"}, {"location": "eastus"}, {"name": 1}])
def test_an_unreadable_webhook_is_passed_over(entry: dict[str, object]) -> None:
    """One without a name or location cannot be chosen."""
    assert parse_webhook(entry) is None


@pytest.mark.parametrize(
    ("expected", "region"),
    [
        ("acrglobalwesteurope", "West Europe"),
        ("acrglobalmydc1", "my-dc_1"),
        ("acrglobal" + "x" * 41, "x" * 60),
    ],
)
def test_the_name_follows_from_the_region(expected: str, region: str) -> None:
    """The registry allows 5 to 50 letters and digits."""
    assert expected == webhook_name(region)


def test_the_named_webhook_is_chosen_alone() -> None:
    """Where a name matches, no other webhook's log is read."""
    chosen = choose([OTHER, EAST, WEST], "East US", access(webhook_url=OUR_URL))
    assert Choice((EAST,), by_name=True) == chosen


def test_without_a_name_the_url_decides() -> None:
    """All of the region's webhooks are candidates where the app's URL is known."""
    assert Choice((OTHER,), by_name=False) == choose(
        [OTHER, WEST], "eastus", access(webhook_url=OUR_URL)
    )


@pytest.mark.parametrize(
    ("expected", "webhooks", "url"),
    [
        ("the registry has no webhook in this region", [WEST], OUR_URL),
        ("no webhook of ours in this region", [OTHER, WEST], None),
        (
            "more than 20 webhooks in this region, none named ours",
            [OTHER] * (MAX_UNNAMED + 1),
            OUR_URL,
        ),
    ],
)
def test_where_none_is_ours_the_reason_is_given(
    expected: str, webhooks: list[Webhook], url: str | None
) -> None:
    """A webhook that does not exist is a finding of its own."""
    with pytest.raises(CheckFailedError) as caught:
        choose(webhooks, "eastus", access(webhook_url=url))
    assert expected == str(caught.value)
