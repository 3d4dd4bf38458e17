"""Attempts under way at once: each target has so many places, and none waits for another target."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from threading import BoundedSemaphore
from typing import Any

import pytest

from acr_global.model import Attempt, Outcome
from acr_global.notify import deliver, lookup
from acr_global.notify.target import Target
from acr_global.retry import Delivery, due_at
from tests.notify.conftest import Listening, Receiver
from tests.notify.samples import NOW, SECRETS, message, target
from tests.notify.test_deliver import OK, answer, hasty, try_once

# The library apprise warns of one of its own imports.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

BUSY = (Outcome.RETRY, "target-busy")
FEW = 3
Places = Callable[[int], None]


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Places:
    """Sets how many places each target has, and frees all of them."""

    def have(number: int) -> None:
        free = defaultdict[str, BoundedSemaphore](lambda: BoundedSemaphore(number))
        monkeypatch.setattr(deliver, "_places", free)

    return have


def begin(to: Target, times: int) -> list[asyncio.Task[Attempt]]:
    """Start this many attempts side by side."""
    return [asyncio.create_task(try_once(to)) for _ in range(times)]


async def all_there(receiver: Receiver, times: int) -> None:
    """Return when the receiver holds so many requests; without a limit of its own."""
    async with asyncio.timeout(20):
        for _ in range(times):
            await receiver.arrivals.get()


async def give_up(tasks: list[asyncio.Task[Attempt]]) -> None:
    """Cancel attempts that are under way."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_a_burst_goes_out_side_by_side_up_to_the_targets_places(listen: Listening) -> None:
    """An attempt beyond the last place is not sent, and fails at once."""

    async def scenario() -> None:
        gate = asyncio.Event()
        async with listen(OK, gate=gate) as receiver:
            to = target("webhook", url=receiver.url)
            burst = begin(to, deliver.TARGET_PLACES)
            await all_there(receiver, deliver.TARGET_PLACES)
            more = await try_once(to)
            assert BUSY == (more.outcome, more.reason)
            assert deliver.TARGET_PLACES == len(receiver.requests)
            gate.set()
            assert {Outcome.DELIVERED} == {a.outcome for a in await asyncio.gather(*burst)}
            assert Outcome.DELIVERED is (await try_once(to)).outcome

    asyncio.run(scenario())


def test_another_target_at_the_same_host_has_places_of_its_own(
    listen: Listening, places: Places
) -> None:
    """Places are counted by the target's name."""
    places(FEW)

    async def scenario() -> None:
        gate = asyncio.Event()
        async with listen(OK, gate=gate) as receiver:
            slow = begin(target("webhook", url=receiver.url, name="slow"), FEW)
            await all_there(receiver, FEW)
            other = begin(target("webhook", url=receiver.url, name="other"), 1)
            await all_there(receiver, 1)
            gate.set()
            made = await asyncio.gather(*slow, *other)
            assert {Outcome.DELIVERED} == {a.outcome for a in made}

    asyncio.run(scenario())


def test_a_place_is_free_again_however_the_attempt_ended(listen: Listening, places: Places) -> None:
    """A missing answer, a cancellation and a request that cannot be made free the place."""
    places(1)

    async def scenario() -> None:
        async with listen(b"", hang=True) as stuck, listen(OK) as well:
            to = target("webhook", url=stuck.url)
            assert "timeout" == (await try_once(hasty(to))).reason
            begun = begin(to, 1)
            await all_there(stuck, 2)
            assert "target-busy" == (await try_once(to)).reason
            await give_up(begun)
            assert "url-invalid" == (await try_once(target("cloudevents"), secrets=BAD)).reason
            assert Outcome.DELIVERED is (await try_once(target("webhook", url=well.url))).outcome

    BAD = SECRETS | {"HOOK_URL": "nonsense"}  # noqa: N806 - a constant of this test
    asyncio.run(scenario())


def test_a_thread_that_nobody_waits_for_keeps_its_place(listen: Listening, places: Places) -> None:
    """The library apprise may run on after the target's timeout; its threads are bounded, too."""
    places(1)

    async def scenario() -> None:
        gate = asyncio.Event()
        async with listen(OK, gate=gate) as receiver:
            to = target("apprise", url=receiver.url.replace("http:", "json:") + "?rto=60")
            assert "timeout" == (await try_once(hasty(to))).reason
            assert "target-busy" == (await try_once(to)).reason
            gate.set()
            place = deliver._places[to.name]
            await asyncio.to_thread(place.acquire)  # until the thread, unheard, has ended
            place.release()
            assert Outcome.DELIVERED is (await try_once(to)).outcome

    asyncio.run(scenario())


