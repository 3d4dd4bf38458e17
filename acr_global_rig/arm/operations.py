"""Long-running operations: the answer names where to ask for their state (Azure-AsyncOperation).

The work itself is done at once, but the first answers say that it is still running.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from acr_global_rig.arm.exchange import Answer, Json, Request, not_found

SUCCEEDED, FAILED = "Succeeded", "Failed"
SOON = {"x-ms-retry-after-ms": "1"}
"""When to ask again. The service says whole seconds in Retry-After; azure-core reads both."""


@dataclass
class Operations:
    """The operations that were begun, by the paths of their states."""

    polls: int = 1
    """How many answers say that an operation is still running."""
    next_fails: bool = False
    """Whether the next operation fails."""
    _failed: set[str] = field(default_factory=set)
    _left: dict[str, int] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def begin(self, request: Request, status: int, body: Json | None) -> Answer:
        """The first answer to a request, as if its work were still to be done."""
        # As the service writes it: the type, a dash, an id.
        path = f"{request.path}/operationStatuses/webhooks-{next(self._numbers):036x}"
        self._left[path.lower()] = self.polls
        if self.next_fails:
            self._failed.add(path.lower())
        asked_for = f"{request.base}{path}?api-version={request.query['api-version']}"
        return Answer(status, body, {"Azure-AsyncOperation": asked_for, **SOON})

    def answer(self, request: Request) -> Answer:
        """The state of an operation. Raises Refused for an unknown one."""
        key = request.path.lower()
        if key not in self._left:
            raise not_found(request.path)
        self._left[key] -= 1
        under_way = self._left[key] >= 0
        said: Json = {"id": request.path, "name": request.last, "status": SUCCEEDED}
        if under_way:
            said["status"] = "InProgress"
        elif key in self._failed:
            said["status"] = FAILED
            said["error"] = {"code": "OperationFailed", "message": "The operation has failed."}
        return Answer(200, said, SOON if under_way else {})
