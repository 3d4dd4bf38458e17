"""What a collector receives from an app that runs as a process of its own, by OTLP over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter

import aiohttp
import pytest

from acr_global import spans
from acr_global_rig import engine
from acr_global_rig.host import running_host
from acr_global_rig.loopback import unused_url
from acr_global_rig.receivers import Receiver, every_verdict, listening
from acr_global_rig.registry import REGIONS, event, post
from tests.collector import FAST, Collector, collecting, plain

PUSHES = 60
"""On the engine they take some 15 s; devhost has its thousand in test_telemetry.py."""
AT_ONCE = 8


def settings(ops: Receiver, **own: str) -> dict[str, str]:
    """An app of two regions that tells `ops`."""
    told = json.dumps(every_verdict({"ops": ops}))
    ours = {"REGIONS": ",".join(REGIONS[:2]), "TARGETS": told, "TIMEOUT": "1m", **own}
    return {f"ACR_GLOBAL_{name}": value for name, value in ours.items()}


async def push_all(url: str, pushes: int) -> Counter[int]:
    """Post that many pushes from both regions; the answers' statuses."""
    statuses: Counter[int] = Counter()
    places = asyncio.Semaphore(AT_ONCE)

    async def one(session: aiohttp.ClientSession, n: int) -> None:
        async with places:
            for region in REGIONS[:2]:
                status = 0
                while status != 202:  # a busy machine may be late
                    status, _ = await post(session, url, event(f"otlp-{n}"), region)
                    statuses[status] += 1

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(one(session, n) for n in range(pushes)))
    return statuses


async def counted(collector: Collector, **expected: float) -> None:
    """Return when the collector has these totals, by name with a dot for two underscores."""

    def seen() -> dict[str, float]:
        measured = collector.measured
        return {name: measured.total(name.replace("__", ".")) for name in expected}

    with contextlib.suppress(TimeoutError):
        await collector.until(lambda: seen() == expected)
    assert expected == seen()


async def have_spans(collector: Collector, number: int) -> None:
    """Return when the collector has so many spans."""
    with contextlib.suppress(TimeoutError):
        await collector.until(lambda: len(collector.spans) >= number)
    assert number == len(collector.spans)


@pytest.mark.engine
@pytest.mark.real_time
async def test_the_engine_s_counters_equal_what_happened(storage: engine.Azurite) -> None:
    """Sixty pushes: every webhook, verdict, attempt and lag is received once, and so is each push's
    trace."""
    ops = Receiver("ops")
    async with listening(ops), collecting() as collector:
        environ = settings(ops) | collector.environ
        async with engine.hosted(storage, environ) as host:
            statuses = await push_all(host.url, PUSHES)
            await ops.until(lambda: len(ops.messages()) == PUSHES, 60)
            await counted(
                collector,
                webhooks=statuses.total(),
                verdicts=PUSHES,
                attempts=len(ops.requests),
                region__lag=2 * PUSHES,
                decision__duration=PUSHES,
                delivery__duration=PUSHES,
            )
            await have_spans(collector, PUSHES * 4)
    check_traces(collector, [f"otlp-{n}" for n in range(PUSHES)])


def check_traces(collector: Collector, pushes: list[str]) -> None:
    """Each push has one trace: an arrival for each region, a wait, an attempt."""
    for push in pushes:
        trace_id, parent_id = spans.trace_of(push)
        ours = [s for s in collector.spans if s.trace_id == trace_id.to_bytes(16, "big")]
        assert {"arrival": 2, "wait": 1, "attempt": 1} == Counter(s.name for s in ours)
        assert {parent_id.to_bytes(8, "big")} == {s.parent_span_id for s in ours}
        assert {push} == {plain(s.attributes)["acr_global.push.id"] for s in ours}
        assert all(s.start_time_unix_nano <= s.end_time_unix_nano for s in ours)


@pytest.mark.real_time
async def test_a_collector_receives_metrics_and_traces() -> None:
    """Of one process, under the app's name; no credentials are sent along."""
    ops = Receiver("ops")
    async with listening(ops), collecting() as collector:
        environ = settings(ops) | collector.environ
        async with running_host(environ) as host, aiohttp.ClientSession() as session:
            await host.wait_until_it_serves(session)
            await push_all(host.url, 3)
            await ops.until(lambda: len(ops.messages()) == 3, 30)
            await counted(collector, verdicts=3)
            await have_spans(collector, 3 * 4)
        (resource,) = collector.resources.values()
        assert "acr-global" == resource["service.name"]
        assert [] == [h for h in collector.headers if "Authorization" in h]
        check_traces(collector, [f"otlp-{n}" for n in range(3)])


async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept a connection, and never answer."""
    await reader.read()
    writer.close()


@pytest.mark.real_time
@pytest.mark.parametrize("collector", ["down", "deaf"])
async def test_a_collector_that_fails_costs_no_webhook(collector: str) -> None:
    """All are accepted within the registry's five seconds, and told of, while exports fail."""
    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    where = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    ops = Receiver("ops")
    async with server, listening(ops):
        url = where if collector == "deaf" else unused_url()
        environ = settings(ops) | FAST | {"OTEL_EXPORTER_OTLP_ENDPOINT": url}
        async with running_host(environ) as host, aiohttp.ClientSession() as session:
            await host.wait_until_it_serves(session)
            statuses = await push_all(host.url, 10)
            await ops.until(lambda: len(ops.messages()) == 10, 30)
    assert {202: 20} == statuses
