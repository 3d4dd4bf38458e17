"""`make azurite`: the storage emulator, and how to tell the app of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from acr_global.cli.console import open_streams
from acr_global_rig.azurite import HOST, command
from tools.ports import PortError, check_free
from tools.storage import DEVELOPMENT, SETTING, azurite_connection

VARIABLES = ("BLOB_PORT", "QUEUE_PORT", "TABLE_PORT")


def check_ports(ports: Sequence[str]) -> None:
    """Raises PortError unless these three can be served on."""
    if len(set(ports)) < len(VARIABLES):
        raise PortError(f"{', '.join(VARIABLES)} must be three different ports")
    for name, port in zip(VARIABLES, ports, strict=True):
        check_free(name, port, HOST)


def main(program: str, folder: str, *ports: str) -> None:
    """Become Azurite, which then gets our signals and gives our exit code."""
    try:
        check_ports(ports)
        Path(folder).mkdir(parents=True, exist_ok=True)
    except PortError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: AZURITE_FOLDER={folder} cannot be had: {error.strerror}")
    blob, queue, table = ports
    print(f"azurite: {HOST}, blob {blob}, queue {queue}, table {table}; its files: {folder}")
    connection = azurite_connection(blob, queue, table)
    if connection != DEVELOPMENT:
        print(f"For `make start` in another terminal:\nexport {SETTING}='{connection}'")
    sys.stdout.flush()
    os.execv(program, command(program, *ports, "--location", folder))  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    open_streams()
    main(*sys.argv[1:])
