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
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.e2e.world import REGIONS, Receiver, event
from tests.registry.fakes import FakeRegistry, serving, unused_url

Play = Callable[["Scene"], Awaitable[None]]
DURABLE = "runtime/webhooks/durabletask"


@dataclass(frozen=True)
class Spans:
    """How long things take on one host, in seconds."""

    deadline: int
    """Of the policies that are meant to pass it."""
    window: int
    """The late window that is meant to close."""
    pauses: tuple[int, ...]
    """Of the retry schedule."""
    look_every: int
    """With evidence looked for before the deadline; the settings allow no less than 10."""
    patience: float
    """How long a scene waits for what must come."""


VIRTUAL = Spans(600, 3_600, (5, 300, 1_800), 60, 1_000_000.0)
REAL = Spans(6, 6, (1, 2, 3), 10, 90.0)


class Board:
    """The receivers of all scenes behind one address: `/<target>`, told apart by repository."""

    def __init__(self) -> None:
        self._receivers: dict[tuple[str, str], Receiver] = {}

    def receiver(self, target: str, repository: str) -> Receiver:
        """What one target is told of one scene's pushes."""
        return self._receivers.setdefault((target, repository), Receiver(target))

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Serve until the block ends; the base URL."""
        app = web.Application()
        app.router.add_post("/{target}", self._receive)
        async with serving(app) as url:
            yield url

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        receiver = self.receiver(request.match_info["target"], body["push"]["repository"])
        return await receiver.receive(request)


TARGETS = ("ops", "second", "third")
EVERY_VERDICT = ["complete", "overdue", "recovered", "incomplete"]


@contextlib.asynccontextmanager
async def props(board: Board, spans: Spans) -> AsyncIterator[dict[str, str]]:
    """What the app is set up with: settings, and the servers that they name, while it plays."""
    async with (
        board.open() as receivers,
        FakeRegistry().running() as found,
        FakeRegistry(status=404).running() as absent,
    ):
        endpoints = {"found": found, "absent": absent, "unknown": unused_url()}
        targets = [{"name": n, "kind": "webhook", "url": f"{receivers}/{n}"} for n in TARGETS]
        targets += [{"name": "every", "kind": "webhook", "url": f"{receivers}/every"}]
        targets[-1]["on"] = EVERY_VERDICT  # type: ignore[assignment] # a list among texts
        settings = {
            "REGIONS": ",".join(REGIONS),
            "TIMEOUT": "10m",
            "TARGETS": json.dumps(targets),
            "RETRY_SCHEDULE": ",".join(f"{pause}s" for pause in spans.pauses),
            "REGISTRIES": json.dumps(
                {host(name): own for name, own in _policies(spans, endpoints).items()}
            ),
        }
        yield {f"ACR_GLOBAL_{name}": value for name, value in settings.items()}


def _policies(spans: Spans, endpoints: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The registries that scenes choose among: each is a policy of its own."""
    short = {"timeout": f"{spans.deadline}s", "targets": ["ops"]}
    evidence = {
        f"evidence-{name}": short
        | {"late_window": "0", "evidence": "manifest"}
        | {"region_endpoints": dict.fromkeys(REGIONS, url)}
        for name, url in endpoints.items()
    }
    early = evidence["evidence-found"] | {"check_every": f"{spans.look_every}s", "timeout": "30m"}
    return {
        "plain": {"targets": ["ops"]},
        "three": {"targets": list(TARGETS)},
        "late": short,
        "final": short | {"late_window": "0"},
        "closing": short | {"late_window": f"{spans.window}s", "targets": ["ops", "every"]},
        "content": {"correlation": "content", "targets": ["ops"]},
        "filtered": {"targets": ["ops"], "include": "*:v*", "exclude": "*:"},
        "far": {"targets": ["ops"], "regions": ["brazilsouth"]},
        "many": {"targets": ["ops"], "regions": [f"region{n}" for n in range(100)]},
        "evidence-early": early,
        **evidence,
    }


def host(policy: str) -> str:
    """The registry that goes by a policy."""
    return f"{policy}.example"


