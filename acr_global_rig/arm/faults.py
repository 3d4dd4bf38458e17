"""What goes wrong, and when: chosen for the nth request that needs an action."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from acr_global_rig.arm.exchange import Refused

MEANING = {
    409: ("Conflict", "Another operation on the resource is under way."),
    429: ("TooManyRequests", "The limit of requests is reached."),
    500: ("InternalServerError", "The server met an internal error."),
    503: ("ServiceUnavailable", "The server is busy."),
}


class Cut(Enum):
    """A connection that ends without an answer."""

    BEFORE = "before"
    """Nothing has been done."""
    AFTER = "after"
    """Everything has been done."""


class Late(Enum):
    """What goes wrong after the answer has said that an operation is under way."""

    FAILED = "Failed"
    """The operation fails. The resource stays, and says that it was not provisioned."""


@dataclass
class Fault:
    """A fault that is still to come."""

    action: str
    how: int | Cut | Late
    """A status to answer instead of doing the work; when the connection is cut; or how the
    operation ends."""
    nth: int = 1
    """Counted from when the fault was asked for."""
    times: int = 1
    """How many requests it strikes, one after another."""
    retry_after: int | None = None
    """Seconds that the answer asks for."""
    seen: int = 0

    def strikes(self, action: str) -> bool:
        """Count a request; whether the fault strikes it."""
        if action.lower() != self.action.lower():
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times

    def refusal(self, status: int) -> Refused:
        """The answer of the fault."""
        asks = {} if self.retry_after is None else {"Retry_After": str(self.retry_after)}
        return Refused(status, *MEANING[status], **asks)


def struck(faults: Iterable[Fault], action: str) -> Fault | None:
    """The fault that a request meets; each of them counts it."""
    return next(iter([fault for fault in faults if fault.strikes(action)]), None)
