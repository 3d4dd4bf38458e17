"""The settings as they stand here: the environment, and what local.settings.json adds to it.

The commands, `make start` and the local host all read that file here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from acr_global.cli.loose_json import read_json
from acr_global.errors import AcrGlobalError
from acr_global.json_text import TWICE, leaves, place
from acr_global.setting_names import PREFIX

FILE = "local.settings.json"
"""Source: learn.microsoft.com/azure/azure-functions/functions-develop-local, `Local settings
file`: the host makes environment variables of its Values; those that are set already stay."""

SETTINGS_NOTE = (
    "Settings are those of the environment and, where it lacks one, the Values in the file "
    f"{FILE} of the current folder. Secrets are never printed."
)


class LocalFileError(AcrGlobalError):
    """local.settings.json cannot be used."""

    status = 503
    reason = "local-settings-invalid"


def local_environ(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`environ`, completed by the file's Values. Raises LocalFileError."""
    return {**local_values(folder), **environ}


def local_values(folder: Path) -> dict[str, str]:
    """The file's Values, as text; none where there is no file.

    Numbers and booleans become the text that `func` makes of them. Raises LocalFileError, which
    names each invalid entry and shows no value.
    """
    content = _content(folder / FILE)
    twice = [".".join(map(str, way[:2])) for way, part in leaves(content) if part is TWICE]
    if twice:
        raise LocalFileError(f"{FILE}: {', '.join(twice)} stands in it twice")
    values = _member(content, "Values") if isinstance(content, dict) else None
    if not isinstance(values, dict):
        raise LocalFileError(f"{FILE} must be an object with an object Values in it")
    if beside := [name for name in content if name.upper().startswith(PREFIX)]:
        raise LocalFileError(f"{FILE}: {', '.join(beside)} belongs into Values, not beside it")
    if str(_member(content, "IsEncrypted")).lower() in ("true", "1"):
        raise LocalFileError(
            f"{FILE} is encrypted (IsEncrypted is true); `func settings decrypt` makes it readable"
        )
    if wrong := list(_wrong(values)):
        raise LocalFileError(f"{FILE}: {'; '.join(wrong)}")
    return {name: _text(value) for name, value in values.items()}


def _content(path: Path) -> Any:
    try:
        return read_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LocalFileError(f"{FILE} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise LocalFileError(f"{FILE} is not JSON{place(error)}") from None


def _member(content: Mapping[str, Any], name: str) -> Any:
    """A member of the file by its name, else by that in other letters, as `func` takes it; an empty
    object where there is none. Source: newtonsoft.com/json/help,
    `JsonPropertyCollection.GetClosestMatchProperty`."""
    if name in content:
        return content[name]
    return next((v for k, v in content.items() if k.lower() == name.lower()), {})


def _wrong(values: Mapping[str, object]) -> Iterator[str]:
    """Entries that cannot be environment variables, or surely were not meant so."""
    for name, value in values.items():
        if not name.strip():
            yield "Values holds an entry without a name"
        elif "=" in name or not _can_be_set(name):
            yield f"Values.{ascii(name)[1:-1]} has a name that no environment variable can have"
        elif value is None:
            yield f"Values.{name} is null; give it a text, or take it out"
        elif isinstance(value, dict | list):
            yield (
                f"Values.{name} is {'an object' if isinstance(value, dict) else 'a list'}; "
                "it must be text: JSON goes there in quotes, escaped"
            )
        elif isinstance(value, str) and not _can_be_set(value):
            yield f"Values.{name} holds a character that no environment variable can hold"


def _can_be_set(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _text(value: object) -> str:
    """As .NET writes it: `True`, `0`, `1.5`; a number without a fraction has no point."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value)
