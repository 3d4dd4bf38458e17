"""JSON as the Functions host and its tools read their files. Pure.

They use Newtonsoft.Json, which ignores comments and trailing commas, and accepts single quotes and
line ends within a string. Source: newtonsoft.com/json/help, `JsonTextReader`. A
name that stands twice is marked, as everywhere (json_text.py); theirs keeps the last.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

from acr_global.json_text import marked

_TEXT = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_SINGLE = r"'[^'\\]*(?:\\.[^'\\]*)*'"
_COMMENT = r"//[^\r\n]*|/\*.*?\*/"
_TEXT_OR_COMMENT = re.compile(f"{_TEXT}|{_SINGLE}|{_COMMENT}", re.DOTALL)
_TEXT_OR_COMMA = re.compile(rf"{_TEXT}|,(?=\s*[}}\]])", re.DOTALL)
_ESCAPE_OR_QUOTE = re.compile(r'\\.|"', re.DOTALL)


def read_json(data: bytes) -> Any:
    """What a file holds, whatever byte order mark it has.

    Raises ValueError (a json.JSONDecodeError where it has a line) or RecursionError.
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if wide else "utf-8-sig")
    text = _TEXT_OR_COMMENT.sub(_plain, text)
    text = _TEXT_OR_COMMA.sub(lambda m: " " if m[0] == "," else m[0], text)
    return json.loads(text, strict=False, object_pairs_hook=marked, parse_constant=_refuse)


def _plain(match: re.Match[str]) -> str:
    """A string in double quotes; for a comment its line ends, so that errors keep their lines."""
    found = match[0]
    if found[0] == '"':
        return found
    if found[0] == "'":
        return f'"{_ESCAPE_OR_QUOTE.sub(_requoted, found[1:-1])}"'
    return "".join(c if c in "\r\n" else " " for c in found)


def _requoted(match: re.Match[str]) -> str:
    return {"\\'": "'", '"': '\\"'}.get(match[0], match[0])


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
