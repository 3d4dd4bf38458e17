"""What a request of any HTTP channel may hold: bodies in JSON, and the values of headers. Pure."""

from __future__ import annotations

import json
import re

from pydantic import SecretStr

from acr_global.errors import RenderError
from acr_global.secret import SecretRef, check_alone, check_unwrapped

_AUTHORIZATION = frozenset({"authorization", "proxy-authorization"})
_SIGN_IN = re.compile(r"(?:bearer|basic)\s+(?P<secret>.*)", re.IGNORECASE | re.DOTALL)
_HEADER = "header-invalid"


def to_json(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def check_header(value: str) -> None:
    """Raise RenderError `header-invalid` unless `value` can stand in a header."""
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        value = "\n"
    if not value.isprintable():
        raise RenderError(
            "a header's value, or the token, must be one line of Latin-1 text",
            reason="header-invalid",
        )


def check_own_header(name: str, value: SecretStr | SecretRef, resolved: str) -> None:
    """Raise RenderError `header-invalid` unless a target's header can have this value.

    Quotes around it are intended where they were escaped in the JSON text, and a mistake in an
    environment setting. `Bearer x` is right in an Authorization header and possible in others;
    the word twice, or quotes after it, are a mistake. The header's name is not shown: it may be
    the secret itself.
    """
    lower, what = name.lower(), "a header's value"
    if match := _SIGN_IN.fullmatch(resolved):
        check_alone(f"{what}, behind its first word,", match["secret"], _HEADER)
    elif isinstance(value, SecretRef) or lower in _AUTHORIZATION:
        check_unwrapped(what, resolved, _HEADER)
    before, colon, _ = resolved.partition(":")
    if colon and before.strip().lower() == lower:
        raise RenderError(f"{what} begins with the header's name; give it without", reason=_HEADER)
    check_header(resolved)
