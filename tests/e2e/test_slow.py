"""What receivers that accept the connection and never answer cost the others."""

from __future__ import annotations

import asyncio

from acr_global.functions.durable import notifications, wire
from acr_global.notify import deliver
from acr_global_rig.world import World, world
from tests.e2e.scene import Scene, both

DURABLE = "runtime/webhooks/durabletask"


@both(policy="three")
async def test_others_are_told_while_one_hangs(s: Scene) -> None:
    """All are behind one host and port. The hanging one then answers its first request, so the
    others were told before it was given up."""
    hanging = s.receiver("second")
    hanging.gate = asyncio.Event()
    await s.push()
    await s.told("complete")
    await s.told("complete", target="third")
    await s.until(lambda: hanging.requests, "second")
    hanging.gate.set()
    await s.ended()
    assert 1 == len(hanging.requests)


@both(policy="three")
async def test_others_are_told_while_retries_hang(s: Scene) -> None:
    """A later push's notification reaches the others at once while one push's retries hang."""
    hanging = s.receiver("second")
    hanging.answers = [503]
    await s.push()
    await s.until(lambda: hanging.requests, "second")
    hanging.gate = asyncio.Event()
    await s.until(lambda: len(hanging.requests) == 2, "second")
    await s.push(push=2)
    await s.told("complete", push=2)
    await s.told("complete", target="third", push=2)
    hanging.gate.set()
    await s.told("complete", target="second")
    assert ["complete"] == s.verdicts("second")


async def begun(w: World, push: str) -> list[tuple[str, str]]:
    """The targets of a push's delivery, with their reasons, once it has been started."""
    path = f"{DURABLE}/instances/_delivery.complete.{push}"
    while True:
        async with w.session.get(f"{w.host.url}/{path}") as answer:
            if answer.status != 404:
                given = wire.load(notifications.DeliveryInput, (await answer.json())["input"])
                return [(a.target, a.reason) for a in given.delivery.attempts]


async def test_pushes_beside_one_that_hangs_are_told_and_handed_over_at_once() -> None:
    """Of 300 pushes, at the same moment, the healthy target has all messages; the hanging one as
    many attempts as it has places, and for the rest a delivery has begun that says why. Then it
    answers, and gets each message once."""
    async with world("well", "stuck") as w:
        well, stuck = w.receivers["well"], w.receivers["stuck"]
        stuck.gate, loop = asyncio.Event(), asyncio.get_running_loop()
        began = loop.time()
        pushes = [f"p{n}" for n in range(300)]
        assert [[202, 202, 202]] * 300 == await asyncio.gather(*map(w.push, pushes))
        await well.until(lambda: len(well.requests) == len(pushes), 1)
        assert deliver.TARGET_PLACES == len(stuck.requests)
        refused = set(pushes) - {body["push"]["id"] for _, body in stuck.requests}
        for push in refused:
            assert [("stuck", "target-busy")] == await begun(w, push)
        assert loop.time() - began < 1
        stuck.gate.set()
        await stuck.until(lambda: len(stuck.messages()) == len(pushes))
        assert len(pushes) == len(stuck.requests)
