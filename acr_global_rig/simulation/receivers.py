"""Receivers of the app's messages: each refuses a message as often as the scenario says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from acr_global.notify.notice import GroupMessage, Notice
from acr_global_rig.receivers import Receiver
from acr_global_rig.simulation.scenario import Listener
from acr_global_rig.simulation.state import GroupReceipt, Receipt

Tell = Callable[[Receipt | GroupReceipt], None]

_NOTICE = TypeAdapter[Notice](Notice)


class Refusing(Receiver):
    """Answers 503 to each message so often before it accepts it, and reports each request."""

    def __init__(self, name: str, refusals: int, tell: Tell) -> None:
        super().__init__(name)
        self._refusals = refusals
        self._tell = tell
        self._tries: Counter[str] = Counter()

    def decide(self, headers: Mapping[str, str], body: Any) -> int:
        """The status of the answer; 400 for anything that is no message of the app."""
        try:
            message = _NOTICE.validate_json(json.dumps(body))
        except ValidationError:
            return 400
        if isinstance(message, GroupMessage):
            self._tell(GroupReceipt(self.name, message))
            return 200
        delivery_id = headers.get("webhook-id", "")
        self._tries[message.id] += 1
        status = 503 if self._tries[message.id] <= self._refusals else 200
        self._tell(Receipt(self.name, delivery_id, status, message))
        return status


def receivers(listeners: Iterable[Listener], tell: Tell) -> tuple[Refusing, ...]:
    """One receiver for each in the scenario."""
    return tuple(Refusing(one.name, one.refusals, tell) for one in listeners)
