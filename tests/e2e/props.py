"""What scenes play with: durations, registries and their policies, receivers.

One app is set up for all scenes. The registry that a push comes from decides what it goes by, so
a scene chooses its deadline, targets and evidence by a policy's name.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from acr_global_rig.loopback import serving, unused_url
from acr_global_rig.receivers import ALL_VERDICTS, Receiver
from acr_global_rig.registry import REGIONS
from tests.registry.fakes import FakeRegistry
from tests.registry.real import INSTALLED, Registries, registries


@dataclass(frozen=True)
class Spans:
    """How long things take on one host, in seconds, and how many make a crowd."""

    deadline: int
    """Of the policies that are meant to pass it."""
    window: int
    """The late window that is meant to close."""
    pauses: tuple[int, ...]
    """Of the retry schedule."""
    together: int
    """In which alarms come together."""
    look_every: int
    """With evidence looked for before the deadline; the settings allow no less than 10."""
    moment: float
    """To let pass where the order of two things matters: real time passes by itself."""
    patience: float
    """How long a scene waits for what must come."""
    crowd: int
    """Pushes at once."""


VIRTUAL = Spans(600, 3_600, (5, 300, 1_800), 1_800, 60, 60.0, 1_000_000.0, 20)
REAL = Spans(6, 6, (1, 2, 3), 60, 10, 0.0, 240.0, 4)

TARGETS = ("ops", "second", "third")
"""They hear what a target hears that asks for nothing else; `ops` is told by nearly all."""
ENDPOINTS = ("found", "absent", "failing")
"""Regions' registries: with every manifest, with none, and one that breaks down."""


class Board:
    """The servers of all scenes, told apart by repository: receivers behind one address
    (`/<target>`), and the registries that the app looks into."""

    def __init__(self) -> None:
        self.endpoints = {
            "found": FakeRegistry(),
            "absent": FakeRegistry(status=404),
            "failing": FakeRegistry(status=500),
        }
        self.registries: dict[str, Registries] = {}
        """Real ones, by policy."""
        self._receivers: dict[tuple[str, str], Receiver] = {}
        self._late = socket.socket()

    def receiver(self, target: str, repository: str) -> Receiver:
        """The receiver of one target for one repository's pushes."""
        return self._receivers.setdefault((target, repository), Receiver(target))

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Serve until the block ends; the receivers' base URL."""
        async with serving(self._app()) as url:
            yield url

    def late(self) -> str:
        """The base URL of receivers that are down: connections are refused until `open_late`."""
        self._late.bind(("127.0.0.1", 0))  # nobody else is to get the port
        return f"http://127.0.0.1:{self._late.getsockname()[1]}"

    @contextlib.asynccontextmanager
    async def open_late(self) -> AsyncIterator[None]:
        """Serve there too, until the block ends."""
        async with serving(self._app(), self._late):
            yield

    def close(self) -> None:
        """Give back what was never opened."""
        self._late.close()

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/{target}", self._receive)
        return app

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        receiver = self.receiver(request.match_info["target"], _repository(body))
        return await receiver.receive(request)


def _repository(body: Any) -> str:
    """Whose pushes a message is about; a scene's are all of one repository."""
    image = body["pushes"][0]["image"] if body["type"] == "group" else body["push"]["repository"]
    return str(image).partition(":")[0]


