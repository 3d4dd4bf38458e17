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
)
from tests.registry.fakes import OUR_URL, access, webhook

EAST = Webhook("acrglobaleastus", "eastus")
OTHER = Webhook("someoneelse", "eastus")
WEST = Webhook("acrglobalwesteurope", "westeurope")


def test_a_listed_webhook_is_read() -> None:
    """Name, normalised location and status are kept."""
    listed = webhook("acrglobalwesteurope", "West Europe", "disabled")
    assert Webhook("acrglobalwesteurope", "westeurope", enabled=False) == parse_webhook(listed)


def test_a_webhook_says_which_app_it_is_marked_for() -> None:
    """The tag has the app's ARM id, of which the app itself knows only its name."""
    listed = webhook("x", "eastus") | {"tags": {"ACR-Global-App": "/the/sites/Func-App"}}
    assert Webhook("x", "eastus", app="func-app") == parse_webhook(listed)


@pytest.mark.parametrize("entry", [{}, {"name": "x"}, {"location": "eastus"}, {"name": 1}])
def test_an_unreadable_webhook_is_passed_over(entry: dict[str, object]) -> None:
    """One without a name or location cannot be chosen."""
    assert parse_webhook(entry) is None


def test_the_named_webhook_is_chosen_alone() -> None:
    """Where a name matches, no other webhook's log is read."""
    chosen = choose([OTHER, EAST, WEST], "East US", access(webhook_url=OUR_URL))
    assert Choice((EAST,), by_name=True) == chosen


def test_ours_is_found_by_tag_then_by_name_then_by_its_former_name() -> None:
    """A webhook that was made by hand, or by an earlier release, is found all the same."""
    tagged = Webhook("anything", "eastus", app="func-app")
    named = Webhook("acrGlobalFuncAppEastUS", "eastus")
    own = access(app="Func-App")
    assert Choice((tagged,), by_name=True) == choose([EAST, named, tagged], "eastus", own)
    assert Choice((named,), by_name=True) == choose([EAST, named], "eastus", own)
    assert Choice((EAST,), by_name=True) == choose([EAST, OTHER], "eastus", own)


def test_what_is_marked_for_another_app_is_never_ours() -> None:
    """The webhook's name does not matter; where our own name is not known, as off Azure, it
    decides."""
    theirs = Webhook("acrglobaleastus", "eastus", app="other")
    with pytest.raises(CheckFailedError, match="no webhook of ours in this region"):
        choose([theirs], "eastus", access(app="func-app", webhook_url=OUR_URL))
    assert Choice((theirs,), by_name=True) == choose([theirs], "eastus", access())


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
