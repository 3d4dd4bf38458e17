"""Which app is meant, and the key to it. Neither is ever printed whole."""

from __future__ import annotations

import argparse
import codecs
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from acr_global.cli.parser import UsageError
from acr_global.surroundings import around, unresolved
from acr_global.urls import check_url, split_url

URL_VARIABLE = "FUNCTION_APP_URL"
KEY_VARIABLE = "FUNCTION_APP_KEY"
KEY_CHARS = 1_024
"""Characters; ours. A function key has fewer than 100, a file given by mistake has more."""
BYTE_ORDER_MARK = "\ufeff"


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


def connect(args: argparse.Namespace, environ: Mapping[str, str]) -> Connection:
    """The app that the options name, or the environment. Raises UsageError."""
    url = args.url or environ.get(URL_VARIABLE, "").strip()
    if not url:
        raise UsageError(f"which app? Give --url https://NAME.azurewebsites.net or {URL_VARIABLE}")
    return Connection(base_url(url), read_key(args, environ), args.timeout)


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
    return url.rstrip("/")


def read_key(args: argparse.Namespace, environ: Mapping[str, str]) -> str | None:
    """The function key, or None where there is none. Raises UsageError, which never shows it."""
    if args.key_file is not None:
        return _checked(_from_file(args.key_file), "the key file")
    if args.key_stdin:
        if sys.stdin.isatty():
            raise UsageError("--key-stdin wants the key piped in: typed, it would be on the screen")
        return _checked(_read(sys.stdin.buffer, "stdin"), "stdin")
    given = environ.get(KEY_VARIABLE, "")
    return _checked(given, KEY_VARIABLE) if given.strip() else None


def _from_file(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return _read(file, "the key file")
    except OSError as error:
        # Not its name: it may be the key itself, given in the wrong place.
        raise UsageError(f"the key file cannot be read: {error.strerror}") from None


def _read(file: BinaryIO, source: str) -> str:
    """What stands in a file, or comes through a pipe, in whatever locale: UTF-8, or the UTF-16 of
    PowerShell, which begins with a byte order mark."""
    try:
        # As long as a key may be and one more character, in UTF-16 with its mark.
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