def test_threads_that_hang_hold_up_no_other_thread(listen: Listening) -> None:
    """The event loop's threads and those of another target of the same kind stay free."""

    async def scenario() -> None:
        gate = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(2))
        async with listen(OK, gate=gate) as receiver, listen(OK) as well:
            stuck = target("apprise", url=receiver.url.replace("http:", "json:") + "?rto=60")
            begun = begin(stuck, 40)
            await all_there(receiver, 40)
            to = target("apprise", url=well.url.replace("http:", "json:"), name="well")
            assert Outcome.DELIVERED is (await try_once(to)).outcome
            assert "free" == await asyncio.to_thread(lambda: "free")
            gate.set()
            made = await asyncio.gather(*begun)
            assert {Outcome.DELIVERED} == {a.outcome for a in made}

    asyncio.run(scenario())


@contextmanager
def slow_names(
    monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop
) -> Iterator[asyncio.Queue[str]]:
    """While it lasts, looking up a name under .slow hangs, then fails; yields the names in
    order."""
    asked = asyncio.Queue[str]()
    over = threading.Event()
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *more: Any, **options: Any) -> Any:
        if not host.endswith(".slow"):
            return real(host, *more, **options)
        loop.call_soon_threadsafe(asked.put_nowait, host)
        over.wait()
        raise socket.gaierror("not found")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    try:
        yield asked
    finally:
        over.set()


def test_a_slow_name_lookup_holds_up_nothing_else(
    listen: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other targets and the event loop's own threads go on; a name is looked up once, however many
    attempts wait for it."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(2))
        with slow_names(monkeypatch, loop) as asked:
            async with listen(OK) as receiver:
                names = [f"h{n}.slow" for n in range(20)]
                slow = [target("webhook", url=f"https://{n}/", name=n) for n in names]
                begun = [task for to in slow for task in begin(to, 5)]
                assert set(names) == {await asked.get() for _ in names}
                to = target("webhook", url=receiver.url.replace("127.0.0.1", "localhost"))
                assert Outcome.DELIVERED is (await try_once(to)).outcome
                assert "free" == await asyncio.to_thread(lambda: "free")
                assert asked.empty()
                await give_up(begun)

    asyncio.run(scenario())


def test_a_name_that_is_not_found_has_the_reason_connection() -> None:
    """The resolver's own error does not matter."""
    made = asyncio.run(try_once(target("webhook", url="https://nobody.invalid/")))
    assert (Outcome.RETRY, "connection") == (made.outcome, made.reason)


def test_addresses_come_as_numbers() -> None:
    """A numeric address needs no second look-up."""
    found = asyncio.run(lookup.Lookup().resolve("localhost", 443, socket.AF_INET))
    assert {("localhost", "127.0.0.1", 443)} == {
        (f["hostname"], f["host"], f["port"]) for f in found
    }


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
def test_a_wait_counts_from_the_answer(listen: Listening, kind: str, headers: list[str]) -> None:
    """The wait that an answer asks for begins when it comes; a signature has the time of
    sending."""

    async def scenario() -> None:
        now, gate = NOW, asyncio.Event()
        async with (
            listen(answer("429 Slow", *headers), gate=gate) as receiver,
            deliver.new_session() as session,
        ):
            to = target(kind, url=receiver.url)
            begun = asyncio.create_task(
                deliver.attempt(message(), to, SECRETS, session=session, clock=lambda: now)
            )
            await receiver.arrivals.get()
            now = LATER
            gate.set()
            made = await begun
            assert (LATER, 3.0) == (made.at, made.retry_after)
            if kind == "webhook":
                (request,) = receiver.requests
                assert str(int(NOW.timestamp())) == request.headers["webhook-timestamp"]
            state = Delivery(
                push_id="p",
                targets=(to.name,),
                begun_at=NOW,
                schedule=(timedelta(seconds=1),) * 9,
                attempts=(made,),
            )
            due = due_at(state, to.name)
            assert due
            assert LATER + timedelta(seconds=3) <= due

    asyncio.run(scenario())
