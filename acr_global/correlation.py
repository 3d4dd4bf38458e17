"""Which events belong together: a push event → instance id; a region → event name.

By `id` (the default) the notification id is the instance id. By `content` it is a hash of what
was pushed, plus a generation, because the same content can be pushed again. A generation is
open until its last verdict; then a new event opens the next one, unless it is the very event
that the one before has counted already (a redelivery). Once all generations of a content have
been purged, their ids come again: what tells those pushes apart is their birth.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from acr_global.model import PushEvent, VerdictType

Strategy = Literal["id", "content"]

LONGEST_ID = 100
"""Characters the engine allows in an instance id. Source: Durable Functions docs, instance IDs."""

_FIRST = 99_999_999
"""What stands for generation 0. It counts down, so that the newest is the first in the order of
ids, the only order in which the engine lists them."""


def push_key(event: PushEvent, strategy: Strategy) -> str:
    """What all events of one push have in common, in lower case.

    The engine compares ids partly without regard to case, so ours have only one. Never hashed:
    timestamp, request id and user agent, which differ between regions.
    """
    if strategy == "id":
        return event.id.lower()
    a = event.artifact
    parts = (a.registry, event.action, a.repository, a.digest, a.tag, a.name, a.version)
    digest = hashlib.sha256("\n".join(part or "" for part in parts).encode()).hexdigest()
    return f"content-{digest[:40]}"


def generation_id(key: str, generation: int) -> str:
    """The instance id of one generation of a content key."""
    return f"{generation_prefix(key)}{_FIRST - generation:08d}"


def generation_prefix(key: str) -> str:
    """What the ids of all generations of a content key begin with."""
    return f"{key}."


def generation_of(instance_id: str) -> int:
    """Which generation has this id. Raises ValueError for an id of another kind."""
    number = instance_id.rpartition(".")[2]
    if not (len(number) == 8 and number.isascii() and number.isdigit()):
        raise ValueError(f"{instance_id} is no generation's id")
    return _FIRST - int(number)


def event_name(region: str) -> str:
    """The external event that says a region has reported."""
    return f"pushevent-{region}"


def courier_id(push_id: str, region: str) -> str:
    """The courier of one arrival. The underscore keeps it apart from every push's id."""
    return bounded_id("_courier", region, push_id)


def delivery_id(push_id: str, verdict: VerdictType, birth: str | None = None) -> str:
    """The instance that delivers one verdict of one push."""
    own = f"{push_id}.{birth[:12]}" if birth else push_id
    return bounded_id("_delivery", verdict.value, own)


def bounded_id(kind: str, qualifier: str, push_id: str) -> str:
    """`kind.qualifier.push`, with the push hashed where the whole would be too long."""
    whole = f"{kind}.{qualifier}.{push_id}"
    if len(whole) <= LONGEST_ID - 8:  # room for a replay's suffix
        return whole
    return f"{kind}.{qualifier}.{hashlib.sha256(push_id.encode()).hexdigest()[:24]}"
