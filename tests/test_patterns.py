"""Regions and patterns as people write them."""

from __future__ import annotations

import pytest

from acr_global.patterns import (
    check_patterns,
    hides_untagged,
    matches,
    parse_names,
    parse_regions,
    parse_some,
)


def test_regions_are_compared_in_arms_short_form() -> None:
    """Blanks, case and repeats make no difference."""
    assert ("westeurope", "eastus") == parse_regions(" West Europe,eastus, EAST US ,westeurope")
    assert ("westeurope", "eastus") == parse_regions(["West Europe", "eastus"])


@pytest.mark.parametrize("value", ["", " , ", "west/europe", "a" * 51, 7, ["eastus", 7], None])
def test_what_cannot_be_a_region_is_refused(value: object) -> None:
    """A region's name becomes part of event names, so odd characters are kept out."""
    with pytest.raises(ValueError, match="must"):
        parse_regions(value)


def test_names_keep_their_order_and_lose_repeats() -> None:
    """A list reads as it was written."""
    assert ("b", "a") == parse_names(" b, a,,b ")


@pytest.mark.parametrize("value", ["", " , ", []])
def test_an_empty_list_of_names_is_refused(value: object) -> None:
    """A comma alone is a typing error, and does not mean "none"."""
    assert ("a",) == parse_some("a")
    with pytest.raises(ValueError, match="at least one"):
        parse_some(value)


@pytest.mark.parametrize(
    ("pattern", "repository", "tag", "expected"),
    [
        ("*", "team/app", "v1", True),
        ("*", None, None, True),
        ("team/*", "team/app", "v1", True),
        ("team/*", "other/app", "v1", False),
        ("team/*:v*", "team/app", "v1", True),
        ("team/*:v*", "team/app", "latest", False),
        ("*:", "team/app", None, True),
        ("*:", "team/app", "v1", False),
        ("*:sha256-*", "team/app", "sha256-0a.sig", True),
        ("[Tt]eam/*", "team/app", "v1", True),
    ],
)
def test_a_pattern_matches_repository_and_tag(
    pattern: str, repository: str | None, tag: str | None, expected: bool
) -> None:
    """The tag counts where the pattern has a colon; nothing after it means untagged."""
    assert expected is matches([pattern], repository, tag)


@pytest.mark.parametrize(
    "pattern", ["^team/app$", "team/.*", "arohcp.*:.*", ".*", "v1\\.2", "(a|b)", "app:[^0-9]*"]
)
def test_a_regular_expression_is_refused(pattern: str) -> None:
    """It would match nothing, and nobody be told of anything. Sources: Azure/ARO-HCP#6147, where
    one was taken for the other, and argocd-image-updater#1018."""
    with pytest.raises(ValueError, match="no regular expressions"):
        check_patterns(("*", pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        "team/*;other/*",
        "team/{a",
        "team/* other/*",
        "*@sha256:*",
        "/team/*",
        "team//app",
        "oci://team/*",
        "contoso.azurecr.io/team/*",
        "localhost:5000/team/*",
        "team/app:v1:v2",
    ],
)
def test_what_is_not_a_pattern_over_an_images_name_is_refused(pattern: str) -> None:
    """It would match nothing: a whole reference, a digest, another list's commas."""
    with pytest.raises(ValueError, match="with commas between them"):
        check_patterns((pattern,))


@pytest.mark.parametrize(
    ("hidden", "include", "exclude"),
    [
        (True, ["*"], ["*:"]),
        (True, ["*"], ["team/*", "*:*"]),
        (True, ["*:v*", "team/*:latest"], []),
        (False, ["*:v*", "team/*"], []),
        (False, ["*:*"], []),
        (False, ["*"], ["a*", "?", "team/*:", "*:sha256-*"]),
    ],
)
def test_patterns_can_hide_all_that_has_no_tag(
    hidden: bool, include: list[str], exclude: list[str]
) -> None:
    """As every deletion is."""
    assert hidden is hides_untagged(include, exclude)


@pytest.mark.parametrize("pattern", ["Team/*", "Team/[a-z]*:v*"])
def test_a_capital_in_a_repository_is_refused(pattern: str) -> None:
    """No registry has one; a tag may."""
    with pytest.raises(ValueError, match="capital"):
        check_patterns((pattern,))


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "*:",
        "v1.*",
        "team/*:v*",
        "*:RC*",
        "[Tt]eam/*",
        "*:sha256-*",
        "mcr.microsoft.com/*",
        "app:[!0-9]*",
        "my.azurecr.io.copy/*",
        "mirror/foo.azurecr.io/*",
        "*[:]v1",
        "*:[!]a]x",
    ],
)
def test_a_pattern_that_can_match_is_accepted(pattern: str) -> None:
    """A dot stands in the middle of many names."""
    assert (pattern,) == check_patterns((pattern,))
