"""JSON as others write it: names that stand twice are found, not dropped; how deep it is. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

Pairs = Iterable[tuple[str, Any]]


class _Twice:
    """Replaces a value whose name stands twice: only one of the two would count, and nothing
    tells which was meant."""


TWICE: Final = _Twice()
_CURLED = ("\u201c", "\u201d", "\u201e")
"""The double ones."""
SAID_TWICE = "stands in it twice, maybe in two spellings"


def marked(pairs: Pairs) -> dict[str, Any]:
    """An object with TWICE for each name that stands twice; for json's `object_pairs_hook`."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        found[name] = TWICE if name in found else value
    return found


def not_json(text: str, error: Exception) -> str:
    """What to say of a text that should be JSON and is none, without showing it.

    Shells change quotes on the way into a setting. Sources: Azure/AppConfiguration#331 (PowerShell
    takes them away), Azure/azure-cli#19185 (or backslashes are written before them).
    """
    said = "not JSON"
    if isinstance(error, json.JSONDecodeError) and text[error.pos : error.pos + 1] in _CURLED:
        said = "not JSON: it has curled quotes, as word processors and chats make; use plain ones"
    elif '"' not in text and ":" in text:
        said = "not JSON: no double quote is left in it; some shells take them away"
    elif '{\\"' in text:
        said = "not JSON: its double quotes have backslashes before them; give it without these"
    elif isinstance(error, json.JSONDecodeError) and _comma_too_many(text, error.pos):
        said = "not JSON: a comma stands before a closing bracket; take it out"
    return f"{said}{place(error)}"


def place(error: Exception) -> str:
    """Where a text is no JSON, as far as that is known. A setting is one long line as a rule, so
    the line alone would say nothing."""
    if not isinstance(error, json.JSONDecodeError):
        return ""
    return f" (line {error.lineno}, column {error.colno})"


def _comma_too_many(text: str, pos: int) -> bool:
    """Python 3.13 points at the comma, those before it at what follows."""
    before, after = text[:pos].rstrip(), text[pos:].lstrip(", \t\r\n")
    return after[:1] in ("]", "}") and (before.endswith(",") or text[pos : pos + 1] == ",")


def leaves(value: object) -> Iterator[tuple[tuple[object, ...], object]]:
    """Everything in a value that is neither object nor list, with its path. Without recursion,
    because it may be deep."""
    waiting: list[tuple[tuple[object, ...], object]] = [((), value)]
    while waiting:
        way, found = waiting.pop()
        if isinstance(found, dict):
            waiting += [((*way, name), part) for name, part in found.items()]
        elif isinstance(found, list):
            waiting += [((*way, number), part) for number, part in enumerate(found)]
        else:
            yield way, found


def nests_deeper(value: object, most: int) -> bool:
    """Whether objects and lists stand in each other more than so many levels deep. Without
    recursion, as above."""
    level = [value]
    for _ in range(most):
        level = [part for found in level for part in _parts(found)]
    return any(isinstance(part, dict | list) for part in level)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
