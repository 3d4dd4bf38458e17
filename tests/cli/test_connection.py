"""Which app is meant and the key to it: every way to give them, and every wrong way."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from acr_global.cli.connection import Connection, base_url
from acr_global.cli.exits import UsageError
from tests.cli.conftest import KEY, App, Run

EMPTY = {"deadletters": [], "cut_off": False}


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "https://a.example/api/base",
        "http://127.0.0.1:7071",
        "http://localhost",
    ],
)
def test_a_plain_url_is_taken(url: str) -> None:
    """https is accepted everywhere, and http on this machine; a final slash makes no difference."""
    assert url == base_url(url + "/")


@pytest.mark.parametrize(
    ("reason", "url"),
    [
        ("plain http", "http://a.example/hush"),
        ("no more than a host", "https://a.example/?code=hush"),
        ("no more than a host", "https://a.example/#hush"),
        ("no more than a host", "https://hush:word@a.example"),
        ("must end before /api", "https://a.example/api"),
        ("must end before /api", "https://a.example/api/ui/pushes/hush"),
        ("must end before /api", "https://a.example/base/api/ImagePush"),
        ("must begin with https://", "ftp://hush"),
        ("must begin with https://", "hush.azurewebsites.net"),
        ("must begin with https://", "https://[hush"),
        ("ASCII without blanks", "https://a.example/hush\n"),
    ],
)
def test_any_other_url_is_refused_and_not_shown(reason: str, url: str) -> None:
    """The key is never sent in clear, and a URL with a key in it is not repeated."""
    with pytest.raises(UsageError) as raised:
        base_url(url)
    assert reason in raised.value.message
    assert "hush" not in raised.value.message


def test_nothing_is_sent_over_plain_http(run: Run) -> None:
    """The command is a usage error before any connection."""
    ran = run("deadletters", "list", "--url", "http://a.example", FUNCTION_APP_KEY=KEY)
    assert 2 == ran.code
    assert "would show the key; use https" in ran.err


def test_a_command_without_an_app_asks_for_it(run: Run) -> None:
    """A missing URL is a usage error that says what to give."""
    ran = run("deadletters", "list")
    assert (2, "") == (ran.code, ran.out)
    assert "FUNCTION_APP_URL" in ran.err


def test_the_option_goes_before_the_environment(run: Run, app: App) -> None:
    """--url overrides FUNCTION_APP_URL."""
    app.answer("GET /api/deadletters", 200, EMPTY)
    ran = run("deadletters", "list", "--url", app.url, FUNCTION_APP_URL="https://nothing.invalid")
    assert (0, "No dead letters.\n", "") == (ran.code, ran.out, ran.err)


def test_a_base_path_is_kept(run: Run, app: App) -> None:
    """An app behind a gateway may have one."""
    app.answer("GET /apps/one/api/deadletters", 200, EMPTY)
    assert 0 == run("deadletters", "list", "--url", f"{app.url}/apps/one/").code


def test_no_key_is_sent_where_there_is_none(run: Run, app: App) -> None:
    """A host on this machine asks for none."""
    app.answer("GET /api/deadletters", 200, EMPTY)
    run("deadletters", "list", "--url", app.url, FUNCTION_APP_KEY=" ")
    assert [None] == app.keys


def test_the_key_comes_from_the_environment(ask: Run, app: App) -> None:
    """FUNCTION_APP_KEY is sent as the header of the Functions host."""
    app.answer("GET /api/deadletters", 200, EMPTY)
    ask("deadletters", "list")
    assert [KEY] == app.keys


def test_the_key_comes_from_a_file(ask: Run, app: App, tmp_path: Path) -> None:
    """--key-file overrides the environment; a final line break is not part of the key."""
    app.answer("GET /api/deadletters", 200, EMPTY)
    file = tmp_path / "key"
    file.write_text("from-the-file\r\n", encoding="utf-8-sig")
    ask("deadletters", "list", "--key-file", str(file))
    assert ["from-the-file"] == app.keys


def test_the_key_comes_from_stdin(ask: Run, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """--key-stdin reads what is piped in."""
    app.answer("GET /api/deadletters", 200, EMPTY)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from-stdin\n")))
    ask("deadletters", "list", "--key-stdin")
    assert ["from-stdin"] == app.keys


WRITTEN = {
    "a line": b"the-key\n",
    "no line": b"the-key",
    "CRLF and a blank line": b"the-key\r\n\r\n",
    "a mark": b"\xef\xbb\xbfthe-key\r\n",
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbfthe-key",
    "a mark behind": b"the-key\xef\xbb\xbf",
    "PowerShell's": "\ufeffthe-key\r\n".encode("utf-16-le"),
    "the other order": "\ufeffthe-key\n".encode("utf-16-be"),
    "blanks around": b" \t the-key \v\n",
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("way", ["--key-stdin", "--key-file"])
def test_a_key_is_read_however_it_was_written(
    ask: Run, app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str, written: bytes
) -> None:
    """Whatever editors, shells and pipes put around it is removed, whichever way it comes."""
    app.answer("GET /api/deadletters", 200, EMPTY)
    (tmp_path / "key").write_bytes(written)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(written), "ascii"))
    ask("deadletters", "list", *([way, "key"] if way == "--key-file" else [way]))
    assert ["the-key"] == app.keys


def test_a_byte_order_mark_before_a_key_is_removed(ask: Run, app: App) -> None:
    """A shell may have put a file's content into the environment."""
    app.answer("GET /api/deadletters", 200, EMPTY)
    ask("deadletters", "list", FUNCTION_APP_KEY="\ufeffthe-key\r")
    assert ["the-key"] == app.keys


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
def test_the_key_is_not_typed_in_sight(app: App) -> None:
    """--key-stdin at a terminal is refused, because the terminal would show the key."""
    ours, theirs = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "acr_global", "deadletters", "list", "--key-stdin"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "FUNCTION_APP_URL": app.url},
        stdin=theirs,
        capture_output=True,
        text=True,
    )
    os.close(ours)
    os.close(theirs)
    assert 2 == done.returncode
    assert "piped in" in done.stderr
    assert [] == app.asked


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b" \n", b"\xef\xbb\xbf\r\n", b"\xff\xfe", b"two words", b"two\nlines", b"\xff"),
        *(b"k" * 1025, b"\xff\xfe" + b"k\0" * 1025, b"\xff\xfek", b"k\0e\0y\0", b"a\0b"),
    ],
)
@pytest.mark.parametrize("way", ["--key-stdin", "--key-file"])
def test_an_impossible_key_is_refused(
    ask: Run, app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str, content: bytes
) -> None:
    """Nothing of an empty file, a whole document or bytes is sent or shown."""
    (tmp_path / "hush").write_bytes(content)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    ran = ask("deadletters", "list", *([way, "hush"] if way == "--key-file" else [way]))
    assert (2, "", []) == (ran.code, ran.out, app.asked)
    assert ran.err.startswith("error: ")
    assert "hush" not in ran.err
    assert "two" not in ran.err


