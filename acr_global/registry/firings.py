"""Entries of a webhook's event log: which concern a push, and what they mean. Pure.

Source of the fields: ARM schema 2025-11-01, Event (every field is optional), and its
listEvents example, which is tests/samples/11_arm_listEvents_spec_example.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from acr_global.model import as_utc
from acr_global.registry.guard import Seen
from acr_global.registry.question import Question
from acr_global.urls import split_url

NOTHING = "nothing in its event log"


@dataclass(frozen=True, slots=True)
class Firing:
    """One entry: what the registry posted, and what it was answered."""

    event_id: str | None
    action: str | None
    repository: str | None
    digest: str | None
    tag: str | None
    at: datetime | None
    """The event's own time, aware; None where it is absent or unreadable."""
    status: int | None
    """What the receiver answered. The registry writes 504 when it gave up after 5 s."""
    posted_to: str | None
    """Host and path of the request; never its query, which may hold a key."""

    @property
    def accepted(self) -> bool:
        """The receiver said 2xx."""
        return accepted(self.status)


def accepted(status: int | None) -> bool:
    """Whether an answer says that a post was taken: 2xx."""
    return status is not None and 200 <= status < 300


def host_and_path(url: str | None) -> str | None:
    """What of a URL is compared: lower-cased host with port, and path; None if it has no host."""
    try:
        parts = split_url(url or "")
    except ValueError:
        return None
    if not parts.host:
        return None
    shown = "" if parts.port in (None, parts.standard_port) else f":{parts.port}"
    return f"{parts.host.removesuffix('.')}{shown}{parts.path.rstrip('/')}".lower()


def parse_firing(entry: Mapping[str, object]) -> Firing:
    """Read one entry; whatever is not as the schema says is None."""
    request, response = _map(entry, "eventRequestMessage"), _map(entry, "eventResponseMessage")
    content = _map(request, "content")
    target = _map(content, "target")
    status = _text(response, "statusCode")
    return Firing(
        event_id=_text(content, "id"),
        action=_text(content, "action"),
        repository=_text(target, "repository"),
        digest=_text(target, "digest"),
        tag=_text(target, "tag"),
        at=_time(_text(content, "timestamp")),
        status=int(status) if status and status.isascii() and status.isdecimal() else None,
        posted_to=host_and_path(_text(request, "requestUri")),
    )


def posted(entry: Mapping[str, object]) -> tuple[str | None, object]:
    """What one entry says was posted, and to which URL, whose query may hold a key."""
    request = _map(entry, "eventRequestMessage")
    return _text(request, "requestUri"), request.get("content")


def concerns(firing: Firing, question: Question) -> bool:
    """Whether an entry is about the push: by its id, else by its content.

    By content it must be recent, for the same content may have been pushed before: without a
    readable time it does not count. Without repository or digest there is no content to compare.
    """
    ids = {question.push_id.lower(), *(i.lower() for i in question.event_ids)}
    if firing.event_id and firing.event_id.lower() in ids:
        return True
    if not question.repository or not question.digest or not firing.digest:
        return False
    return (
        firing.repository == question.repository
        and firing.digest.lower() == question.digest.lower()
        and firing.action == question.action
        and (not firing.tag or not question.tag or firing.tag == question.tag)
        and firing.at is not None
        and firing.at >= question.since
    )


def judge(firings: Iterable[Firing]) -> Seen:
    """What the entries that concern a push say about the region.

    Answered 2xx: the region's event was made and taken, and it counts. Refused: it is shown,
    and does not count (docs/evidence.md says why). The best answer speaks, else the newest.
    """
    seen = sorted(firings, key=lambda f: (f.accepted, f.at or datetime.min.replace(tzinfo=UTC)))
    if not seen:
        return Seen(False, NOTHING)
    best = seen[-1]
    if best.accepted:
        return Seen(True, f"fired, answered {best.status}")
    if best.status is None:
        return Seen(False, "fired, no answer recorded")
    return Seen(False, f"fired but refused with status {best.status}")


def _map(value: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(value: Mapping[str, object], key: str) -> str | None:
    found = value.get(key)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) and found else None


def _time(text: str | None) -> datetime | None:
    """RFC 3339 with 7 or 9 fractional digits, as the registry writes it; naive means UTC."""
    try:
        return as_utc(datetime.fromisoformat(text or ""))
    except ValueError:
        return None
