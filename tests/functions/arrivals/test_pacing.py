"""A few arrivals at a time go to the engine, and none waits for ever; in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import pytest

from acr_global.functions.arrivals.pacing import (
    ALWAYS_ADMITTED,
    APART_SECONDS,
    AT_ONCE,
    LULL_LOOKS,
    LULL_SECONDS,
    PATIENCE_SECONDS,
    QUIET_SECONDS,
    Pace,
    TooManyError,
    admitted,
    lull,
)
from devhost import run_virtual


def now() -> float:
    """Seconds since the loop began."""
    return asyncio.get_running_loop().time()


def test_a_burst_goes_through_a_few_at_a_time_in_order() -> None:
    """When one has gone through, the next one starts."""

    async def main() -> None:
        inside, most = set[int](), 0
        through: list[int] = []

        async def arrival(n: int) -> None:
            nonlocal most
            async with Pace().step():
                inside.add(n)
                most = max(most, len(inside))
                await asyncio.sleep(0.1)
                inside.remove(n)
                through.append(n)

        await asyncio.gather(*(arrival(n) for n in range(3 * AT_ONCE)))
        assert AT_ONCE == most
        rounds = [set(through[n : n + AT_ONCE]) for n in range(0, len(through), AT_ONCE)]
        assert [set(range(n, n + AT_ONCE)) for n in (0, AT_ONCE, 2 * AT_ONCE)] == rounds

    run_virtual(main)


def test_an_arrival_that_has_waited_long_enough_goes_ahead() -> None:
    """It waits only once: its later steps go at once, and free no place that they have not
    taken."""

    async def main() -> None:
        over = asyncio.Event()

        async def hold() -> None:
            async with Pace().step():
                await over.wait()

        held = [asyncio.create_task(hold()) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        began, pace = now(), Pace()
        for _ in range(3):
            async with pace.step():
                assert PATIENCE_SECONDS == pytest.approx(now() - began)
        late, pace = now(), Pace()
        async with pace.step():
            assert PATIENCE_SECONDS == pytest.approx(now() - late)
        over.set()
        await asyncio.gather(*held)

    run_virtual(main)


def test_a_step_that_fails_makes_room() -> None:
    """A place that stayed taken would slow the process down for good."""

    async def main() -> None:
        for _ in range(2 * AT_ONCE):
            with pytest.raises(OSError, match="engine"):
                async with Pace().step():
                    raise OSError("engine")
        assert 0 == now()

    run_virtual(main)


def test_what_can_wait_waits_for_the_end_of_a_burst() -> None:
    """It waits for a quiet time after the last arrival; without arrivals it does not wait."""

    async def main() -> None:
        await lull()
        assert 0 == now()
        with admitted(1):
            waiting = asyncio.create_task(lull())
        for _ in range(10):
            with admitted(1):
                pass
            await asyncio.sleep(QUIET_SECONDS / 2)
        last = now() - QUIET_SECONDS / 2
        await waiting
        assert last + QUIET_SECONDS <= now() <= last + 2 * QUIET_SECONDS

    run_virtual(main)


def test_a_burst_without_an_end_is_not_waited_for() -> None:
    """After the longest wait, what can wait goes on all the same."""

    async def main() -> None:
        async def burst() -> None:
            while True:
                with admitted(1):
                    pass
                await asyncio.sleep(QUIET_SECONDS / 2)

        endless = asyncio.create_task(burst())
        await asyncio.sleep(0)
        await lull()
        endless.cancel()
        assert LULL_LOOKS * QUIET_SECONDS == now()

    run_virtual(main)


def test_what_has_waited_goes_on_one_after_another() -> None:
    """All at once would be the next burst; the waits stay bounded."""

    async def main() -> None:
        left = list[float]()

        async def late() -> None:
            await lull()
            left.append(now())

        with admitted(1):
            pass
        await asyncio.gather(*(late() for _ in range(200)))
        apart = [after - before for before, after in itertools.pairwise(left)]
        assert [pytest.approx(APART_SECONDS)] * 50 == apart[:50]
        assert LULL_SECONDS == pytest.approx(max(left))

    run_virtual(main)


def test_what_would_come_too_late_is_turned_away_at_once() -> None:
    """With steps of a second, eight at a time, an arrival behind too many others has no chance.
    Once they are through there is room again."""

    async def main() -> None:
        turned_away = list[float]()

        async def arrival() -> None:
            try:
                with admitted(15):
                    async with Pace().step():
                        await asyncio.sleep(1)
            except TooManyError:
                turned_away.append(now())

        for _ in range(20):  # what a step takes is known
            await asyncio.gather(*(arrival() for _ in range(AT_ONCE)))
        began = now()
        await asyncio.gather(*(arrival() for _ in range(2 * ALWAYS_ADMITTED)))
        assert 0 < len(turned_away) < ALWAYS_ADMITTED
        assert {began} == set(turned_away)
        await asyncio.gather(*(arrival() for _ in range(ALWAYS_ADMITTED)))
        assert {began} == set(turned_away)

    run_virtual(main)


def test_few_are_never_too_many() -> None:
    """A slow step alone turns nobody away: the engine may have been waking up."""

    async def main() -> None:
        async with Pace().step():
            await asyncio.sleep(1_000)
        with contextlib.ExitStack() as stack:
            for _ in range(ALWAYS_ADMITTED):
                stack.enter_context(admitted(1))
            with pytest.raises(TooManyError):
                stack.enter_context(admitted(1))

    run_virtual(main)
