"""`make start`: the app on `func` where it and Azurite are there, else on devhost."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AZURITE = ("127.0.0.1", 10000)


class ChoiceError(Exception):
    """The host asked for cannot be had. The message is one line that says what to do."""


def choose_host(wanted: str, *, func: bool, azurite: bool) -> str:
    """`func` or `embedded`.

    Args:
        wanted: What HOST says; empty if the choice is ours.
        func: Whether the Azure Functions Core Tools are on PATH.
        azurite: Whether Azurite answers.
    """
    if wanted == "embedded":
        return "embedded"
    if wanted not in ("", "func"):
        raise ChoiceError(f"HOST={wanted} is not known; it may be func or embedded")
    if func and azurite:
        return "func"
    if not wanted:
        return "embedded"
    if not func:
        raise ChoiceError(
            "HOST=func needs `func` on PATH; install the Azure Functions Core Tools 4"
        )
    raise ChoiceError(
        f"HOST=func needs Azurite on {AZURITE[0]}:{AZURITE[1]}; run `make azurite` beside this"
    )


def host_command(host: str, port: str) -> list[str]:
    """What to run for a host."""
    if host == "func":
        return ["func", "start", "--port", port]
    return [sys.executable, "-m", "devhost", "--port", port]


def func_environment(environ: Mapping[str, str], bin_folder: str) -> dict[str, str]:
    """For `func`, which starts the first Python on PATH, and needs to know its storage."""
    defaults = {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    }
    path = os.pathsep.join((bin_folder, environ.get("PATH", "")))
    own = {"PATH": path, "VIRTUAL_ENV": str(Path(bin_folder).parent)}
    return defaults | dict(environ) | own


def answers(address: tuple[str, int]) -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection(address, timeout=1.0):
            return True
    except OSError:
        return False


def main() -> None:
    """Become the host: it gets our signals and gives our exit code."""
    os.chdir(ROOT)
    try:
        host = choose_host(
            os.environ.get("HOST", "").strip().lower(),
            func=shutil.which("func") is not None,
            azurite=answers(AZURITE),
        )
    except ChoiceError as error:
        sys.exit(f"error: {error}")
    settings = Path("local.settings.json")
    if not settings.exists() and not os.environ.get("ACR_GLOBAL_REGIONS"):
        print(f"note: no {settings}; copy {settings}.example to it, or webhooks are answered 503")
    command = host_command(host, os.environ.get("PORT") or "7071")
    environ = dict(os.environ)
    environ.pop("HOST", None)
    if host == "func":
        environ = func_environment(environ, str(Path(sys.executable).parent))
    print(f"host: {host}", flush=True)
    os.execvpe(command[0], command, environ)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
