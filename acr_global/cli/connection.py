"""Which app is meant, and the key to it. Neither is ever printed whole.

The options of every command that asks a running app stand here, too.
"""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import urlencode

import typer

from acr_global.cli.exits import UsageError
from acr_global.surroundings import around, unresolved
from acr_global.urls import check_url, split_url

URL_VARIABLE = "FUNCTION_APP_URL"
KEY_VARIABLE = "FUNCTION_APP_KEY"
KEY_CHARS = 1_024
"""Characters; a limit of our own. A function key has fewer than 100, a wrong file more."""
BYTE_ORDER_MARK = "\ufeff"
DEFAULT_TIMEOUT = 100.0
"""Seconds. The app's slowest answer is a trial: 60 s until its turn, 30 s for the target."""
_BELOW_API = re.compile(r"/api(/(ui|imagepush|health)(/.*)?)?/?$", re.IGNORECASE)
"""What a browser or a webhook has in the place of the base URL. `/api/...` of somebody's own proxy
may be right."""
NO_KEY_OPTION = (
    "there is no --key: other users of the machine can read command lines, and shells keep them; "
    "the command's --help says by which variable, or by --key-stdin, it is given"
)
KEY_NOTE = (
    "The key is read from FUNCTION_APP_KEY unless --key-file or --key-stdin says otherwise. No "
    "option takes it on the command line, which other users can read and shells keep."
)
_SEGMENT = re.compile(r"(?!\.+$)[A-Za-z0-9._~-]{1,200}")


def _seconds(value: object) -> float:
    text = str(value)  # the default is passed in here, too
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text) or not float(text):
        raise UsageError("--timeout must be a number of seconds, such as 30")
    return float(text)


_SUCH_AS = "such as https://NAME.azurewebsites.net"
Url = Annotated[
    str | None,
    typer.Option(metavar="URL", help=f"Base URL of the app, {_SUCH_AS}; else {URL_VARIABLE}."),
]
UrlOfSender = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help=f"Let this app send it; base URL, {_SUCH_AS}."),
]
KeyFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="Read the function key from this file.")
]
KeyStdin = Annotated[bool, typer.Option("--key-stdin", help="Read the function key from stdin.")]
Timeout = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        parser=_seconds,
        show_default=False,
        help=f"The longest wait for one answer of the app; {DEFAULT_TIMEOUT:.0f} if not said.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the app's answer as JSON.")]
OwnJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
"""Of what a command makes itself."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A running app."""

    url: str = field(repr=False)
    """Base URL without a slash at its end."""
    key: str | None = field(repr=False)
    timeout: float
    """Seconds for one request and its answer."""

    @property
    def host(self) -> str:
        """Host and port: all that is shown of the URL."""
        return split_url(self.url).place


def connect(
    environ: Mapping[str, str],
    url: str | None,
    key_file: str | None,
    key_stdin: bool,
    timeout: float,
) -> Connection:
    """The app that the options or the environment name. Raises UsageError."""
    if key_stdin and key_file is not None:
        raise UsageError("give --key-file or --key-stdin, not both")
    key = read_key(environ, key_file, key_stdin)
    return Connection(app_url(environ, url), key, timeout)


def app_url(environ: Mapping[str, str], url: str | None) -> str:
    """The app's base URL from the option or the environment. Raises UsageError."""
    url = url or environ.get(URL_VARIABLE, "").strip()
    if not url:
        raise UsageError(f"which app? Give --url https://NAME.azurewebsites.net or {URL_VARIABLE}")
    return base_url(url)


def segment(name: str, what: str) -> str:
    """`name` as it may stand in a path. Raises UsageError, which never shows it."""
    if not _SEGMENT.fullmatch(name):
        raise UsageError(f"that is no {what}: letters, digits and . _ ~ - only")
    return name


def registry_host(value: object) -> str:
    """A registry as pushes name it. Raises UsageError for a name alone, which none of them has."""
    host = str(value)
    if not {".", ":"} & {*host} and host != "localhost":
        raise UsageError("--registry must be the registry's host, such as contoso.azurecr.io")
    return host


def asked(path: str, query: Mapping[str, str]) -> str:
    """A path with a query. Raises UsageError."""
    try:
        return f"{path}?{urlencode(query)}" if query else path
    except UnicodeEncodeError:
        raise UsageError("a word of the command is not text in UTF-8") from None


def base_url(url: str) -> str:
    """`url` without a slash at its end. Raises UsageError, which never shows it."""
    try:
        parts = check_url(url)
    except ValueError as error:
        raise UsageError(f"the app's url {error}") from None
    if parts.in_clear:
        raise UsageError(
            "the app's url is plain http to another host, and would show the key; use https"
        )
    if parts.userinfo is not None or "?" in url or "#" in url:
        raise UsageError(
            "the app's url must be no more than a host, as in https://NAME.azurewebsites.net"
        )
    if _BELOW_API.search(parts.path):
        raise UsageError(
            "the app's url must end before /api, as https://NAME.azurewebsites.net does"
        )
    return url.rstrip("/")


def read_key(
    environ: Mapping[str, str],
    key_file: str | None,
    key_stdin: bool,
    variable: str = KEY_VARIABLE,
) -> str | None:
    """The function key, or None where there is none. Raises UsageError, which never shows it."""
    if key_file is not None:
        return _checked(_from_file(key_file), "the key file")
    if key_stdin:
        if sys.stdin.isatty():
            raise UsageError("--key-stdin wants the key piped in: typed, it would be on the screen")
        return _checked(_read(sys.stdin.buffer, "stdin"), "stdin")
    given = environ.get(variable, "")
    return _checked(given, variable) if given.strip() else None


def _from_file(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return _read(file, "the key file")
    except OSError as error:
        # Without its name, which may be the key itself in the wrong place.
        raise UsageError(f"the key file cannot be read: {error.strerror}") from None


def _read(file: BinaryIO, source: str) -> str:
    """The text of a file or pipe, whatever the locale: UTF-8, or PowerShell's UTF-16, which begins
    with a byte order mark."""
    try:
        # One character more than a key may have, in UTF-16 with its mark.
        data = file.read(2 * (KEY_CHARS + 2))
        utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if utf_16 else "utf-8")
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"{source} is not text") from None


def _checked(text: str, source: str) -> str:
    """The key without what editors, shells and pipes put around it."""
    key = text.strip().strip(BYTE_ORDER_MARK).strip()
    if not key:
        raise UsageError(f"there is no key in {source}")
    if said := unresolved(key) or around(key):
        raise UsageError(f"what {source} holds {said}")
    if len(text) > KEY_CHARS or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"what {source} holds is not one key")
    return key
