"""What each region has done of the pushes of some time, from the ledger.

Each push's row holds its regions' lags, so the newest rows of the time are read and counted: a
bounded number of requests, whatever is kept, and nothing is stored for it besides. Sums per hour
would have to be read before they are written, and would count a repeated activity twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from acr_global import api, lags
from acr_global.functions.setup import Tools
from acr_global.functions.views.pushlists import MAX_READS, READ_ROWS, rows_of, wanted_by
from acr_global.ledger import Wanted
from acr_global.settings import Settings

WINDOW = timedelta(days=1)
"""Where the query says no other time."""

MAX_PUSHES = MAX_READS * READ_ROWS
"""In one answer; the newest are counted."""

_PARAMETERS = ("registry", "repository", "since")


async def regions(tools: Tools, query: Mapping[str, str]) -> api.Regions:
    """Each region's part in the pushes that the query asks for. Raises RejectedError where it is
    wrong, and LedgerUnavailableError."""
    wanted = wanted_by({name: query[name] for name in _PARAMETERS if name in query})
    now = tools.clock()
    since = wanted.since or now - WINDOW
    rows, more = await rows_of(tools.ledger, replace(wanted, since=since), MAX_PUSHES)
    if more:
        since = min((row.first_at for row in rows), default=now)
    return api.Regions(
        since=since,
        cut=bool(more),
        pushes=len(rows),
        regions=lags.regions_of(rows, _expected(tools.settings, wanted)),
    )


def _expected(settings: Settings, wanted: Wanted) -> tuple[str, ...]:
    if wanted.registry:
        return settings.policy(wanted.registry).regions
    return tuple(settings.all_regions())
