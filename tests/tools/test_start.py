"""`make start` chooses the right host, and passes its storage on."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from acr_global_rig.engine import func_environment
from tools import start
from tools.start import (
    ChoiceError,
    choose_host,
    find_storage,
    host_command,
    prepare,
    where_pages_are,
    why_no_storage,
)
from tools.storage import DEVELOPMENT, azurite_connection

ROOT = Path(__file__).parents[2]
NO_STORAGE = "nothing answers at 127.0.0.1:10000"


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("expected", "wanted", "func", "no_storage"),
    [
        ("func", "", True, ""),
        ("embedded", "", True, NO_STORAGE),
        ("embedded", "", False, ""),
        ("embedded", "", False, NO_STORAGE),
        ("func", "func", True, ""),
        ("embedded", "embedded", True, ""),
        ("embedded", "embedded", False, NO_STORAGE),
    ],
)
def test_the_host_is_chosen(expected: str, wanted: str, func: bool, no_storage: str) -> None:
    """It is `func` where that and its storage are there; HOST overrides the choice."""
    assert expected == choose_host(wanted, func=func, no_storage=no_storage)


@pytest.mark.parametrize(
    ("todo", "wanted", "func", "no_storage"),
    [
        ("install the Azure Functions Core Tools", "func", False, NO_STORAGE),
        (f"needs its storage: {NO_STORAGE}", "func", True, NO_STORAGE),
        ("it may be func or embedded", "fun", True, ""),
    ],
)
def test_a_host_that_cannot_be_started_says_what_to_do(
    todo: str, wanted: str, func: bool, no_storage: str
) -> None:
    """The error is one line."""
    with pytest.raises(ChoiceError, match=re.escape(todo)) as caught:
        choose_host(wanted, func=func, no_storage=no_storage)

    assert 1 == len(str(caught.value).splitlines())


@pytest.mark.parametrize("host", ["func", "embedded"])
def test_the_port_is_passed_on(host: str) -> None:
    """Both hosts serve on PORT."""
    assert ["--port", "7072"] == host_command(host, "7072")[-2:]


def test_func_runs_our_python_and_keeps_what_is_set() -> None:
    """The virtual environment comes first on PATH; the user's storage is kept."""
    environ = func_environment({"PATH": "/usr/bin", "AzureWebJobsStorage": "own"}, "/app/.venv/bin")

    assert "/app/.venv/bin:/usr/bin" == environ["PATH"]
    assert ("own", "python") == (
        environ["AzureWebJobsStorage"],
        environ["FUNCTIONS_WORKER_RUNTIME"],
    )


@pytest.mark.parametrize(
    ("expected", "environ"),
    [
        ("UseDevelopmentStorage=here", {"AzureWebJobsStorage": "UseDevelopmentStorage=here"}),
        ("UseDevelopmentStorage=file", {"AzureWebJobsStorage": ""}),
    ],
)
def test_the_environment_goes_before_the_file(
    expected: str, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty variable counts as not set."""
    values = '{"Values": {"AzureWebJobsStorage": "UseDevelopmentStorage=file"}}'
    (tmp_path / "local.settings.json").write_text(values)
    monkeypatch.setattr(start, "ROOT", tmp_path)

    assert expected == find_storage(environ)[0]


def test_without_a_storage_setting_it_is_azurite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own ports are used."""
    monkeypatch.setattr(start, "ROOT", tmp_path)

    assert DEVELOPMENT == find_storage({})[0]


def test_a_file_that_cannot_be_read_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason names the file and the line."""
    (tmp_path / "local.settings.json").write_text("{")
    monkeypatch.setattr(start, "ROOT", tmp_path)

    assert (None, "local.settings.json is not JSON (line 1, column 2)") == find_storage({})


def test_storage_that_answers_is_used() -> None:
    """It is looked for where its connection string says."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert "" == why_no_storage(azurite_connection(port, "1", "2"))


def test_storage_that_does_not_answer_is_a_reason() -> None:
    """The reason says where it was looked for and what to do, without the key."""
    port = closed_port()
    reason = why_no_storage(azurite_connection(str(port), "1", "2"))

    assert f"nothing answers at 127.0.0.1:{port}, where AzureWebJobsStorage" in reason
    assert "run `make azurite`" in reason
    assert "AccountKey" not in reason


def test_an_account_name_that_no_host_can_have_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error gives no traceback."""
    monkeypatch.setattr(start, "getproxies", dict)

    assert "look at its account" in why_no_storage(f"AccountName={'a' * 64};AccountKey=a2V5")


def test_what_only_func_can_tell_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """This is an identity in place of a key, or an account that is reached through a proxy."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")

    assert "" == why_no_storage(None)
    assert "" == why_no_storage("AccountName=shop;AccountKey=a2V5;EndpointSuffix=invalid")