def test_a_key_given_as_the_file_s_name_is_not_shown(ask: Run) -> None:
    """A user who takes --key-file for --key does not find the key in the message."""
    ran = ask("deadletters", "list", "--key-file", "hush")
    assert 2 == ran.code
    assert "hush" not in ran.err


@pytest.mark.parametrize(
    "argv",
    [
        ("deadletters", "list", "--key", "hush"),
        ("deadletters", "list", "--key=hush"),
        ("deadletters", "--key", "hush", "list"),
        ("--key", "hush", "deadletters", "list"),
    ],
)
def test_a_key_on_the_command_line_is_refused_with_the_reason(ask: Run, argv: list[str]) -> None:
    """--key says why it does not exist, and does not repeat the key."""
    ran = ask(*argv)
    assert 2 == ran.code
    assert "other users of the machine" in ran.err
    assert "hush" not in ran.err


@pytest.mark.parametrize(
    "argv",
    [
        ("deadletters", "list", "hush"),
        ("deadletters", "list", "--code=hush"),
        ("deadletters", "list", "--apikey", "hush"),
        ("deadletters", "--url", "https://a.example?code=hush", "list"),
        ("hush",),
        ("deadletters", "hush"),
        ("deadletters", "list", "--timeout", "hush"),
        ("deadletters", "list", "--timeout", "0"),
        ("deadletters", "list", "--key-stdin", "--key-file", "hush"),
        ("deadletters", "show"),
        ("deadletters", "show", "hush?code=hush"),
        ("deadletters", "show", ".."),
        ("deadletters", "replay"),
        ("deadletters", "replay", "hush", "--all"),
        ("targets", "test", "a/hush", "--url", "http://127.0.0.1:9"),
        ("targets", "preview", "a", "--verdict", "hush"),
        ("settings", "check", "--url", "https://hush"),
        (),
    ],
)
def test_a_usage_error_does_not_repeat_what_was_typed(ask: Run, app: App, argv: list[str]) -> None:
    """It might be a key; nothing is asked of the app."""
    ran = ask(*argv)
    assert (2, "", []) == (ran.code, ran.out, app.asked)
    assert ran.err.startswith("error: ")
    assert 1 == len(ran.err.splitlines())
    assert "hush" not in ran.err


def test_a_connection_shows_neither_its_key_nor_its_url() -> None:
    """Its repr in a log gives nothing away."""
    assert "hush" not in repr(Connection("https://hush", "hush", 1.0))


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("has quotes around it", '"hush"'),
        ("has quotes around it", "'hush'\n"),
        ("begins with the word Bearer", "Bearer hush"),
        ("is a placeholder", "$(hush)"),
        ("is a Key Vault reference", "@Microsoft.KeyVault(SecretUri=hush)"),
        ("is an App Configuration reference", " @microsoft.appconfiguration(hush)"),
    ],
)
def test_a_key_with_something_around_it_is_not_sent(
    ask: Run, app: App, tmp_path: Path, said: str, key: str
) -> None:
    """The app's answer would only be 401, which says less."""
    path = tmp_path / "key"
    path.write_text(key)
    for argv, environ in (((), {"FUNCTION_APP_KEY": key}), (("--key-file", str(path)), {})):
        ran = ask("deadletters", "list", *argv, **environ)
        assert (2, "", []) == (ran.code, ran.out, app.asked)
        assert said in ran.err
        assert "hush" not in ran.err
