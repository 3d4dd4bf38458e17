"""`python -m demo`: push a handful of images, and see one right verdict on each."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import aiohttp

from acr_global.cli.connection import Connection
from acr_global.cli.console import open_streams, run
from acr_global.cli.exits import Exit
from acr_global.cli.simulating import run_scenario
from acr_global.cli.simulation_view import view_for
from acr_global_rig.host import Host, HostError, running_host
from acr_global_rig.loopback import free_port
from acr_global_rig.simulation.reading import read_scenario
from acr_global_rig.simulation.scenario import Scenario

SCENARIO = Path(__file__).with_name("scenario.yaml")
WAIT = 30.0
"""Seconds for the retries of the receiver that refuses, on a slow machine."""


def settings(scenario: Scenario, port: int) -> dict[str, str]:
    """The settings that the scenario gives the app, its receivers, and retries short enough to
    watch."""
    targets = [
        {
            "name": receiver.name,
            "kind": "webhook",
            "url": f"http://127.0.0.1:{port}/{receiver.name}",
            "group": False,
        }
        for receiver in scenario.receivers
    ]
    return {
        "ACR_GLOBAL_REGIONS": ",".join(scenario.regions),
        "ACR_GLOBAL_TIMEOUT": f"{scenario.app.timeout:.0f}s",
        "ACR_GLOBAL_LATE_WINDOW": f"{scenario.app.late_window:.0f}s",
        "ACR_GLOBAL_RETRY_SCHEDULE": "1s,2s,3s",
        "ACR_GLOBAL_TARGETS": json.dumps(targets),
    }


def main() -> int:
    """Run the demo; 0 only if every push got exactly the one right verdict."""
    try:
        return asyncio.run(_main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("\nStopped.", file=sys.stderr)
        return Exit.INTERRUPTED


async def _main() -> int:
    task = asyncio.current_task()
    if task and sys.platform != "win32":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    scenario = read_scenario(SCENARIO.read_text())
    port = free_port()
    print("The local host starts. Two receivers will be told; one refuses each message twice.\n")
    async with running_host(settings(scenario, port)) as host:
        try:
            async with aiohttp.ClientSession() as session:
                await host.wait_until_it_serves(session)
            print(f"As it happens: {host.url}/api/ui (any text is a key there)\n")
            code = await _play(scenario, host, port)
        except HostError as error:
            print(f"\n{error} Its last lines:\n{host.output()}")
            return Exit.PROBLEMS
        if code in (Exit.PROBLEMS, Exit.NOT_YET):
            print(f"\nThe host's last lines:\n{host.output()}")
    return code


async def _play(scenario: Scenario, host: Host, port: int) -> int:
    """Play the scenario; its exit code. Raises HostError where the host ends before it."""
    there = Connection(host.url, None, WAIT)
    playing = asyncio.create_task(
        run_scenario(scenario, there, port, WAIT, view_for(as_json=False))
    )
    ending = asyncio.create_task(host.wait_until_it_ends())
    both: Iterable[asyncio.Task[int | None]] = (playing, ending)
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if ending.done():
            ending.result()
        return await playing
    finally:
        playing.cancel()
        ending.cancel()
        await asyncio.gather(*both, return_exceptions=True)


if __name__ == "__main__":
    open_streams()
    sys.exit(run(main))
