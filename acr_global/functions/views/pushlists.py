"""The list of pushes: first the waiting ones, from the engine; then the others, from the ledger.
Both are read newest first, so that a page costs the same however much is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from acr_global import api, ledger
from acr_global.errors import AcrGlobalError, RejectedError
from acr_global.functions.durable.engine import Engine
from acr_global.functions.durable.journal import OpenList
from acr_global.functions.records.ledgers import Ledger, LedgerError
from acr_global.functions.setup import Tools
from acr_global.functions.views import openpushes, paging, pushviews
from acr_global.image import parse_image
from acr_global.ledger import Row, Wanted
from acr_global.model import VerdictType, as_utc
from acr_global.patterns import is_region, normalize_region
from acr_global.urls import parse_host

PAGE_ROWS = 50
MAX_READS = 5
"""Of the ledger, for one answer: it may say little, or nothing, and where to go on."""
READ_ROWS = 1_000
"""In one request: the most that a table gives. Source:
learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination."""


class LedgerUnavailableError(AcrGlobalError):
    """The verdicts cannot be listed now; a single push can still be shown."""

    status = 503
    reason = "list-unavailable"


async def listing(tools: Tools, own: OpenList, query: Mapping[str, str]) -> api.Pushes:
    """One page of the pushes that the query asks for. Raises RejectedError where it is wrong."""
    wanted = wanted_by(query)
    of = repr(wanted)
    after = paging.take(query.get("after"), of)
    first, more = (
        ((), 0) if after or wanted.state in _LISTED else await _open(tools.engine, own, wanted)
    )
    listed, following = (
        ([], None) if wanted.state in _OPEN else await _listed(tools.ledger, wanted, after)
    )
    ids = {push.id for push in first}
    return api.Pushes(
        pushes=(*first, *(push for push in listed if push.id not in ids)),
        open_more=more,
        next=paging.give(following, of),
    )


_LISTED = {verdict.value for verdict in VerdictType}
_OPEN = {api.PushState.WAITING.value, api.PushState.INTERRUPTED.value}


async def _open(engine: Engine, own: OpenList, wanted: Wanted) -> tuple[tuple[api.Push, ...], int]:
    pushes, more = await openpushes.waiting(engine, own)
    return tuple(push for push in pushes if _fits(push, wanted)), more


def _fits(push: api.Push, wanted: Wanted) -> bool:
    """Whether a push fits the query, as the ledger decides it for its rows."""
    return (
        all(getattr(push, name) == value for name, value in wanted.equal().items())
        and (wanted.missing is None or wanted.missing in push.missing)
        and (wanted.since is None or push.first_at >= wanted.since)
    )


async def _listed(
    rows: Ledger, wanted: Wanted, after: str | None
) -> tuple[list[api.Push], str | None]:
    """Pushes with a verdict: at most one page, and the token for more."""
    found, following = await rows_of(rows, wanted, PAGE_ROWS, after)
    return [pushviews.row(row) for row in found], following


async def rows_of(
    rows: Ledger, wanted: Wanted, most: int, after: str | None = None
) -> tuple[list[Row], str | None]:
    """At most so many rows, in a bounded number of requests; and the token for more.

    Raises LedgerUnavailableError.
    """
    span, found = ledger.span(wanted), list[Row]()
    try:
        for _ in range(MAX_READS):
            page = await rows.read(span, min(most - len(found), READ_ROWS), after)
            found += ledger.readable(page.rows)
            after = page.next
            if after is None or len(found) >= most:
                break
    except LedgerError as error:
        raise LedgerUnavailableError(
            "The table of pushes does not answer; a push is shown still by its id."
        ) from error
    return found, after


def wanted_by(query: Mapping[str, str]) -> Wanted:
    """The wishes of a query; unknown parameters are ignored. Raises RejectedError."""
    wanted: dict[str, Any] = {}
    for name, read in _PARAMETERS.items():
        if text := query.get(name, "").strip():
            try:
                named = read(text)
                if any(wanted.get(field, value) != value for field, value in named.items()):
                    raise ValueError("names another registry or repository than those asked for")
                wanted |= named
            except ValueError as error:
                message = f"The parameter {name}: {error}."
                raise RejectedError(message, reason="filter-invalid") from None
    return Wanted(**wanted)


Named = dict[str, Any]
"""Fields of what is wanted."""


def _state(text: str) -> Named:
    if text not in _LISTED | _OPEN:
        raise ValueError(f"must be one of {', '.join(sorted(_LISTED | _OPEN))}")
    return {"state": text}


def _image(text: str) -> Named:
    return {name: part for name, part in asdict(parse_image(text)).items() if part}


def _region(text: str) -> Named:
    region = normalize_region(text)
    if not is_region(region):
        raise ValueError("must be a region, such as westeurope")
    return {"missing": region}


def _moment(text: str) -> Named:
    try:
        return {"since": as_utc(datetime.fromisoformat(text))}
    except ValueError:
        raise ValueError("must be a time, such as 2026-05-04T10:00:00Z") from None


_PARAMETERS: dict[str, Callable[[str], Named]] = {
    "state": _state,
    "registry": lambda text: {"registry": parse_host(text)},
    "repository": lambda text: {"repository": text},
    "image": _image,
    "missing": _region,
    "since": _moment,
}
"""Each parameter and its reader; an image may name the registry and the repository again."""
