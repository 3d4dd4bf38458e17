"""What the app asks of the Durable Functions engine, as typed calls.

Each call is one HTTP request from the worker to the host, to the same local endpoint that the
SDK's client uses. The client itself is not used, because an arrival could be lost by it: it
answers "no such instance" and "the endpoint failed" with objects that look alike, and it shares
one session in the process, which it closes at any connection error, so that one failure cancels
the calls of others. Paths and bodies are as in azure-functions-durable 1.7,
models/DurableOrchestrationClient.py; ids come from correlation.py, which makes them safe in a
path.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from acr_global.functions import clock
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.journal import Journal

if TYPE_CHECKING:
    import aiohttp

CALL_SECONDS = 30.0
"""For one call, unless the caller sets less."""

CONNECTIONS = 100
"""To the host's endpoint, from one process: fewer than the accept queues of servers hold (at least
128), because a connection that is dropped there is tried again only after a second."""

ENDED = "Completed,Failed,Terminated"
"""The statuses of what has ended, as the endpoint takes them."""

STOOD_STILL = "acr-global: stood still, is begun anew"
"""The reason with which a push is terminated that stands still (reviving.py)."""

CONTINUATION = "x-ms-continuation-token"
PAGE_ROWS = 100
MAX_PAGES = 50
"""In one list, to bound its cost."""

_NOT_RESUMED = (names.NOTE_OPEN, names.PROBE_FUNCTIONS)
"""Whose instances are of no use once the process that started them is gone."""

_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()


class EngineError(Exception):
    """The host's endpoint failed; a retry may succeed."""


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
    """A turn broke off: Python died in it, most likely; or it stood still, and was ended for that.
    Input and history are still there."""
    TERMINATED = "terminated"
    """By an operator, or by a courier that is about to start it anew."""


