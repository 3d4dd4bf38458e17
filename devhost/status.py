"""What the management API says of instances: the JSON of one, filters, pages. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .protocol import EVENT_NAMES, Event, EventType, Status, parse_time
from .storage import Instance

PAGE = 100
"""Instances in a page when the request does not say `top`."""


def truth(query: Mapping[str, str], name: str, default: bool) -> bool:
    """A boolean of the query; the SDK writes `True`, people write `true`."""
    text = query.get(name)
    return default if text is None else text.strip().lower() == "true"


def status_json(row: Instance, query: Mapping[str, str]) -> dict[str, Any]:
    """One instance as the management API shows it. The input is shown unless asked not to be.

    No history is shown of a row that says Pending, although there may be one: a crash between the
    two writes leaves Pending on an instance that runs. Only its custom status shows that.
    """
    answer = {
        "name": row.name,
        "instanceId": row.id,
        "runtimeStatus": row.runtime_status,
        "input": row.input if truth(query, "showInput", True) else None,
        "customStatus": row.custom_status,
        "output": row.output,
        "createdTime": _seconds(row.created),
        "lastUpdatedTime": _seconds(row.last_updated),
    }
    if truth(query, "showHistory", False) and row.runtime_status != Status.PENDING and row.history:
        show_output = truth(query, "showHistoryOutput", False)
        show_input = truth(query, "showInput", True)
        answer["historyEvents"] = history_json(row.history, show_output, show_input)
    return answer


def history_json(history: list[Event], show_output: bool, show_input: bool) -> list[dict[str, Any]]:
    """The history for people: names for numbers, each scheduled event merged into its end.

    Inputs, those of events included, are the JSON text as it was sent; results are decoded.
    """
    scheduled: dict[tuple[str, int], dict[str, Any]] = {}
    shown: list[dict[str, Any]] = []
    for event in history:
        kind = event["EventType"]
        if kind in (EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED):
            continue
        item = _history_item(event, show_output, show_input)
        family = _FAMILY.get(kind)
        if family is not None and kind in _SCHEDULING:
            scheduled[family, event["EventId"]] = item
        elif family is not None:
            key = "TimerId" if family == "timer" else "TaskScheduledId"
            before = scheduled.get((family, event[key]))
            if before is not None:
                item |= {"ScheduledTime": before["Timestamp"]}
                item |= {"FunctionName": before["Name"]} if "Name" in before else {}
                shown = [each for each in shown if each is not before]
        shown.append(item)
    return shown


_SCHEDULING = (
    EventType.TASK_SCHEDULED,
    EventType.SUB_ORCHESTRATION_CREATED,
    EventType.TIMER_CREATED,
)
_FAMILY: dict[int, str] = {
    EventType.TASK_SCHEDULED: "task",
    EventType.TASK_COMPLETED: "task",
    EventType.TASK_FAILED: "task",
    EventType.SUB_ORCHESTRATION_CREATED: "sub",
    EventType.SUB_ORCHESTRATION_COMPLETED: "sub",
    EventType.SUB_ORCHESTRATION_FAILED: "sub",
    EventType.TIMER_CREATED: "timer",
    EventType.TIMER_FIRED: "timer",
}


def _history_item(event: Event, show_output: bool, show_input: bool) -> dict[str, Any]:
    """One event as the management API shows it."""
    kind = event["EventType"]
    item: dict[str, Any] = {"EventType": EVENT_NAMES[kind], "Timestamp": event["Timestamp"]}
    keep = ["Name", "Reason", "Details", "OrchestrationStatus", "FireAt", "InstanceId", "Data"]
    if kind == EventType.EXECUTION_STARTED:
        item["FunctionName"] = event["Name"]
        keep = ["Input"] if show_input else []
    elif kind not in _SCHEDULING:
        keep += ["Input"]
    item |= {key: event[key] for key in keep if event.get(key) is not None}
    if show_output and event.get("Result") is not None:
        item["Result"] = _decoded(event["Result"])
    return item


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


@dataclass(frozen=True)
class Filter:
    """Which instances a query wants; None means any."""

    prefix: str = ""
    statuses: frozenset[str] | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Filter:
        """Raises ValueError on a time that cannot be read."""
        statuses = query.get("runtimeStatus")
        wanted = frozenset(s.strip().lower() for s in statuses.split(",")) if statuses else None
        times = [query.get(name) for name in ("createdTimeFrom", "createdTimeTo")]
        earliest, latest = (parse_time(text) if text else None for text in times)
        return cls(query.get("instanceIdPrefix", ""), wanted, earliest, latest)

    @classmethod
    def for_purge(cls, query: Mapping[str, str]) -> Filter:
        """As the extension reads it when it purges [seen on 3.19]: no prefix; of the statuses only
        the final ones, or any where none is left. Raises ValueError without a time to begin at."""
        earliest, latest = (_time(query.get(n)) for n in ("createdTimeFrom", "createdTimeTo"))
        if earliest is None:
            raise ValueError("Please provide value for 'createdTimeFrom' parameter.")
        named = {text.strip() for text in query.get("runtimeStatus", "").split(",")}
        final = frozenset(status.lower() for status in named & set(Status.FINISHED))
        return cls("", final or None, earliest, latest)

    def wants(self, row: Instance) -> bool:
        return (
            row.id.startswith(self.prefix)
            and (self.statuses is None or row.runtime_status.lower() in self.statuses)
            and (self.created_from is None or row.created >= self.created_from)
            and (self.created_to is None or row.created <= self.created_to)
        )


def _time(text: str | None) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except ValueError:
        return None


def page(
    rows: Iterable[Instance], wanted: Filter, top: int, token: str | None
) -> tuple[list[Instance], str | None]:
    """One page in the order of ids, and the token of the next one, if there is one.

    Raises:
        ValueError: the token is not one of ours.
    """
    after = _read_token(token) if token else ""
    found = sorted((r for r in rows if r.id > after and wanted.wants(r)), key=lambda r: r.id)
    more = len(found) > top
    return found[:top], _write_token(found[top - 1].id) if more else None


def _write_token(last_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps({"after": last_id}).encode()).decode()


def _read_token(token: str) -> str:
    try:
        return str(json.loads(base64.urlsafe_b64decode(token.encode()))["after"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise ValueError("the continuation token cannot be read") from None


def _seconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
