"""What the app asks of the durable client, typed, with the client's traps taken out.

Each call is one HTTP request from the worker to the host. The client raises bare exceptions,
answers "no such instance" and "the endpoint failed" with objects that look alike, and has a
timeout of 4 minutes, where the registry waits 5 seconds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

import aiohttp
from azure.durable_functions import DurableOrchestrationClient
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus
from pydantic import BaseModel

from acr_global.functions import wire

CONTINUATION = "x-ms-continuation-token"
MAX_PAGES = 50
"""Of 100 rows each: bounds what one list costs."""


class EngineError(Exception):
    """The host's endpoint failed; another try may do better."""


class AlreadyExistsError(EngineError):
    """A start found an instance with this id that has not finished."""


class Phase(Enum):
    """How far an instance is, as far as keeping an arrival is concerned."""

    ABSENT = "absent"
    PENDING = "pending"
    """Its row is there; no history yet. An event raised now can be deleted unseen."""
    BEGUN = "begun"
    FINISHED = "finished"
    FAILED = "failed"


_PHASES = {
    "Running": Phase.BEGUN,
    "Suspended": Phase.BEGUN,
    "ContinuedAsNew": Phase.BEGUN,
    "Completed": Phase.FINISHED,
    "Terminated": Phase.FINISHED,
    "Canceled": Phase.FINISHED,
    "Failed": Phase.FAILED,
}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one instance."""

    phase: Phase
    input: Any = None
    output: Any = None
    custom_status: Any = None
    instance_id: str = ""


class Engine:
    """The durable client of one function call."""

    def __init__(self, client: DurableOrchestrationClient, call_timeout: float = 30.0):
        self._client = client
        self._call_timeout = call_timeout
        # The client keeps the endpoint's address to itself.
        self._instances = f"{client._orchestration_bindings.rpc_base_url}instances/"

    async def look(self, instance_id: str, *, show_input: bool = False) -> Look:
        """Where an instance is. Raises EngineError, never guesses."""
        status = await self._call(self._status(instance_id, showInput=show_input))
        if status is None:
            return Look(Phase.ABSENT)
        if status.runtime_status.value == "Pending" and await self._has_history(instance_id):
            return _look(status, Phase.BEGUN)
        return _look(status)

    async def _has_history(self, instance_id: str) -> bool:
        """A crash can leave Pending on an instance that has begun; its history tells."""
        status = await self._call(self._status(instance_id, showHistory=True))
        return bool(getattr(status, "historyEvents", None))

    async def _status(self, instance_id: str, **shown: bool) -> Any:
        """The instance's status; None only where the host says 404.

        The client's own get_status makes one falsy object of a 404 and of a 500, and to take a
        failure for absence would start an instance over one that is there. So this asks through
        the client's session, and reads the status code itself.
        """
        query = "&".join(f"{name}={str(value).lower()}" for name, value in shown.items())
        url = f"{self._instances}{instance_id}?{query}"
        code, body = await self._client._get_async_request(url)
        if code == HTTPStatus.NOT_FOUND:
            return None
        if code not in (HTTPStatus.OK, HTTPStatus.ACCEPTED) or not isinstance(body, dict):
            raise EngineError(f"status: unexpected status code {code}")
        return DurableOrchestrationStatus.from_json(body)

    async def start(self, orchestrator: str, instance_id: str, data: BaseModel) -> None:
        """Start an instance. It REPLACES one that has finished: look first.

        Raises AlreadyExistsError, EngineError.
        """
        try:
            await self._call(self._client.start_new(orchestrator, instance_id, wire.dump(data)))
        except EngineError as error:
            if "already exists" in str(error):
                raise AlreadyExistsError(str(error)) from None
            raise

    async def raise_event(self, instance_id: str, name: str, data: BaseModel) -> bool:
        """Raise an event to an instance that has begun; False when it has finished meanwhile."""
        try:
            await self._call(self._client.raise_event(instance_id, name, wire.dump(data)))
        except EngineError as error:
            if "is gone" in str(error):
                return False
            raise
        return True

    async def list_by_prefix(self, prefix: str) -> tuple[list[Look], bool]:
        """Every instance whose id begins with `prefix`, and whether the list was cut off.

        The client asks for the first page only and says nothing of the rest, so this asks the
        host's endpoint itself. A prefix is a range read; pages come in the order of ids.
        """
        looks: list[Look] = []
        token = ""
        for _ in range(MAX_PAGES):
            rows, token = await self._call(self._page(prefix, token))
            looks += [_look(DurableOrchestrationStatus.from_json(row)) for row in rows]
            if not token:
                return looks, False
        return looks, True

    async def _page(self, prefix: str, token: str) -> tuple[list[Any], str]:
        params = {"instanceIdPrefix": prefix, "top": "100", "showInput": "false"}
        headers = {CONTINUATION: token} if token else {}
        async with (
            aiohttp.ClientSession() as session,
            session.get(self._instances, params=params, headers=headers) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise EngineError(f"list: unexpected status {answer.status}")
            return await answer.json(content_type=None), answer.headers.get(CONTINUATION, "")

    async def _call(self, awaitable: Any) -> Any:
        """One client call within the time limit; whatever it raises becomes EngineError."""
        try:
            async with asyncio.timeout(self._call_timeout):
                return await awaitable
        except Exception as error:  # the client raises bare exceptions
            raise EngineError(f"{type(error).__name__}: {error}"[:300]) from error


def _look(status: Any, phase: Phase | None = None) -> Look:
    return Look(
        phase or _PHASES.get(status.runtime_status.value, Phase.PENDING),
        input=status.input_,
        output=status.output,
        custom_status=status.custom_status,
        instance_id=status.instance_id,
    )
