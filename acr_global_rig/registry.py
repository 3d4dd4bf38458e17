"""The simulated registry: events in its form, posted as its webhooks post them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp

from acr_global import outgoing
from acr_global.registry.naming import KEY_HEADER, PATH

REGIONS = ("westeurope", "northeurope", "eastus")
"""Of its replicas, unless a caller says otherwise."""

GIVES_UP = 5.0
"""Seconds; the real one waits no longer for an answer, and never posts a webhook again."""


def event(
    push: str,
    *,
    at: str = "2026-06-01T12:22:07.0958813Z",
    host: str = "myregistry.azurecr.io",
    request: str = "r",
    **about: Any,
) -> dict[str, Any]:
    """A push event in the registry's form.

    Args:
        push: The notification's id, the same in all regions unless a test says otherwise.
        at: The registry's timestamp.
        host: The registry's login server.
        request: The id of the request that pushed.
        about: What differs in `target`.
    """
    target = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "size": 524,
        "digest": f"sha256:{'0' * 64}",
        "length": 524,
        "repository": "team/app",
        "tag": "v1",
    } | about
    return {
        "id": push,
        "timestamp": at,
        "action": "push",
        "target": target,
        "request": {"id": request, "host": host, "method": "PUT"},
    }


def timestamp(at: datetime | None = None) -> str:
    """A moment as the registry writes it; the present one, if none is said."""
    return (at or datetime.now(UTC)).isoformat().replace("+00:00", "Z")


def ping() -> dict[str, Any]:
    """The event of a ping, new each time."""
    return {"id": str(uuid.uuid4()), "timestamp": timestamp(), "action": "ping"}


async def post(
    session: aiohttp.ClientSession,
    app_url: str,
    body: Any,
    region: str,
    *,
    key: str = "",
    seconds: float | None = None,
    query: Mapping[str, str] | None = None,
) -> tuple[int, Any]:
    """Post one region's webhook once; the status and JSON of the answer (None where it is empty).

    Args:
        body: The event; bytes are sent as they are.
        key: A function key, where one is asked for.
        seconds: How long to wait for the answer.
        query: Further parameters of the webhook's URL.

    Raises aiohttp.ClientError, TimeoutError, ProxyError, and ValueError where the answer is no
    JSON.
    """
    own = {KEY_HEADER: key} if key else {}
    async with outgoing.request(
        session,
        "POST",
        f"{app_url}{PATH}?{urlencode({'region': region, **(query or {})})}",
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"content-type": "application/json; charset=utf-8", **own},
        timeout=aiohttp.ClientTimeout(total=seconds),
    ) as answer:
        return answer.status, await answer.json(content_type=None)
