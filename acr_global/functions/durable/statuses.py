"""Custom statuses: what an instance shows while it runs, within the engine's limit. Pure."""

from __future__ import annotations

import bisect
import json
from typing import Any

WAITING = "waiting"
"""The state of a push that waits for regions, or checks what is known of them."""

MAX_STATUS_CHARS = 8_192
"""Characters of JSON, escapes counted as they are. The engine fails an instance whose custom
status is longer than 16 KB in UTF-16. Source: Durable Functions docs, custom orchestration
status; the engine has been seen to accept up to 8,703."""


def fits(status: dict[str, Any]) -> bool:
    """Whether the engine accepts it, counted as JSON without blanks. The engine's own text is never
    longer: it writes non-ASCII characters unescaped, as one or two."""
    return len(json.dumps(status, separators=(",", ":"))) <= MAX_STATUS_CHARS


def bounded(status: dict[str, Any], *, dispensable: str = "") -> dict[str, Any]:
    """A custom status that the engine accepts. Where it is too long, it goes without the field
    `dispensable`; where it still is, its lists are cut to one length, and for each `<name>_more`
    says how many are left out."""
    if fits(status):
        return status
    status = {name: value for name, value in status.items() if name != dispensable}
    if fits(status):
        return status
    longest = max((len(v) for v in status.values() if isinstance(v, list)), default=0)
    too_many = bisect.bisect_left(
        range(longest), True, key=lambda most: not fits(_cut(status, most))
    )
    return _cut(status, max(too_many - 1, 0))


def _cut(status: dict[str, Any], most: int) -> dict[str, Any]:
    cut: dict[str, Any] = {}
    for name, value in status.items():
        if isinstance(value, list) and len(value) > most:
            cut |= {name: value[:most], f"{name}_more": len(value) - most}
        else:
            cut[name] = value
    return cut
