"""Taking turns at one host, and what time an attempt goes by when it had to wait."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import pytest

from acr_global.model import Outcome
from acr_global.notify import deliver
from acr_global.retry import Delivery, due_at
from tests.notify.conftest import Listening
from tests.notify.samples import NOW, SECRETS, message, target
from tests.notify.test_deliver import OK, answer, hasty, still, try_once


def test_one_host_gets_few_requests_at_once(listen: Listening) -> None:
    """A burst arrives whole, but not at once."""

    async def scenario() -> None:
        async with listen(OK) as receiver, deliver.new_session() as session:
            to = target("webhook", url=receiver.url)
            tries = (
                deliver.attempt(message(), to, SECRETS, session=session, clock=still)
                for _ in range(40)
            )
            made = await asyncio.gather(*tries)
            assert {Outcome.DELIVERED} == {a.outcome for a in made}
            assert deliver.HOST_CONCURRENCY >= receiver.together
            assert 40 == len(receiver.requests)

    asyncio.run(scenario())


LATER = NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("webhook", ["Retry-After: 3"]),
        ("webhook", [f"Retry-After: {format_datetime(LATER + timedelta(seconds=3), usegmt=True)}"]),
        (
            "github",
            ["x-ratelimit-remaining: 0", f"x-ratelimit-reset: {int(LATER.timestamp()) + 3}"],
        ),
    ],
)
def test_the_time_in_the_queue_is_not_counted(
    listen: Listening, kind: str, headers: list[str]
) -> None:
    """What is signed has the time of its turn, and a wait counts from the answer."""

    async def scenario() -> None:
        now, gate = NOW, asyncio.Event()
        async with (
            listen(answer("429 Slow", *headers), gate=gate) as receiver,
            deliver.new_session() as session,
        ):
            to = target(kind, url=receiver.url)
            tries = [
                asyncio.ensure_future(
                    deliver.attempt(message(), to, SECRETS, session=session, clock=lambda: now)
                )
                for _ in range(deliver.HOST_CONCURRENCY + 1)
            ]
            for _ in range(deliver.HOST_CONCURRENCY):
                await receiver.arrivals.get()
            now = LATER
            gate.set()
            made = await asyncio.gather(*tries)
            assert {(LATER, 3.0)} == {(a.at, a.retry_after) for a in made}
            stamps = [r.headers.get("webhook-timestamp") for r in receiver.requests]
            if kind == "webhook":
                assert [str(int(NOW.timestamp())), str(int(LATER.timestamp()))] == stamps[-2:]
            state = Delivery(
                push_id="p",
                targets=(to.name,),
                begun_at=NOW,
                schedule=(timedelta(seconds=1),) * 9,
                attempts=tuple(made[-1:]),
            )
            due = due_at(state, to.name)
            assert due
            assert LATER + timedelta(seconds=3) <= due

    asyncio.run(scenario())


def test_nobody_waits_for_ever_behind_a_host_that_hangs(listen: Listening) -> None:
    """The fifth gives up its place; another host is not held up."""

    async def scenario() -> None:
        async with (
            listen(b"", hang=True) as stuck,
            listen(OK) as well,
            deliver.new_session() as session,
        ):
            many = [hasty(target("webhook", url=stuck.url), 2)] * 4
            slow = [
                asyncio.ensure_future(
                    deliver.attempt(message(), to, SECRETS, session=session, clock=still)
                )
                for to in many
            ]
            for _ in slow:
                await stuck.arrivals.get()
            fifth = await try_once(target("webhook", url=stuck.url), queue_seconds=0.05)
            assert (Outcome.RETRY, "host-busy") == (fifth.outcome, fifth.reason)
            other = await try_once(target("webhook", url=well.url))
            assert Outcome.DELIVERED is other.outcome
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(scenario())
