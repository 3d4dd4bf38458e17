"""python -m devhost: serve an app until Ctrl-C. Its exit codes are those of `acr-global`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from acr_global.cli.console import fail, outlive_stdout, run
from acr_global.cli.exits import Exit

from .hazards import CHECKPOINTS, PYTHON_CHECKPOINTS, Hazards
from .host import DevHost
from .index import HTTP, AppError
from .parser import CommandParser, wrapped
from .settings import apply_local_settings

PROG = "python -m devhost"
PREFIX = "devhost: "


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code (0 after Ctrl-C, 1 when the app cannot be served)."""
    return run(lambda: _main(arguments), PREFIX)


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    for chatty in ("asyncio", "aiohttp", "azure.functions", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.INFO if options.verbose else logging.WARNING)
    try:
        apply_local_settings(options.app)
        return asyncio.run(_serve(options))
    except AppError as problem:
        return _refuse(str(problem))
    except OSError as problem:
        reason = problem.strerror or str(problem)
        return _refuse(f"cannot listen on 127.0.0.1:{options.port}: {reason}")
    except KeyboardInterrupt:
        return 0


async def _serve(options: argparse.Namespace) -> int:
    """Serve until a signal comes. It never returns: a thread that still runs must not hold it
    up."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    host = await DevHost.start(
        options.app,
        hazards=options.hazards,
        seed=options.seed,
        port=options.port,
        require_key=options.require_key,
    )
    try:
        _introduce(host, options.app)
    except SystemExit:
        await host.stop()
        raise
    outlive_stdout()  # the app may print, too, and must go on when nobody reads that
    await stopping.wait()
    try:
        async with asyncio.timeout(1.5):
            await host.stop()
    except TimeoutError:
        pass
    print("devhost has stopped", flush=True)
    logging.shutdown()
    # A sync function that is still in its thread must not keep the process alive.
    sys.stdout.flush()
    os._exit(0)


def _introduce(host: DevHost, app: Path) -> None:
    """Print all lines at once: a reader may take only the first and close the pipe."""
    lines = [f"devhost serves {app.resolve()} at {host.url}"]
    for function in host.index.of(HTTP):
        route = function.options.get("route") or function.name
        methods = ",".join(function.options.get("methods") or ["any"])
        prefix = host.settings.route_prefix
        path = "/".join(part for part in (prefix, str(route).strip("/")) if part)
        lines.append(f"  {function.name}: {methods} {host.url}/{path}")
    print("\n".join(lines) + "\n", end="", flush=True)


def _refuse(reason: str) -> int:
    fail(reason, PREFIX)
    return Exit.PROBLEMS


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError("must be 0 to 65535, where 0 takes a free one")
    return int(text)


def _seed(text: str) -> int:
    if not re.fullmatch("-?[0-9]{1,18}", text):
        raise argparse.ArgumentTypeError("must be a whole number of at most 18 digits")
    return int(text)


def _key(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; leave it out where no key is wanted")
    return text


def _hazards(text: str) -> Hazards:
    try:
        return Hazards.parse(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def _parser() -> CommandParser:
    parser = CommandParser(
        prog=PROG,
        description=wrapped(
            "A local host for Azure Functions and Durable Functions apps. For development and"
            " tests only: instances live in memory."
        ),
        epilog=wrapped(
            "Exit codes: 0 after Ctrl+C; 1 the app cannot be served, as one line on stderr says;"
            " 2 typed wrongly; 141 stdout was closed before it could say where it serves."
        ),
    )
    parser.add_argument(
        "--app", type=Path, metavar="FOLDER", default=Path(), help="folder with function_app.py"
    )
    parser.add_argument(
        "--port", type=_port, metavar="PORT", default=7071, help="0 takes a free one (7071)"
    )
    parser.add_argument(
        "--hazards",
        type=_hazards,
        default=Hazards(),
        metavar="SPEC",
        help="azure-storage, or name=value parts such as gap=0.1..2,events-twice=0.2,"
        f"crash=after-row@1; checkpoints: {', '.join(CHECKPOINTS)}; and python-dies=turn-after:0.1;"
        f" checkpoints: {', '.join(PYTHON_CHECKPOINTS)}",
    )
    parser.add_argument(
        "--seed", type=_seed, metavar="SEED", default=0, help="of the hazards' random numbers (0)"
    )
    parser.add_argument(
        "--require-key",
        type=_key,
        metavar="KEY",
        help="functions above anonymous want this key in x-functions-key or ?code=",
    )
    parser.add_argument("--verbose", action="store_true", help="log more")
    return parser
