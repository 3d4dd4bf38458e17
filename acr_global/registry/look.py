"""The entrance: ask everything about one push, side by side, within one budget.

`look` never raises. A check that fails is evidence of nothing and says so; the alarm goes out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import aiohttp

from acr_global import outgoing
from acr_global.model import Evidence, EvidenceKind
from acr_global.registry.event_log import Credential, open_credential, read_event_logs
from acr_global.registry.guard import failed, guarded
from acr_global.registry.manifest import check_manifest
from acr_global.registry.question import Access, Question

__all__ = ["Access", "Credential", "Question", "look"]

CONNECT_SECONDS = 5.0
"""For one connection to a region's endpoint; the budget bounds the rest."""

_log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Identity:
    """The credential: the caller's, or our own, opened when first wanted and closed after."""

    def __init__(self, given: Credential | None):
        self._given = given
        self._opened: Any = None

    def get(self) -> Credential:
        """Raises CheckFailedError where no library gives one."""
        if self._given is not None:
            return self._given
        if self._opened is None:
            self._opened = open_credential()
        credential: Credential = self._opened
        return credential

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()


async def look(
    question: Question,
    access: Access,
    *,
    credential: Credential | None = None,
    session: aiohttp.ClientSession | None = None,
    now: Callable[[], datetime] = _utc_now,
) -> tuple[Evidence, ...]:
    """One Evidence per missing region and kind asked: regions in order, then kinds in order.

    `credential` and `session` stay the caller's; without them the app's own identity and a
    session for this call are used, opened only when wanted. `now` stamps the evidence. Kinds
    that are not asked of a registry are passed over. Raises nothing but cancellation.
    """
    kinds = [k for k in (EvidenceKind.EVENT_LOG, EvidenceKind.MANIFEST) if k in access.kinds]
    kinds.sort(key=lambda kind: access.kinds.index(kind))
    deadline = asyncio.get_running_loop().time() + access.budget.total_seconds()
    identity = Identity(credential)

    async def ask(kind: EvidenceKind) -> tuple[Evidence, ...]:
        try:
            if kind is EvidenceKind.EVENT_LOG:
                return await read_event_logs(
                    question, access, identity.get, deadline=deadline, now=now
                )
            return await _ask_manifests(question, access, identity, session, deadline, now)
        except Exception as error:
            _log.warning("evidence %s failed: %s", kind, type(error).__name__)
            return tuple(failed(region, kind, error, now()) for region in question.missing)

    try:
        answers = await asyncio.gather(*(ask(kind) for kind in kinds))
    finally:
        try:
            await identity.close()
        except Exception as error:
            _log.warning("closing the identity failed: %s", type(error).__name__)
    return tuple(by_kind[i] for i in range(len(question.missing)) for by_kind in answers)


async def _ask_manifests(
    question: Question,
    access: Access,
    identity: Identity,
    session: aiohttp.ClientSession | None,
    deadline: float,
    now: Callable[[], datetime],
) -> tuple[Evidence, ...]:
    async with AsyncExitStack() as stack:
        if session is None:
            limits = aiohttp.ClientTimeout(
                total=access.budget.total_seconds(), connect=CONNECT_SECONDS
            )
            session = await stack.enter_async_context(outgoing.new_session(timeout=limits))
        checks = (
            guarded(
                region,
                EvidenceKind.MANIFEST,
                check_manifest(question, access, region, session, identity.get),
                deadline=deadline,
                now=now,
            )
            for region in question.missing
        )
        return tuple(await asyncio.gather(*checks))
