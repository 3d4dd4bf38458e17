"""`simulate`: play a geo-replicated registry to a running app, and judge what comes out."""

from __future__ import annotations

import json
import os
import re
import socket
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acr_global.cli.connection import (
    DEFAULT_TIMEOUT,
    KEY_NOTE,
    Connection,
    KeyFile,
    KeyStdin,
    Timeout,
    Url,
    connect,
)
from acr_global.cli.console import fail
from acr_global.cli.exits import AppError, Exit, UsageError
from acr_global.cli.output import line
from acr_global.durations import parse_duration

if TYPE_CHECKING:
    from acr_global.cli.simulation_view import View
    from acr_global_rig.simulation.scenario import Scenario
    from acr_global_rig.simulation.state import Record

DEFAULT_WAIT = 60.0
"""Seconds; the retries of a receiver that refuses at first have to fit into it."""
_SEEDS = 2**32


def _wait(value: object) -> float:
    try:
        return (
            parse_duration(str(value)).total_seconds() if isinstance(value, str) else DEFAULT_WAIT
        )
    except ValueError:
        raise UsageError("--wait must be a duration, such as 30s or 5m") from None


def _port(value: object) -> int:
    if not re.fullmatch(r"\d{1,5}", str(value)) or not 0 < int(str(value)) < 65_536:
        raise UsageError("--listen must be a port, such as 9099")
    return int(str(value))


def _seed(value: object) -> int:
    if not re.fullmatch(r"\d{1,18}", str(value)):
        raise UsageError("--seed must be a whole number, such as 7")
    return int(str(value))


Listen = Annotated[
    int | None,
    typer.Option(
        metavar="PORT",
        parser=_port,
        help="Be told on this port of this machine, where a target of the app points: "
        "http://127.0.0.1:PORT/NAME, NAME being that of a receiver in the scenario.",
    ),
]

app = typer.Typer()


@app.command(epilog=f"{KEY_NOTE}\n\nExample: `acr-global simulate scenario.yaml --listen 9099`")
def simulate(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A YAML file: see docs/simulating.md.")
    ],
    listen: Listen = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER", parser=_seed, help="The scenario's seed; the same, the same run."
        ),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(
            metavar="DURATION",
            parser=_wait,
            show_default=False,
            help=f"How long a word may be behind the moment it is due; {DEFAULT_WAIT:.0f}s if not "
            "said.",
        ),
    ] = DEFAULT_WAIT,
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Annotated[bool, typer.Option("--json", help="Print what came out as JSON.")] = False,
) -> int:
    """Play a geo-replicated registry to a running app, and judge what it tells.

    Every region is pinged first; then each push's webhooks are posted as the scenario says. It ends
    with 0 where each push was told what it must be, 1 where one was not, 3 where that was not known
    in time.
    """
    import asyncio

    from acr_global.cli.simulation_view import view_for

    there = connect(os.environ, url, key_file, key_stdin, timeout)
    if listen is None:
        raise UsageError("where is the app to tell? Give --listen PORT")
    read = read_file(scenario)
    if read is None:
        return Exit.USAGE
    if seed is not None:
        read = read.model_copy(update={"seed": seed})
    return asyncio.run(run_scenario(read, there, listen, wait, view_for(as_json=as_json)))


def read_file(path: str) -> Scenario | None:
    """The scenario in a file; None where it has mistakes, which are said. Raises UsageError."""
    from acr_global_rig.simulation.reading import ScenarioError, read_scenario

    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"the scenario cannot be read: {error.strerror}") from None
    except ValueError:
        raise UsageError("the scenario is no UTF-8 text") from None
    try:
        return read_scenario(text)
    except ScenarioError as error:
        for problem in error.problems:
            fail(problem, f"{line(path)}: ")
        return None


async def run_scenario(
    scenario: Scenario, there: Connection, listen: int, wait: float, view: View
) -> int:
    """Play it and say what came of it; returns the exit code.

    Raises UsageError where the port is taken or the scenario cannot be judged, AppError where the
    app refuses a ping, NotAskedError where it is not reached.
    """
    import asyncio

    from acr_global_rig.receivers import listening
    from acr_global_rig.simulation.judge import judge
    from acr_global_rig.simulation.play import Simulation
    from acr_global_rig.simulation.receivers import receivers

    seed = scenario.seed if scenario.seed is not None else uuid.uuid4().int % _SEEDS
    record = _record(scenario, seed)
    simulation = Simulation(record, there.url, there.key, view.show)
    if task := asyncio.current_task():
        view.end = task.cancel
    try:
        await ping(scenario.regions, there)
        async with listening(*receivers(scenario.receivers, simulation.hear), at=_bound(listen)):
            with view.showing(record, seed):
                await simulation.run(wait, scenario.settle)
    except asyncio.CancelledError:
        if view.code is None:
            raise
        return view.code
    judgement = judge(record)
    view.conclude(record, seed, judgement)
    return Exit.PROBLEMS if judgement.wrong else Exit.NOT_YET if judgement.unknown else Exit.FINE


def _record(scenario: Scenario, seed: int) -> Record:
    from acr_global_rig.simulation.reading import ScenarioError
    from acr_global_rig.simulation.state import record_of

    try:
        return record_of(scenario, seed, uuid.uuid4().hex)
    except ScenarioError as error:
        raise UsageError(f"the scenario cannot be judged: {error.message}") from None


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise UsageError(f"cannot listen on port {port}: {why}") from None


async def ping(regions: tuple[str, ...], there: Connection) -> None:
    """Ping the app from every region, as an operator does with `az acr webhook ping`: it is
    reached, the key is right, and it expects these regions. Raises AppError."""
    from datetime import UTC, datetime

    from acr_global.cli.client import Client

    body = {
        "id": str(uuid.uuid4()),
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "action": "ping",
    }
    async with Client(there) as client:
        for region in regions:
            try:
                await client.post(f"/api/ImagePush?region={region}", json.dumps(body).encode())
            except AppError as error:
                error.message = f"the ping from {region}: {error.message}"
                raise