_PHASES = {
    "Running": Phase.BEGUN,
    "Suspended": Phase.BEGUN,
    "ContinuedAsNew": Phase.BEGUN,
    "Completed": Phase.FINISHED,
    "Terminated": Phase.TERMINATED,
    "Canceled": Phase.TERMINATED,
    "Failed": Phase.FAILED,
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the engine says of one instance, or that there is none."""

    phase: Phase
    input: Any = None
    output: Any = None
    custom_status: Any = None
    instance_id: str = ""
    created: datetime | None = None
    """The creation of this execution's row, to the second."""
    updated: datetime | None = None
    history: tuple[dict[str, Any], ...] = ()
    """If it was asked for: as the endpoint shows it, oldest first."""
    suspended: bool = False
    """By an operator. Events are kept for it until it is resumed."""

    @property
    def goes_on(self) -> bool:
        """Whether it is there and has not ended."""
        return self.phase in (Phase.PENDING, Phase.BEGUN)

    @property
    def has_ended(self) -> bool:
        """Whether it is there and has ended, in whatever way."""
        return self.phase is not Phase.ABSENT and not self.goes_on


@dataclass(frozen=True, slots=True)
class Listing:
    """Some instances in the order of their ids, and the token for more, if there are any."""

    snapshots: tuple[Snapshot, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Answer:
    code: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Engine:
    """The engine behind one function's durable client.

    Every call raises EngineError when the endpoint fails; none guesses the answer.
    """

    url: str
    """The URL of the host's endpoint."""
    call_seconds: float = CALL_SECONDS
    """Seconds for one call."""
    journal: Journal = field(default_factory=Journal)
    """Where callers note what the engine has accepted."""
    query: str = ""
    """What the URL of each call needs besides (sdk.py)."""

    async def look(self, instance_id: str, *, show_input: bool = False) -> Snapshot:
        """Where an instance is."""
        return await self._look_at(instance_id, showInput=show_input)

    async def look_back(self, instance_id: str) -> Snapshot:
        """Where an instance is, with its input and its history."""
        shown = {"showInput": True, "showHistory": True, "showHistoryOutput": True}
        return await self._look_at(instance_id, **shown)

    async def _look_at(self, instance_id: str, **shown: bool) -> Snapshot:
        params = {name: str(value).lower() for name, value in shown.items()}
        answer = await self._call("GET", f"instances/{instance_id}", params=params)
        if answer.code == HTTPStatus.NOT_FOUND:
            return Snapshot(Phase.ABSENT)
        if answer.code not in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            raise EngineError(f"status: answered {answer.code}")
        if not isinstance(answer.body, dict) or "runtimeStatus" not in answer.body:
            raise EngineError("status: an answer of another kind")
        return _snapshot(answer.body)

    async def start(self, orchestrator: str, instance_id: str, data: BaseModel) -> None:
        """Start an instance. It REPLACES one that has finished: look first. If this process dies
        before it has the answer, or before the instance has had a turn, the journal tells the next
        one where to look.

        Raises AlreadyExistsError where one has not.
        """
        if orchestrator not in _NOT_RESUMED:
            self.journal.starts(instance_id)
        answer = await self._call("POST", f"orchestrators/{orchestrator}/{instance_id}", data)
        if answer.code in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
            return
        if answer.code == HTTPStatus.CONFLICT or "already exists" in json.dumps(answer.body):
            raise AlreadyExistsError(f"start: answered {answer.code}, already exists")
        raise EngineError(f"start: answered {answer.code}")

    async def raise_event(self, instance_id: str, name: str, data: BaseModel) -> bool:
        """Raise an event to an instance that has begun; False when it has finished meanwhile."""
        answer = await self._call("POST", f"instances/{instance_id}/raiseEvent/{name}", data)
        if answer.code == HTTPStatus.ACCEPTED:
            return True
        # The extension reads the row twice, and answers 500 where it has ended between the two.
        # Source: azure-functions-durable-extension, DurableClient.RaiseEventInternalAsync.
        if answer.code == HTTPStatus.GONE or "because instance is in" in json.dumps(answer.body):
            return False
        raise EngineError(f"event: answered {answer.code}")

    async def terminate(self, instance_id: str, reason: str) -> None:
        """End an instance, which takes effect within a moment."""
        params = {"reason": reason}
        path = f"instances/{instance_id}/terminate"
        answer = await self._call("POST", path, params=params)
        if answer.code not in (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.GONE):
            raise EngineError(f"terminate: answered {answer.code}")

    async def purge(self, instance_id: str) -> None:
        """Remove one instance that has ended, and its history."""
        answer = await self._call("DELETE", f"instances/{instance_id}")
        if answer.code not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
            raise EngineError(f"purge: answered {answer.code}")

    async def list_by_prefix(
        self,
        prefix: str,
        after: str | None = None,
        *,
        pages: int | None = None,
        show_input: bool = False,
    ) -> Listing:
        """Instances whose id begins with `prefix`, which is a range read; up to so many pages,
        MAX_PAGES by default."""
        snapshots: list[Snapshot] = []
        params = {"instanceIdPrefix": prefix, "top": str(PAGE_ROWS)}
        params["showInput"] = str(show_input).lower()
        for _ in range(pages or MAX_PAGES):
            page = await self._page(params, after)
            snapshots, after = [*snapshots, *page.snapshots], page.next
            if after is None:
                break
        return Listing(tuple(snapshots), after)

    async def list_ended(self, before: datetime, after: str | None = None) -> Listing:
        """A page of the instances that began before a moment and have ended, in the order of their
        ids. The engine looks through all that it keeps."""
        params = {"createdTimeTo": f"{before:%Y-%m-%dT%H:%M:%SZ}", "runtimeStatus": ENDED}
        params |= {"top": str(PAGE_ROWS), "showInput": "false"}
        return await self._page(params, after)

    async def first_by_prefix(self, prefix: str) -> Snapshot:
        """The first, in the order of ids, of the instances whose id begins with `prefix`, with
        its input. However many there are, it is one read."""
        params = {"instanceIdPrefix": prefix, "top": "1", "showInput": "true"}
        after: str | None = None
        for _ in range(MAX_PAGES):  # Azure Storage may answer an empty page and a token
            page = await self._page(params, after)
            if page.snapshots:
                return page.snapshots[0]
            if (after := page.next) is None:
                return Snapshot(Phase.ABSENT)
        raise EngineError("list: nothing but empty pages")

    async def _page(self, params: Mapping[str, str], after: str | None) -> Listing:
        headers = {CONTINUATION: after} if after else {}
        answer = await self._call("GET", "instances/", params=params, headers=headers)
        if answer.code != HTTPStatus.OK or not isinstance(answer.body, list):
            raise EngineError(f"list: answered {answer.code}")
        return Listing(tuple(map(_snapshot, answer.body)), answer.headers.get(CONTINUATION) or None)

    async def _call(
        self,
        method: str,
        path: str,
        data: BaseModel | None = None,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> _Answer:
        import aiohttp  # not at a start, of which it would take a third

        # The SDK sends it so: a JSON text inside JSON.
        body = json.dumps(wire.dump(data)) if data is not None else None
        try:
            async with _session().request(
                method,
                self.url + path + self.query,
                json=body,
                params=params,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=self.call_seconds),
            ) as answer:
                text = await answer.text()
                return _Answer(answer.status, _json(text), answer.headers)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise EngineError(f"{type(error).__name__}: {error}"[:300]) from error


def _session() -> aiohttp.ClientSession:
    """This event loop's session: its connections are kept, and no error closes it."""
    import aiohttp

    loop = asyncio.get_running_loop()
    kept = _sessions.get(loop)
    if kept is None or kept.closed:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        kept = _sessions[loop] = aiohttp.ClientSession(connector=connector)
    return kept


async def close_session() -> None:
    """Close this event loop's session. For tests; a worker just ends."""
    kept = _sessions.pop(asyncio.get_running_loop(), None)
    if kept is not None:
        await kept.close()


def _json(text: str) -> Any:
    """The body, where it is JSON; a failing endpoint answers in other ways, or not at all."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # nested too deep: somebody has sent it by hand
        return text


def _snapshot(row: dict[str, Any]) -> Snapshot:
    phase = _PHASES.get(row["runtimeStatus"], Phase.PENDING)
    # A crash can leave Pending on an instance that has begun. Each turn writes a custom status,
    # and a start that replaces the row takes it away, so where there is one, a turn has ended.
    if phase is Phase.PENDING and row.get("customStatus") is not None:
        phase = Phase.BEGUN
    if phase is Phase.TERMINATED and STOOD_STILL in str(row.get("output")):
        phase = Phase.FAILED
    return Snapshot(
        phase=phase,
        input=row.get("input"),
        output=row.get("output"),
        custom_status=row.get("customStatus"),
        instance_id=row.get("instanceId", ""),
        created=clock.moment(row.get("createdTime")),
        updated=clock.moment(row.get("lastUpdatedTime")),
        history=tuple(row.get("historyEvents") or ()),
        suspended=row["runtimeStatus"] == "Suspended",
    )
