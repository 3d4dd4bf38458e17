"""One test, two hosts: a scene plays on devhost in virtual time, and on the real engine.

    @both(policy="final")
    async def test_a_missing_region_is_named(s: Scene) -> None:
        await s.push(*REGIONS[:2])
        await s.ended()
        assert ["overdue"] == s.verdicts()

A scene sees the app through its HTTP answers, the durable API and the receivers only, and its
durations are those of `s.spans`: minutes and hours on devhost, seconds on the engine. Each scene
has a repository and ids of its own, so that all of them can share one host: on the engine they
play side by side (tests/e2e/theatre.py), on devhost each has a host to itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import itertools
import json
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from acr_global_rig import engine
from acr_global_rig.receivers import Receiver
from acr_global_rig.registry import REGIONS, event
from devhost import DevHost
from tests.e2e.props import Board, Spans, host, is_by_content
from tests.registry.real import Registries

Play = Callable[["Scene"], Awaitable[None]]
DURABLE = "runtime/webhooks/durabletask"


@dataclass(frozen=True, eq=False)
class Stage:
    """A host with other settings than the shared one; it has a task hub of its own."""

    settings: Mapping[str, str] = field(default_factory=dict)
    """By short name; they replace those of the shared host."""
    auth: bool = False
    """Whether function keys are asked for."""
    function_app: str | None = None
    """Another app's function_app.py; on the engine only."""
    release: Path | None = None
    """The zip of a release that it runs; on the engine only."""


@dataclass(frozen=True)
class Piece:
    """What plays, under which policy, and where."""

    play: Play
    policy: str = "plain"
    stage: Stage | None = None


