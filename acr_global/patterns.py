"""Lists, regions and patterns as people write them in settings, URLs and queries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

_NEVER = re.compile(r"[\^$\\()|;{}@\s]|(?:^|[/:])\.|^/|//|:.*[/:]|^[^/]*\.azurecr\.\w+/")
"""In no image's name, which is repository:tag: these characters; a dot at the beginning of a part
of a repository or of a tag; an empty part; a slash or another colon in a tag. Or the registry's
own name before it. Source: OCI distribution spec 1.1, `Pulling manifests`."""

_CAPITAL = re.compile(r"^[^:]*[A-Z]")
"""A repository has no capital either."""

_CLASS = re.compile(r"\[(?!\^)!?\]?[^]]*\]")
"""Of signs, one of which fits; with a ^ before them it is a regular expression's."""

_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")


def parse_names(value: object) -> tuple[str, ...]:
    """A comma-separated text, or a list of texts, without blanks and repeats, in order."""
    parts: Iterable[object] = value.split(",") if isinstance(value, str) else _listed(value)
    return tuple(dict.fromkeys(p.strip() for p in parts if isinstance(p, str) and p.strip()))


def _listed(value: object) -> Iterable[object]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
        raise ValueError("must be comma-separated text or a list of texts")
    return value


def normalize_region(name: str) -> str:
    """`West Europe` as ARM writes it: `westeurope`."""
    return "".join(name.split()).lower()


def is_region(name: str) -> bool:
    """Whether this can be a region's name, normalised."""
    return bool(_REGION.fullmatch(name))


def parse_regions(value: object) -> tuple[str, ...]:
    """Region names, normalised. Raises ValueError where one cannot be a region's name."""
    names = tuple(dict.fromkeys(normalize_region(n) for n in parse_names(value)))
    if not names or not all(map(is_region, names)):
        raise ValueError("must name regions, such as westeurope,eastus")
    return names


def parse_some(value: object) -> tuple[str, ...]:
    """Names, or patterns, of which there must be one at least."""
    names = parse_names(value)
    if not names:
        raise ValueError("must name at least one")
    return names


def check_patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns, unless one of them can match no image: it is a regular expression, as
    `acr purge --filter` takes them, or a whole reference; or another sign than a comma stands
    between two. Raises ValueError."""
    for pattern in (_CLASS.sub("?", given) for given in patterns):
        if _NEVER.search(pattern):
            raise ValueError(
                "must be patterns like team/*:v*, with commas between them, in which * stands for "
                "anything; no regular expressions, no registry's name and no digests"
            )
        if _CAPITAL.search(pattern):
            raise ValueError("has a capital in a repository's name, which has none")
    return patterns


def hides_untagged(include: Iterable[str], exclude: Iterable[str]) -> bool:
    """Whether nothing without a tag is left, whatever its repository."""
    left_out = any(p.startswith("*:") and _takes_untagged(p) for p in exclude)
    return left_out or not any(map(_takes_untagged, include))


def _takes_untagged(pattern: str) -> bool:
    _, colon, tag = pattern.partition(":")
    return not colon or fnmatchcase("", tag)


def matches(patterns: Iterable[str], repository: str | None, tag: str | None) -> bool:
    """Whether one of the patterns fits.

    A pattern with a colon is held against `repository:tag` (`repository:` where there is no
    tag), one without against the repository alone.
    """
    repository = repository or ""
    whole = f"{repository}:{tag or ''}"
    return any(fnmatchcase(whole if ":" in p else repository, p) for p in patterns)