@dataclass
class Scene:
    """One test's view of a running app."""

    url: str
    session: aiohttp.ClientSession
    board: Board
    spans: Spans
    policy: str = "plain"
    headers: dict[str, str] = field(default_factory=dict)
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    @property
    def repository(self) -> str:
        return f"team/{self.name}"

    @property
    def ops(self) -> Receiver:
        """The receiver that every policy tells."""
        return self.receiver("ops")

    def receiver(self, target: str) -> Receiver:
        """What one target is told of this scene's pushes."""
        return self.board.receiver(target, self.repository)

    def push_id(self, push: int = 1) -> str:
        """The id of this scene's nth push; the instance's too, unless the policy is `content`."""
        return f"{self.name}-{push}"

    def event(self, push: int = 1, **about: Any) -> dict[str, Any]:
        """The event of one push; `about` changes its target."""
        body = event(self.push_id(push), **{"repository": self.repository} | about)
        body["request"]["host"] = host(self.policy)
        return body

    async def post(self, body: Any, region: str, **query: str) -> tuple[int, Any]:
        """One webhook, as the registry sends it."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.call("POST", "api/ImagePush", data, region=region, **query)

    async def push(self, *regions: str, push: int = 1, **about: Any) -> list[int]:
        """One push, reported by these regions (all of them if none is named), in this order."""
        body = self.event(push, **about)
        return [(await self.post(body, region))[0] for region in regions or REGIONS]

    async def call(
        self, method: str, path: str, data: bytes | None = None, **query: str
    ) -> tuple[int, Any]:
        """Any request to the host; the answer's JSON, or its text where it is none."""
        async with self.session.request(
            method,
            f"{self.url}/{path}",
            data=data,
            params=query,
            headers={"content-type": "application/json", **self.headers},
        ) as answer:
            text = await answer.text()
            with contextlib.suppress(ValueError):
                return answer.status, json.loads(text)
            return answer.status, text

    async def raise_event(self, name: str, content: bytes, push: int = 1) -> int:
        """An external event by hand, through the durable API."""
        path = f"{DURABLE}/instances/{self.push_id(push)}/raiseEvent/{name}"
        return (await self.call("POST", path, content))[0]

    async def instance(self, instance_id: str | None = None, **query: str) -> Any:
        """An instance as the durable API shows it (this scene's push's, if none is named); None
        where there is none."""
        path = f"{DURABLE}/instances/{instance_id or self.push_id()}"
        status, body = await self.call("GET", path, None, **query)
        return None if status == 404 else body

    async def ended(self, instance_id: str | None = None) -> Any:
        """The instance, once it has ended: nothing more will be said of the push."""

        async def has_ended() -> Any:
            found = await self.instance(instance_id)
            over = found and found["runtimeStatus"] in ("Completed", "Failed", "Terminated")
            return found if over else None

        return await self.eventually(has_ended)

    async def eventually(self, what: Callable[[], Awaitable[Any]]) -> Any:
        """What a question is answered with, once it is not None; it can only be asked again."""
        async with asyncio.timeout(self.spans.patience):
            while (found := await what()) is None:  # noqa: ASYNC110 - it cannot tell us
                await asyncio.sleep(self.spans.deadline / 30)
        return found

    async def until(self, what: Callable[[], Any], target: str = "ops") -> None:
        """Return when something is so of what a receiver was told."""
        await self.receiver(target).until(what, self.spans.patience)

    def verdicts(self, target: str = "ops", push: int = 1) -> list[str]:
        """The verdicts of one push that a target was told, repeats dropped, in order."""
        messages = self.receiver(target).messages()
        # By content the push has an id of the app's own, and there is one push in the scene.
        mine = None if self.policy == "content" else self.push_id(push)
        return [m["type"] for m in messages if mine in (None, m["push"]["id"])]

    async def told(self, *verdicts: str, target: str = "ops", push: int = 1) -> None:
        """Return when a target has been told exactly this much of a push."""
        await self.until(lambda: list(verdicts) == self.verdicts(target, push), target)


def both(*, policy: str = "plain") -> Callable[[Play], Any]:
    """A test that plays on both hosts, under one of the policies above."""

    def decorate(play: Play) -> Any:
        def test(host: Any) -> None:
            host.play(play, policy)

        test.__name__, test.__doc__, test.__module__ = play.__name__, play.__doc__, play.__module__
        test.__dict__.update(scene=play, policy=policy)
        return pytest.mark.parametrize(
            "host",
            [
                pytest.param("devhost", id="devhost"),
                pytest.param("engine", id="engine", marks=pytest.mark.engine),
            ],
            indirect=True,
        )(test)

    return decorate


def scenes_of(items: list[pytest.Item]) -> Iterator[tuple[Play, str]]:
    """The scenes among tests that have been chosen to run, for the engine."""
    for item in items:
        function: Any = getattr(item, "function", None)
        if hasattr(function, "scene") and item.get_closest_marker("engine"):
            yield function.scene, function.policy
