"""The same in front of the real engine, with keys: a few of the tests of test_pages.py."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from tests.browser.stage import App, receiver, why_not
from tests.browser.test_pages import (
    test_a_key_opens_the_pages_and_signing_out_closes_them,
    test_a_retry_is_confirmed_and_comes_through,
    test_the_list_fills_while_pushes_arrive,
    test_the_timeline_shows_who_came_when,
)

__all__ = [
    "test_a_key_opens_the_pages_and_signing_out_closes_them",
    "test_a_retry_is_confirmed_and_comes_through",
    "test_the_list_fills_while_pushes_arrive",
    "test_the_timeline_shows_who_came_when",
]

pytestmark = [pytest.mark.browser, pytest.mark.engine]


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    """The app on `func`, in place of the one on the local host."""
    if reason := why_not() or engine.why_not():
        pytest.skip(reason)
    with engine.azurite() as storage, receiver() as (target, ops), asyncio.Runner() as runner:
        settings = {
            "ACR_GLOBAL_REGIONS": ",".join(REGIONS),
            "ACR_GLOBAL_TARGETS": json.dumps([{"name": "ops", "kind": "webhook", "url": target}]),
        }
        hosted = engine.hosted(storage, settings, auth=True)
        host = runner.run(hosted.__aenter__())
        yield App(host.url, ops)
        runner.run(hosted.__aexit__(None, None, None))