@contextlib.asynccontextmanager
async def props(
    board: Board, spans: Spans, port: int = 0, policies: Iterable[str] = ()
) -> AsyncIterator[dict[str, str]]:
    """The app's settings, and the servers that they name, while it plays.

    `port`: where the app is going to listen, which real registries are told. They are there for
    those `policies` only.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(board.close)
        for policy in filter(is_real, set(policies) if INSTALLED else ()):
            hook = f"http://127.0.0.1:{port}/api/ImagePush?region={{}}&registry={host(policy)}"
            heard = [r for r in REGIONS if (policy, r) != ("oci-deaf", REGIONS[2])]
            notify = {r: hook.format(r) for r in heard}
            board.registries[policy] = stack.enter_context(registries(REGIONS, notify))
        receivers = await stack.enter_async_context(board.open())
        endpoints = {"unknown": unused_url()}
        for name, registry in board.endpoints.items():
            endpoints[name] = await stack.enter_async_context(registry.running())
        by_policy = _policies(spans, endpoints) | _real(spans, board.registries)
        settings = {
            "REGIONS": ",".join(REGIONS),
            "TIMEOUT": "10m",
            "ALARM_GROUP": "0",  # scenes share registries
            "TARGETS": json.dumps(_targets(receivers, board.late())),
            "RETRY_SCHEDULE": ",".join(f"{pause}s" for pause in spans.pauses),
            "REGISTRIES": json.dumps({host(name): own for name, own in by_policy.items()}),
        }
        yield {f"ACR_GLOBAL_{name}": value for name, value in settings.items()}


def _targets(receivers: str, late: str) -> list[dict[str, Any]]:
    plain = [{"name": name, "url": f"{receivers}/{name}"} for name in TARGETS]
    choosy: list[dict[str, Any]] = [
        {"name": "every", "url": f"{receivers}/every", "on": ALL_VERDICTS},
        {
            "name": "alarms",
            "url": f"{receivers}/alarms",
            "on": ["overdue", "incomplete"],
            "match": ["team/*"],
        },
    ]
    apart = {"name": "apart", "url": f"{receivers}/apart", "on": ALL_VERDICTS, "group": False}
    down = {"name": "down", "url": f"{late}/down"}
    return [{"kind": "webhook", **target} for target in (*plain, *choosy, apart, down)]


def _policies(spans: Spans, endpoints: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The registries that scenes choose from."""
    ops = {"targets": ["ops"]}
    short = ops | {"timeout": f"{spans.deadline}s"}
    final = short | {"late_window": "0"}
    closing = short | {"late_window": f"{spans.window}s"}
    two = {"regions": list(REGIONS[:2])}
    evidence = {
        f"evidence-{name}": final
        | {"evidence": "manifest", "region_endpoints": dict.fromkeys(REGIONS, url)}
        for name, url in endpoints.items()
    }
    grouped = short | {"alarm_group": f"3 in {spans.together}s"}
    early = {"check_every": f"{spans.look_every}s", "timeout": "30m"}
    return {
        "plain": ops,
        "three": {"targets": list(TARGETS)},
        "late": short,
        "final": final,
        "closing": closing | {"targets": ["ops", "every"]},
        "choosy": closing | {"targets": ["ops", "alarms"]},
        "down": {"targets": ["ops", "down"]},
        "content": ops | {"correlation": "content"},
        "content-two": final | two | {"correlation": "content"},
        "filtered": ops | {"include": "*:v*", "exclude": "*:"},
        "far": {"targets": ["second"], "regions": ["brazilsouth"], "exclude": "*:dev"},
        "many": ops | {"regions": [f"region{n}" for n in range(100)]},
        "evidence-early": evidence["evidence-absent"] | early,
        **evidence,
        # One for each scene, because alarms of one registry come together.
        **{f"group-{name}": grouped | own for name, own in _GROUPED.items()},
    }


_GROUPED: dict[str, dict[str, Any]] = {
    "back": {"targets": ["ops", "apart"]},
    "many": {"timeout": "15s"},
    "twice": {},
    "down": {"targets": ["ops", "second"]},
    "killed": {},
    # Longer than the engine hides what a dead host had in hand, which else is too old to count.
    "hidden": {"alarm_group": "3 in 120s"},
    "hosts": {},
    "upgrade": {"timeout": "30s"},
}


def _real(spans: Spans, there: Mapping[str, Registries]) -> dict[str, dict[str, Any]]:
    """Policies of real registries, whose regions send ids of their own."""
    own = {
        "oci": {},
        "oci-deaf": {"timeout": f"{spans.deadline + 8}s", "evidence": "manifest"},
        "oci-late": {"timeout": f"{spans.deadline}s", "evidence": "manifest"},
    }
    common = {"targets": ["ops"], "correlation": "content"}
    return {
        name: common | own[name] | {"region_endpoints": dict(running.urls)}
        for name, running in there.items()
    }


def is_real(policy: str) -> bool:
    """Whether its registries are processes, so that it plays in real time only."""
    return policy.startswith("oci")


def is_by_content(policy: str) -> bool:
    """Whether its pushes have ids of the app's own."""
    return policy.startswith("content") or is_real(policy)


def host(policy: str) -> str:
    """The login server of the registry with this policy."""
    return f"{policy}.example"
