"""The tokens with which lists go on: the engine's, marked as given by us.

What the engine does with an invalid token differs by backend, and some of its answers look like
a storage outage. So an invalid token never reaches it. Pure.
"""

from __future__ import annotations

import zlib

from acr_global.errors import RejectedError


def give(token: str | None, of: str = "") -> str | None:
    """The engine's token as a caller gets it; None at the end of the list. `of`: what the list is
    of, where there are several."""
    return None if token is None else f"{_mark(of + token)}.{token}"


def take(after: str | None, of: str = "") -> str | None:
    """The engine's token that a caller has brought back, to a list of the same. Raises
    RejectedError."""
    if after is None or not after.strip():
        return None
    mark, _, token = after.partition(".")
    if not token or mark != _mark(of + token):
        raise RejectedError(
            "The parameter after is not what this list has given as next; without it, the list "
            "begins at its beginning.",
            reason="after-invalid",
        )
    return token


def _mark(token: str) -> str:
    return f"{zlib.crc32(token.encode(errors='replace')):08x}"
