"""A trial of one target, against a receiver on loopback."""

from __future__ import annotations

import asyncio
import json

from acr_global.model import Outcome
from acr_global.notify.trial import try_target
from tests.notify.conftest import Listening
from tests.notify.samples import NOW, SECRETS, target


def test_a_trial_is_one_marked_message(listen: Listening) -> None:
    """It says complete in the regions given, whatever verdicts the target has chosen."""

    async def scenario() -> None:
        async with listen(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n") as receiver:
            to = target("webhook", url=receiver.url, on=["overdue"])
            made = await try_target(to, SECRETS, lambda: NOW, ("westeurope", "eastus"))
            assert (Outcome.DELIVERED, 202, NOW) == (made.outcome, made.status, made.at)
            (request,) = receiver.requests
            told = json.loads(request.body)
            assert ("complete", True) == (told["type"], told["test"])
            assert ["westeurope", "eastus"] == [r["region"] for r in told["regions"]]

    asyncio.run(scenario())