def started(**environ: str) -> subprocess.CompletedProcess[str]:
    """Run `make start` without make."""
    return subprocess.run(
        [sys.executable, "-m", "tools.start"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PORT": str(closed_port())} | environ,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_func_gets_its_storage_as_it_was_given(program: Callable[[str], Path]) -> None:
    """Even its odd spaces are kept; and it shows up in nothing that we print."""
    path = f"{program('func').parent}{os.pathsep}/usr/bin:/bin"
    port = str(closed_port())
    with socket.create_server(("127.0.0.1", 0)) as server:
        string = f" {azurite_connection(str(server.getsockname()[1]), '1', '2')} ;"
        ended = started(PATH=path, PORT=port, HOST="func", AzureWebJobsStorage=string)

    assert ("", 0) == (ended.stderr, ended.returncode)
    ours, _, its = ended.stdout.partition("storage: ")
    assert f"{string}\nstart --port {port}\n" == its
    assert "host: func\n" in ours
    assert "AccountKey" not in ours


@pytest.mark.parametrize(
    ("error", "environ"),
    [
        ("AzureWebJobsStorage is not a connection string", {"AzureWebJobsStorage": "a2V5"}),
        ("nothing answers at 127.0.0.1:1,", {"AzureWebJobsStorage": azurite_connection(*"123")}),
        ("PORT=70710 is no port", {"HOST": "embedded", "PORT": "70710"}),
        ("HOST=fun is not known", {"HOST": "fun"}),
    ],
)
def test_wrong_input_is_one_line(
    error: str, environ: dict[str, str], program: Callable[[str], Path]
) -> None:
    """The line says what is wrong, and shows no key."""
    path = f"{program('func').parent}{os.pathsep}/usr/bin:/bin"
    ended = started(**({"PATH": path, "HOST": "func"} | environ))

    assert (1, "") == (ended.returncode, ended.stdout)
    assert 1 == len(ended.stderr.splitlines())
    assert error in ended.stderr
    assert "a2V5" not in ended.stderr
    assert "AccountKey" not in ended.stderr


def test_a_port_in_use_is_one_line() -> None:
    """It is noticed before a host has loaded the app."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        ended = started(HOST="embedded", PORT=port)

    expected = f"error: PORT={port} cannot be had: address already in use; name another\n"
    assert expected == ended.stderr


def test_the_reason_for_not_using_func_is_printed(
    program: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the app's storage is named but not there, the choice of devhost is not silent."""
    environ = {
        "PATH": str(program("func").parent),
        "PORT": str(closed_port()),
        "AzureWebJobsStorage": "x",
    }
    command, _ = prepare(environ)

    assert "devhost" in command
    said = "host: embedded (AzureWebJobsStorage is not a connection string, name=value;name=value)"
    assert f"{said}\n" == capsys.readouterr().out


def test_where_the_pages_are_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not where there are none, or where their port is not known yet."""
    monkeypatch.setattr(start, "ROOT", tmp_path)
    said = "pages: http://127.0.0.1:7071/api/ui, as soon as it serves; any text is a key there"
    assert said == where_pages_are({}, "7071")
    assert "" == where_pages_are({"ACR_GLOBAL_UI": "off"}, "7071")
    assert "" == where_pages_are({}, "0")
    settings = tmp_path / "local.settings.json"
    settings.write_text('{"Values": {"ACR_GLOBAL_UI": "app-service"}}')
    assert "" == where_pages_are({}, "7071")
    settings.write_text("{")
    assert said == where_pages_are({}, "7071")
