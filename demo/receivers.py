"""Two receivers of notifications on one loopback port; one refuses each message twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from acr_global.model import Message
from acr_global_rig.receivers import Receiver, listening

STEADY, FLAKY = "steady", "flaky"

REFUSALS = 2
"""How often the flaky receiver answers 503 to one message before it takes it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One request that a receiver got."""

    receiver: str
    delivery_id: str
    """The header `webhook-id`, by which a receiver can tell a repeat."""
    status: int
    """What the receiver answered."""
    message: Message

    @property
    def image(self) -> str:
        """`repository:tag` of the push that the message is about."""
        return f"{self.message.push.repository}:{self.message.push.tag}"


class _Telling(Receiver):
    """Refuses each message so often before it takes it, and tells of each request."""

    def __init__(self, name: str, refusals: int, tell: Callable[[Receipt], None]) -> None:
        super().__init__(name)
        self._refusals = refusals
        self._tell = tell
        self._tries: Counter[str] = Counter()

    def decide(self, headers: Mapping[str, str], body: Any) -> int:
        delivery_id = headers.get("webhook-id", "")
        self._tries[delivery_id] += 1
        status = 503 if self._tries[delivery_id] <= self._refusals else 200
        message = Message.model_validate_json(json.dumps(body))
        self._tell(Receipt(self.name, delivery_id, status, message))
        return status


class Receivers:
    """Both receivers, and everything that they got, in order."""

    def __init__(self, on_receipt: Callable[[Receipt], None]) -> None:
        self.receipts: list[Receipt] = []
        self._on_receipt = on_receipt
        self.both = (_Telling(STEADY, 0, self._note), _Telling(FLAKY, REFUSALS, self._note))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve on a free port of this machine; they learn their URLs."""
        async with listening(*self.both):
            yield

    async def until_taken(self, image: str) -> None:
        """Wait until both receivers have taken a message about one image."""
        for receiver in self.both:
            await receiver.until(partial(self._has_taken, receiver.name, image))

    def _has_taken(self, receiver: str, image: str) -> bool:
        ours = (r for r in self.receipts if (r.receiver, r.image) == (receiver, image))
        return any(r.status == 200 for r in ours)

    def _note(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        self._on_receipt(receipt)
