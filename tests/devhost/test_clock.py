"""The virtual clock: it jumps over waiting, and never over work."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from devhost import clock, run_virtual
from devhost.clock import EPOCH, StandstillError, VirtualLoop


def test_a_day_passes_in_no_time() -> None:
    """Sleeping costs virtual seconds only, and `utcnow` goes along."""

    async def main() -> float:
        await asyncio.sleep(86_400)
        assert (clock.utcnow() - EPOCH).total_seconds() == pytest.approx(86_400)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run_virtual(main) == pytest.approx(86_400)
    assert time.monotonic() - began < 1


def test_sleepers_wake_in_order() -> None:
    """Timers fire in the order of their times."""
    woken: list[int] = []

    async def sleeper(seconds: int) -> None:
        await asyncio.sleep(seconds)
        woken.append(seconds)

    async def main() -> None:
        await asyncio.gather(*(sleeper(n) for n in (300, 1, 86_400, 2)))

    run_virtual(main)
    assert woken == [1, 2, 300, 86_400]


def test_threads_take_no_virtual_time() -> None:
    """While a thread works the clock stands still, whatever else is due."""
    go_on = threading.Event()

    async def main() -> tuple[float, bool]:
        loop = asyncio.get_running_loop()
        loop.call_later(3600, go_on.set)
        finished = await asyncio.to_thread(go_on.wait, 0.2)
        return loop.time(), finished

    assert run_virtual(main) == (0.0, False)


def test_sockets_are_heard_before_a_jump() -> None:
    """Traffic within the process arrives before a timeout can."""

    async def main() -> bytes:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readexactly(4))
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(0.001):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"ping")
            echoed = await reader.read()
        writer.close()
        await writer.wait_closed()
        server.close()
        return echoed

    assert run_virtual(main) == b"ping"


def test_a_thread_of_the_host_sees_engine_time() -> None:
    """The `utcnow` of a sync function is its host's."""

    async def main() -> None:
        await asyncio.sleep(60)
        with ThreadPoolExecutor() as executor:
            seen = await clock.run_in_thread(executor, clock.utcnow)
        assert (seen - EPOCH).total_seconds() == pytest.approx(60)

    run_virtual(main)


def test_outside_virtual_loops_utcnow_is_the_wall_clock() -> None:
    """It is so on a real loop and without a loop."""

    async def main() -> float:
        return clock.utcnow().timestamp()

    assert asyncio.run(main()) == pytest.approx(time.time(), abs=5)
    assert clock.utcnow().timestamp() == pytest.approx(time.time(), abs=5)


def test_a_standstill_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for what can never come fails instead of hanging."""
    monkeypatch.setattr(clock, "STANDSTILL", 0.05)

    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(StandstillError, match="everything waits"):
        run_virtual(main)


def test_loops_start_anew() -> None:
    """Each virtual loop has a time of its own, from zero."""
    loop = VirtualLoop()
    assert loop.time() == 0
    loop.close()
