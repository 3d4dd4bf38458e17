"""Virtual time for a test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from devhost import run_virtual


def virtual(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test in virtual time."""

    async def main() -> None:
        await test()

    run_virtual(main)
