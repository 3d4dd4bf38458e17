"""`make azurite` serves on the given ports, and says how the app finds it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from acr_global_rig.azurite import command
from acr_global_rig.loopback import free_ports
from tools.azurite import check_ports
from tools.ports import PortError
from tools.storage import azurite_connection

ROOT = Path(__file__).parents[2]


def started(program: Path, folder: Path, *ports: str) -> subprocess.CompletedProcess[str]:
    """Run `make azurite` without make."""
    return subprocess.run(
        [sys.executable, "-m", "tools.azurite", str(program), str(folder), *ports],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def three_ports() -> list[str]:
    """Ports that nobody listens on."""
    return [str(port) for port in free_ports(3)]


def test_azurite_gets_its_ports_and_folder(program: Callable[[str], Path], tmp_path: Path) -> None:
    """The folder is made, and the line to copy is printed before Azurite starts."""
    ports, folder = three_ports(), tmp_path / "new" / "folder"
    ended = started(program("azurite"), folder, *ports)

    assert ("", 0) == (ended.stderr, ended.returncode)
    told, _, its = ended.stdout.partition("storage: ")
    assert f"export AzureWebJobsStorage='{azurite_connection(*ports)}'" == told.splitlines()[-1]
    for kind, port in zip(("blob", "queue", "table"), ports, strict=True):
        assert f"--{kind}Host 127.0.0.1 --{kind}Port {port}" in its
    assert f"--location {folder}" in its
    assert folder.is_dir()


def test_the_usual_ports_need_no_setting() -> None:
    """UseDevelopmentStorage=true, the app's default, means them."""
    options = " ".join(command("azurite", "10000", "10001", "10002", "--location", ".azurite"))
    assert "--blobPort 10000" in options


@pytest.mark.parametrize(
    ("error", "ports"),
    [
        ("BLOB_PORT=x is no port", ("x", "10001", "10002")),
        ("QUEUE_PORT= is no port", ("10000", "", "10002")),
        ("TABLE_PORT=65536 is no port", ("1025", "1026", "65536")),
        ("must be three different ports", ("10000", "10000", "10002")),
    ],
)
def test_wrong_ports_are_refused(error: str, ports: tuple[str, ...]) -> None:
    """A port is named by its variable; no two may be the same."""
    with pytest.raises(PortError, match=error):
        check_ports(ports)


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    """Azurite itself would print several lines, and go on without that port."""
    blob, queue, _ = three_ports()
    with socket.create_server(("127.0.0.1", 0)) as server:
        table = str(server.getsockname()[1])
        ended = started(tmp_path / "azurite", tmp_path, blob, queue, table)

    expected = f"error: TABLE_PORT={table} cannot be had: address already in use; name another\n"
    assert (1, expected) == (ended.returncode, ended.stderr)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """A file of that name is in the way."""
    (tmp_path / "file").touch()
    ended = started(tmp_path / "azurite", tmp_path / "file", *three_ports())

    assert ended.stderr.endswith("cannot be had: File exists\n")
    assert 1 == len(ended.stderr.splitlines())
