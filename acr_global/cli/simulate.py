"""`simulate`: play a geo-replicated registry to a running app, and judge what comes out."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acr_global.cli.connection import (
    DEFAULT_TIMEOUT,
    KEY_NOTE,
    KeyFile,
    KeyStdin,
    Timeout,
    Url,
    connect,
)
from acr_global.cli.console import fail
from acr_global.cli.exits import Exit, UsageError
from acr_global.cli.output import line
from acr_global.durations import parse_duration

if TYPE_CHECKING:
    from acr_global_rig.simulation.scenario import Scenario

DEFAULT_WAIT = 60.0
"""Seconds; the retries of a receiver that refuses at first have to fit into it."""


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
        "http://127.0.0.1:PORT/NAME, NAME being that of a receiver in the scenario. Without it the "
        "app is asked for its verdicts.",
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

    from acr_global.cli.simulating import run_scenario
    from acr_global.cli.simulation_view import view_for

    there = connect(os.environ, url, key_file, key_stdin, timeout)
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
