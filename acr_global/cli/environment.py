"""The settings as they stand here: the environment, and what local.settings.json adds to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from acr_global.errors import AcrGlobalError

FILE = "local.settings.json"
"""Source: learn.microsoft.com/azure/azure-functions/functions-develop-local, `Local settings
file`: the host makes environment variables of its Values; those that are set already stay."""


class LocalFileError(AcrGlobalError):
    """local.settings.json cannot be used."""

    status = 503
    reason = "local-settings-invalid"


def local_environ(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`environ` and, where it lacks something, the file's Values. Raises LocalFileError."""
    return {**_values(folder / FILE), **environ}


def _values(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LocalFileError(f"{FILE} cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise LocalFileError(f"{FILE} is not JSON (line {error.lineno})") from None
    except (ValueError, RecursionError):
        raise LocalFileError(f"{FILE} is not JSON") from None
    values = content.get("Values", {}) if isinstance(content, dict) else None
    if not isinstance(values, dict):
        raise LocalFileError(f"{FILE} must be an object with an object Values in it")
    if content.get("IsEncrypted") is True:
        raise LocalFileError(f"{FILE} is encrypted; `func settings decrypt` makes it readable")
    return {name: value for name, value in values.items() if isinstance(value, str)}