@dataclass
class Scene:
    """One test's view of a running app."""

    url: str
    session: aiohttp.ClientSession
    board: Board
    spans: Spans
    policy: str = "plain"
    host: DevHost | engine.Host | None = None
    """For what can only be done to a host itself, such as its death."""
    others: tuple[engine.Host, ...] = ()
    """More hosts on the same hub; requests go to each in turn."""
    log: Callable[[], str] = str
    """What the host and the app have logged so far."""
    headers: dict[str, str] = field(default_factory=dict)
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    calls: Iterator[int] = field(default_factory=itertools.count)

    @property
    def door(self) -> str:
        """The base URL for the next request."""
        doors = [self.url, *(other.url for other in self.others)]
        return doors[next(self.calls) % len(doors)]

    @property
    def repository(self) -> str:
        return f"team/{self.name}"

    @property
    def ops(self) -> Receiver:
        """The receiver that every policy tells."""
        return self.receiver("ops")

    def receiver(self, target: str) -> Receiver:
        """The receiver of one target for this scene's pushes."""
        return self.board.receiver(target, self.repository)

    @property
    def registries(self) -> Registries:
        """The real registries of a policy that has them."""
        return self.board.registries[self.policy]

    def push_id(self, push: int = 1) -> str:
        """The id of this scene's nth push; the instance's too, unless the policy is `content`."""
        return f"{self.name}-{push}"

    def event(self, push: int = 1, **about: Any) -> dict[str, Any]:
        """The event of one push; `about` changes its target."""
        body = event(self.push_id(push), **{"repository": self.repository} | about)
        body["request"]["host"] = host(self.policy)
        return body

    async def post(self, body: Any, region: str, **query: str) -> tuple[int, Any]:
        """Post one webhook, as the registry sends it."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.call("POST", "api/ImagePush", data, region=region, **query)

    async def insist(self, body: Any, region: str, **query: str) -> tuple[int, Any]:
        """Post one webhook until a busy machine is fast enough to keep it: how many a host takes at
        once is the benchmarks' subject."""
        for _ in range(20):
            answer = await self.post(body, region, **query)
            if answer[0] != 503:
                break
        return answer

    async def decided(self, body: Any, region: str) -> None:
        """Return when a repeat is answered that its push is decided. The engine may show that
        status some moments after the verdict was told."""

        async def is_decided() -> bool:
            _, answer = await self.insist(body, region)
            return bool(answer == {"status": "ignored", "reason": "already-decided"})

        await self.eventually(is_decided)

    async def push(self, *regions: str, push: int = 1, **about: Any) -> list[int]:
        """Post one push from these regions (all of them if none is named), in this order."""
        body = self.event(push, **about)
        return [(await self.insist(body, region))[0] for region in regions or REGIONS]

    async def call(
        self, method: str, path: str, data: bytes | None = None, **query: str
    ) -> tuple[int, Any]:
        """Make any request to the host; returns the answer's JSON, or its text where it is none."""
        async with self.session.request(
            method,
            f"{self.door}/{path}",
            data=data,
            params=query,
            headers={"content-type": "application/json", **self.headers},
        ) as answer:
            text = await answer.text()
            with contextlib.suppress(ValueError):
                return answer.status, json.loads(text)
            return answer.status, text

    async def raise_event(self, name: str, content: bytes, push: int = 1) -> int:
        """Raise an external event by hand, through the durable API."""
        path = f"{DURABLE}/instances/{self.push_id(push)}/raiseEvent/{name}"
        return (await self.call("POST", path, content))[0]

    async def instance(self, instance_id: str | None = None, **query: str) -> Any:
        """An instance as the durable API shows it (that of this scene's push, if none is named), or
        None."""
        path = f"{DURABLE}/instances/{instance_id or self.push_id()}"
        status, body = await self.call("GET", path, None, **query)
        return None if status == 404 else body

    async def begun(self, instance_id: str | None = None) -> None:
        """Return when the instance has begun: from then on it takes events."""

        async def has_begun() -> bool:
            found = await self.instance(instance_id)
            return bool(found and (found["customStatus"] or found["runtimeStatus"] != "Pending"))

        await self.eventually(has_begun)

    async def has_no_courier(self, instance_id: str) -> bool:
        """Whether none carries an arrival to this instance any more."""
        open_couriers = {"runtimeStatus": "Pending,Running", "instanceIdPrefix": "_courier."}
        there = (await self.call("GET", f"{DURABLE}/instances/", None, **open_couriers))[1]
        return not any(instance_id in courier["instanceId"] for courier in there)

    async def ended(self, instance_id: str | None = None) -> Any:
        """The instance, once it has ended; nothing more is said of the push then."""

        async def has_ended() -> Any:
            found = await self.instance(instance_id)
            over = found and found["runtimeStatus"] in ("Completed", "Failed", "Terminated")
            return found if over else None

        return await self.eventually(has_ended)

    async def eventually(self, what: Callable[[], Any]) -> Any:
        """The answer to a question (perhaps a coroutine function), once there is one; asked again
        and again."""
        async with asyncio.timeout(self.spans.patience):
            while True:
                found = what()
                if found := (await found if inspect.isawaitable(found) else found):
                    return found
                await asyncio.sleep(self.spans.deadline / 6)

    async def begin_again(self) -> Any:
        """Let a start with the push's input take effect after its end, as one that was held up; the
        output of the instance that takes its place."""
        ended = await self.instance(showInput="true")
        path = f"{DURABLE}/orchestrators/WaitForAllRegions/{self.push_id()}"
        assert 202 == (await self.call("POST", path, json.dumps(ended["input"]).encode()))[0]

        async def of_the_second() -> Any:
            output = (await self.instance())["output"]
            return output if output != ended["output"] else None

        return await self.eventually(of_the_second)

    async def until(self, what: Callable[[], Any], target: str = "ops") -> None:
        """Return when `what` is true of what a receiver was told."""
        await self.receiver(target).until(what, self.spans.patience)

    def verdicts(self, target: str = "ops", push: int = 1) -> list[str]:
        """The verdicts of one push that a target was told, repeats dropped, in order."""
        messages = self.receiver(target).messages()
        # By content the push has an id of the app's own, and there is one push in the scene.
        mine = None if is_by_content(self.policy) else self.push_id(push)
        return [m["type"] for m in messages if "push" in m and mine in (None, m["push"]["id"])]

    def reports(self, target: str = "ops") -> list[Any]:
        """What a target was told of groups, repeats dropped, in order."""
        return [m for m in self.receiver(target).messages() if m["type"] == "group"]

    async def told(self, *verdicts: str, target: str = "ops", push: int = 1) -> None:
        """Return when a target has been told exactly these verdicts of a push."""
        try:
            await self.until(lambda: list(verdicts) == self.verdicts(target, push), target)
        except TimeoutError:
            assert list(verdicts) == self.verdicts(target, push)


ON_ENGINE = pytest.param("engine", id="engine", marks=[pytest.mark.engine, pytest.mark.scene])


def both(*, policy: str = "plain", stage: Stage | None = None) -> Callable[[Play], Any]:
    """A test that plays on both hosts, under one of the policies of props.py."""
    return _test([pytest.param("devhost", id="devhost"), ON_ENGINE], policy, stage)


def engine_only(*, policy: str = "plain", stage: Stage | None = None) -> Callable[[Play], Any]:
    """A test of something that devhost lacks: processes that can be stopped."""
    return _test([ON_ENGINE], policy, stage)


def _test(hosts: list[Any], policy: str, stage: Stage | None) -> Callable[[Play], Any]:
    def decorate(play: Play) -> Any:
        piece = Piece(play, policy, stage)

        def test(host: Any) -> None:
            host.play(piece)

        test.__name__, test.__doc__, test.__module__ = play.__name__, play.__doc__, play.__module__
        test.__dict__.update(piece=piece)
        return pytest.mark.parametrize("host", hosts, indirect=True)(test)

    return decorate


def pieces_of(items: list[pytest.Item]) -> Iterator[Piece]:
    """What is to play on the engine, of the tests that were chosen to run."""
    for item in items:
        piece = getattr(getattr(item, "function", None), "piece", None)
        if piece and item.get_closest_marker("engine"):
            yield piece
