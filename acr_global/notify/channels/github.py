"""The channel `github`: a repository_dispatch event, so that a workflow starts.

Source: docs.github.com/rest/repos/repos, `Create a repository dispatch event`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from acr_global.model import Message, OutboundRequest
from acr_global.notify.request import build_request, to_json
from acr_global.notify.target import GithubTarget, check_token
from acr_global.notify.words import headline, shorten
from acr_global.secret import resolve

API_VERSION = "2022-11-28"
PAYLOAD_PROPERTIES = 10
"""GitHub's limit for the top level of client_payload."""
PAYLOAD_BYTES = 60_000
"""Bytes; GitHub documents `less than 64KB` for the payload, which may be 64,000."""
TEXT_CHARS = 1_000
"""Characters of one text in the payload; ours. Registries allow 256 for a repository."""

_STATES = ("missing", "evidence", "arrived")


def render(
    message: Message, target: GithubTarget, secrets: Mapping[str, str], now: datetime
) -> OutboundRequest:
    """`client_payload` has what a workflow's condition may ask, and the regions by state."""
    token = resolve(target.token, secrets)
    check_token(token)
    headers = {
        "content-type": "application/json",
        "accept": "application/vnd.github+json",
        "authorization": f"Bearer {token}",
        "x-github-api-version": API_VERSION,
    }
    return build_request(
        target, secrets, _body(message, target), headers, f"/repos/{target.repo}/dispatches"
    )


def _body(message: Message, target: GithubTarget) -> bytes:
    push = message.push
    regions = _regions(message)
    payload: dict[str, Any] = {
        "type": message.type.value,
        "id": message.id,
        "text": shorten(headline(message, target.template), TEXT_CHARS),
        "test": message.test,
        "push_id": shorten(push.id, TEXT_CHARS),
        "registry": _short(push.registry),
        "repository": _short(push.repository),
        "tag": _short(push.tag),
        "digest": _short(push.digest),
        "regions": regions,
    }
    event = {"event_type": target.event_type, "client_payload": payload}
    while len(body := to_json(event)) > PAYLOAD_BYTES:
        # The missing are what matters: they are the last to go.
        longest = next(state for state in reversed(_STATES) if regions[state])
        regions[longest].pop()
        regions["omitted"] += 1
    return body


def _regions(message: Message) -> dict[str, Any]:
    """Names by state, how many are expected, and how many did not fit in."""
    names: dict[str, Any] = {
        state: [shorten(r.region, TEXT_CHARS) for r in message.regions if r.state == state]
        for state in _STATES
    }
    return {"expected": len(message.regions), **names, "omitted": 0}


def _short(text: str | None) -> str | None:
    return None if text is None else shorten(text, TEXT_CHARS)
