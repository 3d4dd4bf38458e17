"""Loopback stand-ins for the resource manager and for a registry with a token service.

They serve the shapes of tests/samples (11, 12) and remember what they were asked.
"""

from __future__ import annotations

import asyncio
import copy
import json
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiohttp import web

from acr_global.registry.look import Access, Question
from acr_global_rig.loopback import serving

SAMPLES = Path(__file__).parents[1] / "samples"
REGISTRY_ID = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/group"
    "/providers/Microsoft.ContainerRegistry/registries/myregistry"
)
REPOSITORY = "team/app"
DIGEST = "sha256:" + "ab" * 32
PUSH_ID = "831e1650-001e-001b-66ab-eeb76e069631"
PUSHED_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
CHECKED_AT = PUSHED_AT + timedelta(minutes=10)
OUR_URL = "https://ours.example/api/ImagePush"


def question(*missing: str, **changes: Any) -> Question:
    """A push of team/app:v1 that `missing` have not reported."""
    values: dict[str, Any] = {
        "push_id": PUSH_ID,
        "event_ids": frozenset({PUSH_ID}),
        "action": "push",
        "registry": "myregistry.azurecr.io",
        "repository": REPOSITORY,
        "tag": "v1",
        "digest": DIGEST,
        "missing": missing,
        "since": PUSHED_AT - timedelta(minutes=5),
    }
    return Question(**(values | changes))


def access(*kinds: str, **changes: Any) -> Access:
    """Access to the registry of REGISTRY_ID by `kinds`."""
    values: dict[str, Any] = {"kinds": kinds, "resource_id": REGISTRY_ID}
    return Access(**(values | changes))


def log_entry(
    *,
    id: str = PUSH_ID,
    status: str | None = "202",
    digest: str = DIGEST,
    repository: str = REPOSITORY,
    tag: str | None = "v1",
    action: str = "push",
    at: datetime = PUSHED_AT,
    url: str = OUR_URL + "?region=eastus&code=secret",
) -> dict[str, Any]:
    """An event-log entry: the schema's own example with other values."""
    sample = json.loads((SAMPLES / "11_arm_listEvents_spec_example.json").read_text())
    entry: dict[str, Any] = copy.deepcopy(sample["value"][0])
    content = entry["eventRequestMessage"]["content"]
    content |= {"id": id, "action": action, "timestamp": at.isoformat()}
    content["target"] |= {"repository": repository, "digest": digest, "tag": tag}
    entry["eventRequestMessage"]["requestUri"] = url
    if status is None:
        del entry["eventResponseMessage"]
    else:
        entry["eventResponseMessage"]["statusCode"] = status
    return entry


def posted_entry(body: Any, uri: str, status: str | None, **request: Any) -> dict[str, Any]:
    """An event-log entry with no more than is read of it: what was posted where, and the answer's
    status; without one where it is None."""
    entry: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "eventRequestMessage": {"content": body, "requestUri": uri, **request},
    }
    if status is not None:
        entry["eventResponseMessage"] = {"statusCode": status}
    return entry


def webhook(name: str, location: str, status: str = "enabled") -> dict[str, Any]:
    """A webhook as the resource manager lists it, without its URL."""
    return {
        "id": f"{REGISTRY_ID}/webhooks/{name}",
        "type": "Microsoft.ContainerRegistry/registries/webhooks",
        "name": name,
        "location": location,
        "tags": {},
        "properties": {
            "status": status,
            "scope": "",
            "actions": ["push"],
            "provisioningState": "Succeeded",
        },
    }


class FakeCredential:
    """Gives one token for any scope, and remembers the scopes."""

    def __init__(self, token: str = "identity-token", error: Exception | None = None):
        self.scopes: list[str] = []
        self._token = token
        self._error = error

    async def get_token(self, *scopes: str, **_: Any) -> Any:
        """Return a token that is good for an hour."""
        self.scopes.extend(scopes)
        if self._error:
            raise self._error
        return SimpleNamespace(token=self._token, expires_on=4_102_444_800)

    async def close(self) -> None:
        """Do nothing: nothing is open."""

    async def __aenter__(self) -> FakeCredential:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@dataclass
