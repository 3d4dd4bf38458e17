"""One request to the app: its answer, or why there is none; never an exception."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
from pydantic import ValidationError

from acr_global import api, outgoing
from acr_global.doctor.app import KEY
from acr_global.doctor.facts import Answer, Unknown
from acr_global.proxies import ProxyError
from acr_global.registry.guard import describe

MAX_BYTES = 1_000_000
"""Of an answer; the app's are under 100,000."""
NO_KEY = Unknown("no key was given", KEY)


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any] | None = None,
) -> Answer:
    """Ask once; no redirect is followed, because the key is meant for this host."""
    data = None if body is None else json.dumps(body).encode()
    own = {"content-type": "application/json"} if data else {}
    try:
        request = outgoing.request(session, method, url, headers={**own, **headers}, data=data)
        async with request as response:
            return Answer(response.status, _object(await response.content.read(MAX_BYTES)))
    except (aiohttp.ClientError, ProxyError, OSError, ValueError) as error:
        return Answer(failed=describe(error))


def ping() -> dict[str, str]:
    """What a registry posts when its webhook is pinged. The app keeps nothing of it. Source:
    tests/samples/04_ping_captured_2021.json."""
    return {
        "id": str(uuid.uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
        "action": "ping",
    }


def read_diagnosis(answer: Answer) -> api.Diagnosis | Unknown:
    """The app's diagnosis of itself, or why there is none."""
    match answer.status:
        case 200:
            try:
                return api.Diagnosis.model_validate(dict(answer.body))
            except ValidationError:
                return Unknown("its diagnosis is of another kind: is it of another release?")
        case None:
            return Unknown(f"the app gave no answer: {answer.failed}")
        case 401:
            return Unknown("the app does not take the key (status 401)", KEY)
        case 404:
            said = "the app has no function Diagnosis (status 404)"
            return Unknown(said, "publish this release, or enable the function")
        case _:
            return Unknown(f"the app did not say (status {answer.status})")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
