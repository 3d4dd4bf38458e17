"""`make start`: the app on `func` where it and its storage are there, else on devhost."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.request import getproxies

from acr_global.cli.console import open_streams
from acr_global.cli.environment import FILE, LocalFileError, local_environ
from acr_global.urls import is_loopback
from acr_global_rig.engine import func_command, func_environment
from acr_global_rig.host import devhost_command
from acr_global_rig.loopback import answers
from tools.ports import PortError, check_free
from tools.storage import DEVELOPMENT, SETTING, StorageError, blob_address, connection

ROOT = Path(__file__).resolve().parent.parent
AZURITE = blob_address(DEVELOPMENT)


class ChoiceError(Exception):
    """The wanted host cannot run. The message is one line that says what to do."""


def choose_host(wanted: str, *, func: bool, no_storage: str) -> str:
    """`func` or `embedded`.

    Args:
        wanted: What HOST says; empty if the choice is ours.
        func: Whether the Azure Functions Core Tools are on PATH.
        no_storage: Why `func` would have no storage; empty if it has.
    """
    if wanted == "embedded":
        return "embedded"
    if wanted not in ("", "func"):
        raise ChoiceError(f"HOST={wanted} is not known; it may be func or embedded")
    if func and not no_storage:
        return "func"
    if not wanted:
        return "embedded"
    if not func:
        raise ChoiceError(
            "HOST=func needs `func` on PATH; install the Azure Functions Core Tools 4"
        )
    raise ChoiceError(f"HOST=func needs its storage: {no_storage}")


def why_no_storage(storage: str | None) -> str:
    """One line, without a secret; empty where the storage answers, or only `func` can tell.

    Args:
        storage: The connection string; None where other settings take its place.
    """
    if storage is None:
        return ""
    try:
        host, port = blob_address(storage)
    except StorageError as error:
        return f"{SETTING} {error}"
    here = is_loopback(host)
    if not here and getproxies():
        return ""  # `func` uses the proxy, and we would not.
    if answers((host, port)):
        return ""
    todo = "run `make azurite` beside this, on its ports" if here else "look at its account"
    return f"nothing answers at {host}:{port}, where {SETTING} has its blobs; {todo}"


def host_command(host: str, port: str) -> list[str]:
    """The command that starts a host."""
    if host == "func":
        return func_command(port)
    return devhost_command(port)


def find_storage(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """The connection string for `func`, and why it has no storage; see why_no_storage."""
    given = {name: value for name, value in environ.items() if value}
    try:
        storage = connection(given if SETTING in given else local_environ(given, ROOT))
    except LocalFileError as error:
        return None, str(error)
    return storage, why_no_storage(storage)


def prepare(environ: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The command to run, and its environment. Raises ChoiceError and PortError."""
    own = dict(environ)
    wanted = own.pop("HOST", "").strip().lower()
    port = own.get("PORT") or "7071"
    func = shutil.which("func", path=own.get("PATH")) is not None
    storage, no_storage = find_storage(own) if func and wanted != "embedded" else (None, "")
    host = choose_host(wanted, func=func, no_storage=no_storage)
    check_free("PORT", port)
    print(f"host: {host}" + (f" ({no_storage})" if no_storage else ""), flush=True)
    if host == "func":
        own = func_environment(own, str(Path(sys.executable).parent))
        if storage is not None:
            own[SETTING] = storage
    return host_command(host, port), own


def where_pages_are(environ: Mapping[str, str], port: str) -> str:
    """One line for whoever starts it; empty where there are no pages, or no port yet."""
    given = {name: value for name, value in environ.items() if value}
    with suppress(LocalFileError):  # the host says what is wrong with it
        given = local_environ(given, ROOT)
    if given.get("ACR_GLOBAL_UI", "key") != "key" or port == "0":
        return ""
    return f"pages: http://127.0.0.1:{port}/api/ui, as soon as it serves; any text is a key there"


def main() -> None:
    """Become the host, which then gets our signals and gives our exit code."""
    os.chdir(ROOT)
    try:
        command, environ = prepare(os.environ)
    except (ChoiceError, PortError) as error:
        sys.exit(f"error: {error}")
    if not Path(FILE).exists() and not os.environ.get("ACR_GLOBAL_REGIONS"):
        print(f"note: no {FILE}; copy {FILE}.example to it, or webhooks are answered 503")
    if pages := where_pages_are(os.environ, command[command.index("--port") + 1]):
        print(pages)
    sys.stdout.flush()
    os.execvpe(command[0], command, environ)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    open_streams()
    main()
