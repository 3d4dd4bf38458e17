"""How the runs of a timer function go through pages."""

from __future__ import annotations

import asyncio

import pytest

from acr_global.functions.durable.engine import EngineError, Listing
from acr_global.functions.timings import Pages


def test_a_page_that_cannot_be_read_is_not_tried_again() -> None:
    """Its token may be of no more use: the next run begins with the first page."""
    asked: list[str | None] = []

    async def read(after: str | None) -> Listing:
        asked.append(after)
        if after:
            raise EngineError("this page cannot be read")
        return Listing((), "second")

    async def run(pages: Pages) -> None:
        async for _ in pages.rest(read):
            pass

    pages = Pages()
    for _ in range(2):
        with pytest.raises(EngineError):
            asyncio.run(run(pages))
        assert pages.at_first
    assert [None, "second"] * 2 == asked
