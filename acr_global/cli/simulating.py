"""A simulation against a running app: pings, webhooks, and what came of them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import socket
import uuid
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from acr_global.api import PushDetails
from acr_global.cli.answers import understood
from acr_global.cli.client import Client
from acr_global.cli.connection import Connection
from acr_global.cli.exits import AppError, Exit, NotAskedError, UsageError
from acr_global.cli.simulation_view import View
from acr_global.registry.naming import PATH
from acr_global_rig import registry
from acr_global_rig.receivers import listening
from acr_global_rig.simulation import asking
from acr_global_rig.simulation.judge import judge
from acr_global_rig.simulation.play import Simulation
from acr_global_rig.simulation.reading import ScenarioError
from acr_global_rig.simulation.receivers import receivers
from acr_global_rig.simulation.scenario import Scenario
from acr_global_rig.simulation.state import Record, record_of

_SEEDS = 2**32


async def run_scenario(
    scenario: Scenario, there: Connection, listen: int | None, wait: float, view: View
) -> int:
    """Play it and say what came of it; returns the exit code.

    Args:
        listen: The port on which the app's targets find the scenario's receivers; without one the
            app is asked.

    Raises UsageError where the port is taken or the scenario cannot be judged, AppError where the
    app refuses a ping, NotAskedError where it is not reached.
    """
    seed = scenario.seed if scenario.seed is not None else uuid.uuid4().int % _SEEDS
    record = _record(scenario, seed, asked=listen is None)
    if task := asyncio.current_task():
        view.end = task.cancel
    try:
        await ping(scenario.regions, there)
        await _play(scenario, record, seed, there, listen, wait, view)
    except asyncio.CancelledError:
        if view.code is None:
            raise
        return view.code
    judgement = judge(record)
    if listen is not None and judgement.unknown and not record.receipts:
        judgement = replace(judgement, unknown=(*judgement.unknown, _unheard(scenario, listen)))
    view.conclude(record, seed, judgement)
    return Exit.PROBLEMS if judgement.wrong else Exit.NOT_YET if judgement.unknown else Exit.FINE


def _unheard(scenario: Scenario, port: int) -> str:
    """What to say where nobody has been told anything."""
    urls = " or ".join(f"http://127.0.0.1:{port}/{one.name}" for one in scenario.receivers)
    return f"nothing came to port {port}: does a target of the app point to {urls}?"


def _record(scenario: Scenario, seed: int, *, asked: bool) -> Record:
    listeners = (asking.asked(scenario.receivers),) if asked else scenario.receivers
    try:
        return record_of(scenario, seed, uuid.uuid4().hex, listeners)
    except ScenarioError as error:
        raise UsageError(f"the scenario cannot be judged: {error.message}") from None


async def _play(
    scenario: Scenario,
    record: Record,
    seed: int,
    there: Connection,
    listen: int | None,
    wait: float,
    view: View,
) -> None:
    simulation = Simulation(record, there.url, there.key, view.show)
    async with contextlib.AsyncExitStack() as stack:
        if listen is None:
            client = await stack.enter_async_context(Client(there))
            await _check_list(client)
            simulation.ask = functools.partial(_ask, client)
        else:
            there_listen = receivers(scenario.receivers, simulation.hear)
            await stack.enter_async_context(listening(*there_listen, at=_bound(listen)))
        with view.showing(record, seed):
            ticking = asyncio.create_task(_tick(view))
            stack.callback(ticking.cancel)
            await simulation.run(wait, scenario.settle)


async def _tick(view: View) -> None:
    """Let a picture show that time passes, also where nothing happens."""
    while True:
        await asyncio.sleep(1.0)
        view.show(None)


async def _check_list(client: Client) -> None:
    """Raises UsageError where the app cannot be asked for its pushes."""
    try:
        await client.get("/api/pushes")
    except AppError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise UsageError("this app does not list its pushes: give --listen PORT") from None
        raise


async def _ask(client: Client, push_id: str) -> PushDetails | None:
    """What the app says of a push; None where it knows none, or could not be asked just now."""
    try:
        answer = await client.get(f"/api/pushes/{quote(push_id, safe='')}")
    except NotAskedError:
        return None
    except AppError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise
    return understood(PushDetails, answer)


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise UsageError(f"cannot listen on port {port}: {why}") from None


async def ping(regions: tuple[str, ...], there: Connection) -> None:
    """Ping the app from every region, as an operator does with `az acr webhook ping`: it is
    reached, the key is right, and it expects these regions. Raises AppError."""
    body = json.dumps(registry.ping()).encode()
    async with Client(there) as client:
        for region in regions:
            try:
                await client.post(f"{PATH}?region={region}", body)
            except AppError as error:
                error.message = f"the ping from {region}: {error.message}"
                raise
