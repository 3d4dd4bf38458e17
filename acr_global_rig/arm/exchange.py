"""One request to the resource manager, and its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Json = dict[str, Any]


class Asked(NamedTuple):
    """One request, as the log keeps it."""

    method: str
    target: str
    """Path and query, as they were sent."""
    body: Any


@dataclass(frozen=True)
class Request:
    """One request, parsed."""

    method: str
    path: str
    """Decoded, without a slash at its end."""
    query: dict[str, str]
    body: Any
    base: str
    """The URL of the server, for links."""

    @property
    def given(self) -> Json:
        """The body, where it is an object."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def properties(self) -> Json:
        """The body's properties."""
        found = self.given.get("properties")
        return found if isinstance(found, dict) else {}

    @property
    def last(self) -> str:
        """The last segment of the path."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer; None is no body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - an answer, not an error here
    """An answer in the form of the resource manager's errors."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        body = {"error": {"code": code, "message": message}}
        self.answer = Answer(status, body, {k.replace("_", "-"): v for k, v in headers.items()})


def not_found(path: str) -> Refused:
    """There is no such resource."""
    return Refused(404, "ResourceNotFound", f"The resource {path} was not found.")


def parse_body(raw: bytes) -> Any:
    """JSON; None where there is nothing, and text where it is no JSON."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")
