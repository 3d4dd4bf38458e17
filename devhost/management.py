"""The durable management API over HTTP: what the SDK's client calls on `rpcBaseUrl`.

The same operations answer under /durabletask/ (the worker's, without a key) and under
/runtime/webhooks/durabletask/ (people's and tools', with the system key where keys are required).
Source: the extension's HttpApiHandler, and how DurableOrchestrationClient reads the answers.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web

from .operations import Operations, Result

RPC = "/durabletask"
WEBHOOKS = "/runtime/webhooks/durabletask"
SYSTEM_KEY = "devhost-system-key"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOT_JSON = 400, {"Message": "Only application/json request content is supported"}


def client_binding(base_url: str, task_hub: str) -> str:
    """The JSON a durable client is made of. The SDK puts the instance id where `id`'s value is."""
    return json.dumps(
        {
            "taskHubName": task_hub,
            "creationUrls": {
                "createNewInstancePostUri": f"{base_url}{WEBHOOKS}/orchestrators/"
                f"{{functionName}}[/{{instanceId}}]?code={SYSTEM_KEY}",
            },
            "managementUrls": management_urls(base_url, "INSTANCEID"),
            "baseUrl": f"{base_url}{WEBHOOKS}",
            "requiredQueryStringParameters": f"code={SYSTEM_KEY}",
            "rpcBaseUrl": f"{base_url}{RPC}/",
        }
    )


def management_urls(base_url: str, instance_id: str) -> dict[str, str]:
    """The URLs that manage one instance. Whoever has one can terminate and purge any instance."""
    here = f"{base_url}{WEBHOOKS}/instances/{instance_id}"
    return {
        "id": instance_id,
        "statusQueryGetUri": f"{here}?code={SYSTEM_KEY}",
        "sendEventPostUri": f"{here}/raiseEvent/{{eventName}}?code={SYSTEM_KEY}",
        "terminatePostUri": f"{here}/terminate?reason={{text}}&code={SYSTEM_KEY}",
        "rewindPostUri": f"{here}/rewind?reason={{text}}&code={SYSTEM_KEY}",
        "purgeHistoryDeleteUri": f"{here}?code={SYSTEM_KEY}",
        "restartPostUri": f"{here}/restart?code={SYSTEM_KEY}",
        "suspendPostUri": f"{here}/suspend?reason={{text}}&code={SYSTEM_KEY}",
        "resumePostUri": f"{here}/resume?reason={{text}}&code={SYSTEM_KEY}",
    }


class Management:
    """Routes requests to operations and renders what they return."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def routes(self) -> list[tuple[str, str, Handler]]:
        """(method, path below the prefix, handler)."""
        one = "/instances/{instance_id}"
        return [
            ("POST", "/orchestrators/{name}", self._start),
            ("POST", "/orchestrators/{name}/{instance_id}", self._start),
            ("GET", "/instances", self._query),
            ("GET", "/instances/", self._query),
            ("DELETE", "/instances", self._purge_by),
            ("DELETE", "/instances/", self._purge_by),
            ("GET", one, self._get),
            ("DELETE", one, self._purge),
            ("POST", f"{one}/raiseEvent/{{event_name}}", self._raise_event),
            ("POST", f"{one}/restart", self._restart),
            ("POST", f"{one}/rewind", self._rewind),
            ("POST", f"{one}/{{operation:terminate|suspend|resume}}", self._send),
            ("*", "/entities{rest:.*}", self._not_modelled),
        ]

    async def _start(self, request: web.Request) -> web.StreamResponse:
        operations, name = self._operations, request.match_info["name"]
        if "instance_id" in request.match_info:
            instance_id = _id(request)
        else:
            instance_id = operations.injector.dice.hex_id("instance", name)
        try:
            input_ = await _json_body(request)
        except ValueError:
            return _respond(NOT_JSON)
        return _started(request, await operations.start(name, instance_id, input_))

    async def _get(self, request: web.Request) -> web.StreamResponse:
        return _respond(self._operations.get(_id(request), request.query))

    async def _query(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("x-ms-continuation-token")
        status, body, more = self._operations.query(request.query, token)
        headers = {"x-ms-continuation-token": more} if more else {}
        return web.json_response(body, status=status, headers=headers)

    async def _purge(self, request: web.Request) -> web.StreamResponse:
        return _respond(self._operations.purge(_id(request)))

    async def _purge_by(self, request: web.Request) -> web.StreamResponse:
        return _respond(self._operations.purge_by(request.query))

    async def _raise_event(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info
        if request.content_type != "application/json":
            return _respond(NOT_JSON)
        try:
            data = await _json_body(request)
        except ValueError:
            return _respond(NOT_JSON)
        return _respond(await self._operations.raise_event(_id(request), path["event_name"], data))

    async def _send(self, request: web.Request) -> web.StreamResponse:
        path, reason = request.match_info, request.query.get("reason", "")
        return _respond(await self._operations.send(_id(request), path["operation"], reason))

    async def _rewind(self, request: web.Request) -> web.StreamResponse:
        reason = request.query.get("reason", "")
        return _respond(await self._operations.rewind(_id(request), reason))

    async def _restart(self, request: web.Request) -> web.StreamResponse:
        new_id = request.query.get("restartWithNewInstanceId", "true").lower() == "true"
        return _started(request, await self._operations.restart(_id(request), new_id))

    async def _not_modelled(self, request: web.Request) -> web.StreamResponse:
        return _respond((501, {"Message": f"devhost does not model {request.path}"}))


def _id(request: web.Request) -> str:
    """The extension decodes the path's instance id once more: `a%2Bb` means "a b" to it."""
    return unquote_plus(request.match_info["instance_id"])


async def _json_body(request: web.Request) -> Any:
    """Raises ValueError: it is no JSON, or in no encoding that there is."""
    try:
        text = await request.text()
        return json.loads(text) if text.strip() else None
    except (LookupError, RecursionError) as problem:
        raise ValueError(str(problem)) from None


def _started(request: web.Request, result: Result) -> web.StreamResponse:
    status, body = result
    if status == 202:
        body = management_urls(f"http://{request.host}", body["id"])
    return _respond((status, body))


def _respond(result: Result) -> web.Response:
    status, body = result
    return web.Response(status=status) if body is None else web.json_response(body, status=status)
