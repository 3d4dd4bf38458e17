"""Work in a thread that nobody waits for."""

from __future__ import annotations

import asyncio
import threading

import pytest

from acr_global.doctor.aside import aside

pytestmark = pytest.mark.real_time


async def test_what_it_comes_to_is_told() -> None:
    """Its result, or its error."""
    assert 3 == await aside(lambda: 1 + 2)
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0)


async def test_many_are_under_way_at_once() -> None:
    """Each in a thread of its own, which does not keep the program."""
    meeting = threading.Barrier(5)
    await asyncio.gather(*(aside(meeting.wait) for _ in range(5)))
    assert {True} == set(await asyncio.gather(*(aside(daemon) for _ in range(3))))


def daemon() -> bool:
    """Whether it runs in a thread that is not waited for."""
    return threading.current_thread().daemon


async def test_who_gives_up_waiting_is_told_nothing() -> None:
    """What it comes to later hurts nobody."""
    go_on = threading.Event()
    waiting = asyncio.create_task(aside(go_on.wait))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    assert await aside(lambda: True)