class FakeArm:
    """A resource manager with the webhooks of one registry and their logs."""

    webhooks: Sequence[Mapping[str, Any]] = ()
    logs: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    page: int = 100
    """Entries per page."""
    troubles: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    """By webhook name, or `list`: answers to give first, one after another."""
    silent: frozenset[str] = frozenset()
    """Names whose requests are never answered."""
    does: int | None = 200
    """The status of all answers; None: there are none."""
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    tokens: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve until the block ends; the endpoint."""
        app = web.Application()
        app.router.add_get(REGISTRY_ID + "/webhooks", self._list)
        app.router.add_route("*", REGISTRY_ID + "/webhooks/{name}/listEvents", self._events)
        async with serving(app) as url:
            yield url

    async def _list(self, request: web.Request) -> web.Response:
        return await self._answer(request, "list", self.webhooks)

    async def _events(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return await self._answer(request, name, self.logs.get(name, ()))

    async def _answer(
        self, request: web.Request, name: str, entries: Sequence[Mapping[str, Any]]
    ) -> web.Response:
        self.asked[name] += 1
        self.tokens.add(request.headers.get("Authorization", ""))
        if name in self.silent or self.does is None:
            return await asyncio.Future()  # never
        status, headers = self.does, dict[str, str]()
        if self.troubles.get(name):
            status, headers = self.troubles[name].pop(0)
        if status != 200:
            error = {"error": {"code": "Trouble", "message": "code=secret"}}
            return web.json_response(error, status=status, headers=headers)
        start = int(request.query.get("$skiptoken", "0"))
        answer: dict[str, Any] = {"value": entries[start : start + self.page]}
        if start + self.page < len(entries):
            answer["nextLink"] = str(request.url.update_query({"$skiptoken": start + self.page}))
        return web.json_response(answer)


@dataclass
class FakeRegistry:
    """One region's registry: answers HEAD requests, and demands a token where `realm` is set."""

    status: int = 200
    statuses: dict[str, int] = field(default_factory=dict)
    """By repository, where it is another one."""
    headers: Mapping[str, str] = field(
        default_factory=lambda: {
            "Docker-Content-Digest": DIGEST,
            "Docker-Distribution-Api-Version": "registry/2.0",
        }
    )
    error: bytes = b""
    """The body beside a 404."""
    wanted: str | None = None
    """Answers 404 to whoever does not ask for this media type."""
    literal: bool = False
    """Compares Accept as a whole with `wanted`."""
    realm: str | None = None
    """Where to sign in; `same` for the registry's own address; None where nobody needs to."""
    token_status: int = 200
    token_body: bytes | None = None
    silent: bool = False
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every request."""
    forms: list[dict[str, str]] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve until the block ends; the base URL."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        async with serving(app) as url:
            yield url

    async def _handle(self, request: web.Request) -> web.Response:
        self.seen.append((request.method, request.path))
        if self.silent:
            await asyncio.Event().wait()
        if request.path.startswith("/oauth2/"):
            self.forms.append({k: str(v) for k, v in (await request.post()).items()})
            kind = "refresh_token" if request.path.endswith("exchange") else "access_token"
            body = self.token_body or json.dumps({kind: f"the-{kind}"}).encode()
            return web.Response(body=body, status=self.token_status)
        if self.realm and request.headers.get("Authorization") != "Bearer the-access_token":
            realm = f"http://{request.host}/oauth2/token" if self.realm == "same" else self.realm
            challenge = f'Bearer realm="{realm}",service="myregistry.azurecr.io"'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        repository = request.path.removeprefix("/v2/").partition("/manifests/")[0]
        status = self.statuses.get(repository, self.status)
        accept = request.headers.get("Accept", "")
        if self.wanted and self.wanted not in ([accept] if self.literal else accept.split(", ")):
            status = 404
        body = self.error if status == 404 else b""
        return web.Response(status=status, headers=self.headers, body=body)
