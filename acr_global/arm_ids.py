"""Parsing the ARM ids of registries and apps. Pure."""

from __future__ import annotations

import re

REGISTRIES = "Microsoft.ContainerRegistry/registries"
SITES = "Microsoft.Web/sites"

_PARTS = re.compile(
    r"/subscriptions/([0-9a-z-]{1,64})/resourceGroups/([-\w.()]{1,90})"
    r"/providers/([a-z.]+/[a-z]+)/([0-9a-z-]{1,60})/?",
    re.IGNORECASE,
)
_NAMES = {REGISTRIES: re.compile("[0-9A-Za-z]{5,50}"), SITES: re.compile("[0-9A-Za-z-]{1,60}")}


def parse_id(text: str, kind: str) -> tuple[str, str, str] | None:
    """Subscription, group and name of the ARM id of a resource of REGISTRIES or SITES; None for
    any other text."""
    match = _PARTS.fullmatch(text)
    if not match:
        return None
    subscription, group, found, name = match.groups()
    fits = found.lower() == kind.lower() and _NAMES[kind].fullmatch(name)
    return (subscription, group, name) if fits else None
