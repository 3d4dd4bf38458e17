"""The simulated registry: posts one webhook per region, in the registry's own format."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from demo.plan import Push

HOST = "demo.azurecr.io"

GIVES_UP = 5.0
"""Seconds; the registry waits no longer for an answer, and never posts a webhook again."""


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
    return {
        "id": push.id,
        "timestamp": now.isoformat().replace("+00:00", "Z"),
        "action": "push",
        "target": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "size": 1024,
            "digest": push.digest,
            "length": 1024,
            "repository": push.repository,
            "tag": push.tag,
        },
        "request": {
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{push.image} {region}")),
            "host": HOST,
            "method": "PUT",
        },
    }


async def report(session: aiohttp.ClientSession, app_url: str, push: Push, region: str) -> Answer:
    """Post one region's webhook, once."""
    try:
        async with session.post(
            f"{app_url}/api/ImagePush",
            params={"region": region},
            json=webhook_body(push, region, datetime.now(UTC)),
            timeout=aiohttp.ClientTimeout(total=GIVES_UP),
        ) as response:
            return Answer(push.image, region, response.status, _word(await response.json()))
    except TimeoutError:
        return Answer(push.image, region, 0, f"no answer within {GIVES_UP:.0f} s")
    except (aiohttp.ClientError, ValueError) as error:
        return Answer(push.image, region, 0, f"no answer: {type(error).__name__}")


def _word(body: Any) -> str:
    if not isinstance(body, dict):
        return "an answer that is no JSON object"
    return ": ".join(str(body[key]) for key in ("status", "reason") if key in body)
