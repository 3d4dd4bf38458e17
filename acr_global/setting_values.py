"""Values of settings as they are written → what they mean. Each raises ValueError with one
sentence."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any

from acr_global import retry
from acr_global.arm_ids import REGISTRIES, parse_id
from acr_global.durations import format_duration, parse_duration
from acr_global.grouping import AlarmGroup
from acr_global.json_text import SAID_TWICE, TWICE, Pairs, not_json
from acr_global.patterns import parse_names, parse_regions, parse_some
from acr_global.urls import check_url, shown_url

SHORTEST_INTERVAL = timedelta(seconds=10)
LONGEST_TIMER = timedelta(hours=1)
SHORTEST_KEEP = timedelta(days=14)
"""Longer than timeout, late window and three days can be together: docs/decisions.md, 15."""
LONGEST_KEEP = timedelta(days=3_650)
MAX_ALARMS = 100
"""Of those that come singly before a group is told; its status names each."""
LONGEST_ALARMS = timedelta(days=1)
EVENT_LOG_PACKAGES = ("azure.identity", "azure.mgmt.containerregistry")


def positive(value: object) -> timedelta:
    """A duration longer than 0."""
    found = duration(value)
    if not found:
        raise ValueError("must be longer than 0")
    return found


def duration(value: object) -> timedelta:
    """A duration, which may be `0`."""
    return parse_duration(text(value))


def interval(value: object) -> timedelta:
    """A pause between looks, or 0 for none."""
    found = duration(value)
    if timedelta(0) < found < SHORTEST_INTERVAL:
        raise ValueError("must be at least 10s, or 0")
    return found


def timer(value: object) -> timedelta:
    """How often a timer function runs, as its schedule can say it; 0: it does not."""
    found = duration(value)
    if found > LONGEST_TIMER or found % timedelta(minutes=1):
        raise ValueError("must be whole minutes, 1m to 1h, or 0")
    return found


def keep(value: object) -> timedelta:
    """How long something that has ended is kept; 0: for ever."""
    found = parse_duration(text(value), LONGEST_KEEP)
    if timedelta(0) < found < SHORTEST_KEEP:
        raise ValueError("must be at least 14d, or 0")
    return found


_ALARMS = re.compile(r"(?P<count>[0-9]{1,9})\s*in\s*(?P<within>.+)", re.IGNORECASE | re.DOTALL)


def alarm_group(value: object) -> AlarmGroup:
    """So many overdue pushes within a time, `5 in 10m`; `0`: never."""
    said = text(value)
    if said == "0":
        return AlarmGroup(count=0, within=timedelta(0))
    match = _ALARMS.fullmatch(said)
    if match is None:
        raise ValueError("must be so many overdue pushes within a time, like 5 in 10m, or 0")
    count, within = int(match["count"]), parse_duration(match["within"])
    if not 2 <= count <= MAX_ALARMS:
        raise ValueError(f"must be 2 to {MAX_ALARMS} pushes in a time, or 0 alone, which is off")
    if not timedelta(0) < within <= LONGEST_ALARMS:
        raise ValueError("must be a time of 1s to 1d, like 5 in 10m")
    return AlarmGroup(count=count, within=within)


def has_event_log() -> bool:
    """Whether what reads a registry's event logs is installed."""
    return all(map(_installed, EVENT_LOG_PACKAGES))


def text(value: object) -> str:
    """Text without blanks around it."""
    if value is TWICE:
        raise ValueError(SAID_TWICE)
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value.strip()


def word(value: object) -> str:
    """One of some words, in whatever letters."""
    return text(value).lower()


def words(value: object) -> tuple[str, ...]:
    """Some of some words, of which there must be one at least."""
    return tuple(dict.fromkeys(name.lower() for name in parse_some(value)))


class _TwiceError(ValueError):
    pass


def once(pairs: Pairs) -> dict[str, Any]:
    """An object in which no name stands twice: only one of the two would count."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _TwiceError("one name stands in it twice, maybe in two spellings")
        found[name] = value
    return found


def json_object(value: object, of: Callable[[Pairs], dict[str, Any]] = once) -> dict[str, Any]:
    """A JSON object, with each object in it built by `of`; or one that is parsed already."""
    try:
        parsed = json.loads(value, object_pairs_hook=of) if isinstance(value, str) else value
    except _TwiceError:
        raise
    except (ValueError, RecursionError) as error:
        raise ValueError(not_json(str(value), error)) from None
    if not isinstance(parsed, dict):
        raise ValueError("not a JSON object")
    return parsed


def origin(value: object) -> str:
    """Scheme, host and port of a URL that the app itself asks, and may show its identity to."""
    url = text(value).rstrip("/")
    try:
        parts = check_url(url)
    except ValueError as error:
        raise ValueError(f"url {error}") from None
    if parts.in_clear:
        raise ValueError("url is plain http to another host; use https")
    if parts.userinfo is not None:
        raise ValueError("url must hold no user and no password")
    if parts.path or "?" in url or "#" in url:
        raise ValueError("url must be no more than https://HOST or https://HOST:PORT")
    return url


def endpoints(value: object) -> dict[str, str]:
    """Regions and base URLs."""
    return once((_region(name), origin(url)) for name, url in json_object(value).items())


def _region(name: str) -> str:
    regions = parse_regions(name)
    if len(regions) > 1:
        raise ValueError("must have one region before each URL")
    return regions[0]


def evidence(value: object) -> tuple[str, ...]:
    """The kinds of evidence; each must be available here."""
    kinds = tuple(dict.fromkeys(kind.lower() for kind in parse_names(value)))
    if set(kinds) - {"event-log", "manifest"}:
        raise ValueError("knows only event-log and manifest")
    if "event-log" in kinds and not has_event_log():
        raise ValueError("event-log needs the packages that requirements.txt holds commented out")
    return kinds


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # not even the package above it
        return False


def registry_id(value: object) -> str:
    """An ARM id, or nothing."""
    said = text(value)
    if said and parse_id(said, REGISTRIES) is None:
        raise ValueError(
            f"must be an ARM id: /subscriptions/ID/resourceGroups/GROUP/providers/{REGISTRIES}/NAME"
        )
    return said


def schedule(value: object) -> tuple[timedelta, ...]:
    """Pauses between attempts."""
    return retry.parse_schedule(text(value))


def shown(value: object) -> object:
    """A value as people write it: plain texts, lists of them, None. Of a URL no user, path or
    query."""
    match value:
        case timedelta():
            return format_duration(value)
        case AlarmGroup():
            return f"{value.count} in {format_duration(value.within)}" if value.count else "0"
        case StrEnum():
            return value.value
        case dict():
            return [f"{key}: {shown(part)}" for key, part in value.items()]
        case list() | tuple():
            return [shown(part) for part in value]
        case str() if "://" in value:
            return shown_url(value)
        case _:
            return value
