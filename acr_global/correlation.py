"""Which events belong together: a push event → instance id; a region → event name. And the ids
of what else is started for a push.

By `id` (the default) the notification id is the instance id. By `content` it is a hash of what
was pushed, plus a generation, because the same content can be pushed again. A generation is
open until its last verdict; then a new event opens the next one, unless it is the very event
that the one before has counted already (a redelivery). Once all generations of a content have
been purged, their ids come again; those pushes differ by their birth.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from acr_global.model import PushEvent, VerdictType

Strategy = Literal["id", "content"]

MAX_ID_CHARS = 100
"""Characters the engine allows in an instance id. Source: Durable Functions docs, instance IDs."""

DELIVERIES = "_delivery."
"""What the ids of all deliveries begin with, and of the records of pushes that were given up."""

NOTES = "_open."
"""What the ids of all notes of what is open begin with."""

MARKS = "_caught-up."
"""What the ids of all marks begin with, which say which of the registry's events are settled."""

PROBES = "_probe."
"""What the ids of all probes begin with, which only try whether the engine works."""

GROUPS = "_group."
"""What the ids of all groups begin with, which tell many alarms as one."""

_LAST_SECOND = 9_999_999_999
"""In the year 2286; what the times in ids of groups count down from."""

_WHOLE_PUSH = "-"
"""Stands for the region in the id of a courier that sees a whole push through; no region has this
name."""

_GIVEN_UP = "unsaid"
"""Stands for the verdict in the id of the record that is left of a push."""

_DELIVERY = re.compile(r"_delivery\.[a-z]+\.[a-z0-9_][a-z0-9._-]{0,80}(~[0-9]{1,3})?")

_GENERATION = re.compile(r"content-[0-9a-f]{40}\.[0-9]{8}")

_FIRST = 99_999_999
"""The number for generation 0. It counts down, so that the newest generation comes first in the
order of ids, the only order in which the engine lists them."""


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


def strategy_of(push_id: str) -> Strategy:
    """By what the events of a push were told to belong together."""
    return "content" if _GENERATION.fullmatch(push_id) else "id"


def generation_of(instance_id: str) -> int:
    """Which generation has this id. Raises ValueError for an id of another kind."""
    number = instance_id.rpartition(".")[2]
    if not (len(number) == 8 and number.isascii() and number.isdigit()):
        raise ValueError(f"{instance_id} is no generation's id")
    return _FIRST - int(number)


def event_name(region: str) -> str:
    """The external event that says a region has reported."""
    return f"pushevent-{region}"


def is_push(instance_id: str) -> bool:
    """Whether it is a push's id, and not that of a courier, a delivery or a record."""
    return not instance_id.startswith("_")


def courier_id(push_id: str, region: str = _WHOLE_PUSH) -> str:
    """The courier of one arrival; without a region, that of a whole push. The underscore keeps it
    apart from every push's id."""
    return bounded_id("_courier", region, push_id)


def is_courier(instance_id: str) -> bool:
    """Whether it is a courier's id; a record of a push that was given up has a delivery's."""
    return instance_id.startswith("_courier.")


def group_prefix(registry: str | None, missing: Iterable[str]) -> str:
    """What the ids of all groups of one registry and the same missing regions begin with."""
    parts = (registry or "", *sorted(missing))
    digest = hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()
    return f"{GROUPS}{digest[:16]}."


def group_id(prefix: str, begun_at: datetime) -> str:
    """The id of the group that begins now. It never comes again; the newest is the first in the
    order of ids; and two that begin in the same second are one."""
    return f"{prefix}{_LAST_SECOND - int(begun_at.timestamp()):010d}"


def is_group(instance_id: str) -> bool:
    """Whether it is a group's id."""
    return instance_id.startswith(GROUPS)


def report_delivery_id(group: str, number: int, part: int) -> str:
    """The instance that delivers one report of a group to those who hear of the same pushes; there
    are several parts where they hear of different ones."""
    return f"{DELIVERIES}group.{group.removeprefix(GROUPS)}.{number}.{part}"


def delivery_id(push_id: str, verdict: VerdictType, birth: str | None = None) -> str:
    """The instance that delivers one verdict of one push."""
    own = f"{push_id}.{birth[:12]}" if birth else push_id
    return bounded_id("_delivery", verdict.value, own)


def record_id(push_id: str) -> str:
    """The record that is left of a push that was given up."""
    return bounded_id("_delivery", _GIVEN_UP, push_id)


def is_record(instance_id: str) -> bool:
    """Whether it is the id of such a record, or of a new try that followed it."""
    return instance_id.startswith(f"{DELIVERIES}{_GIVEN_UP}.")


def is_delivery(instance_id: str) -> bool:
    """Whether a delivery or a record can have this id, which a caller has named."""
    return bool(_DELIVERY.fullmatch(instance_id))


def numbered(base: str, number: int) -> str:
    """The id of a message's first delivery (0), or of one that followed."""
    return f"{base}~{number}" if number else base


def base_and_number(instance_id: str) -> tuple[str, int]:
    """The inverse of `numbered`. No push's id holds a ~; what follows it is no number where
    somebody has started the instance by hand, which follows nothing then."""
    base, _, number = instance_id.partition("~")
    return (base, int(number)) if number.isdecimal() else (instance_id, 0)


def bounded_id(kind: str, qualifier: str, push_id: str) -> str:
    """`kind.qualifier.push`, with the push hashed where the whole would be too long; the underscore
    before the hash keeps it apart from the id of another push."""
    whole = f"{kind}.{qualifier}.{push_id}"
    if len(whole) <= MAX_ID_CHARS - 8:  # room for a replay's suffix
        return whole
    return f"{kind}.{qualifier}._{hashlib.sha256(push_id.encode()).hexdigest()[:24]}"
