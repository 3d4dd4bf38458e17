"""Parsing the ARM ids of registries and apps. Pure."""

from __future__ import annotations

import re

_PARTS = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-z-]{1,64})/resourceGroups/(?P<group>[-\w.()]{1,90})"
    r"/providers/(?P<kind>Microsoft\.ContainerRegistry/registries|Microsoft\.Web/sites)"
    r"/(?P<name>[0-9a-z-]{1,60})/?",
    re.IGNORECASE,
)


def parse_id(text: str, kind: str) -> tuple[str, str, str] | None:
    """Subscription, group and name of the ARM id of a `Microsoft.Web/sites` or a
    `Microsoft.ContainerRegistry/registries`; None for any other text."""
    match = _PARTS.fullmatch(text)
    if not match or match["kind"].lower() != kind.lower():
        return None
    return match["subscription"], match["group"], match["name"]
