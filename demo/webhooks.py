"""What the simulated registry posts in the demo, and what it is answered."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from acr_global_rig.registry import GIVES_UP, event, post
from demo.plan import Push

HOST = "demo.azurecr.io"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app answered to one webhook."""

    image: str
    region: str
    status: int
    """0 where no answer came."""
    word: str
    """`accepted`, `ignored: already-decided`, or why there is no answer."""


def webhook_body(push: Push, region: str, now: datetime) -> dict[str, Any]:
    """The event as a region's webhook carries it."""
    return event(
        push.id,
        at=now.isoformat().replace("+00:00", "Z"),
        host=HOST,
        request=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{push.image} {region}")),
        digest=push.digest,
        repository=push.repository,
        tag=push.tag,
    )


async def report(session: aiohttp.ClientSession, app_url: str, push: Push, region: str) -> Answer:
    """Post one region's webhook, once."""
    body = webhook_body(push, region, datetime.now(UTC))
    try:
        status, said = await post(session, app_url, body, region, seconds=GIVES_UP)
    except TimeoutError:
        return Answer(push.image, region, 0, f"no answer within {GIVES_UP:.0f} s")
    except (aiohttp.ClientError, ValueError) as error:
        return Answer(push.image, region, 0, f"no answer: {type(error).__name__}")
    return Answer(push.image, region, status, _word(said))


def _word(body: Any) -> str:
    if not isinstance(body, dict):
        return "an answer that is no JSON object"
    return ": ".join(str(body[key]) for key in ("status", "reason") if key in body)
