"""Takes in what the registry could not deliver, for the timer `CatchUp`.

The registry posts each event once, and waits 5 s. Its webhooks' logs have each post and its
answer; events that were not answered 2xx go through ImagePush (image_push.py), as arrivals at the
events' own times. Where no event is missing, a run costs one request for each
webhook, and none to the engine.

Settled events are marked in storage (marks.py), only when something was taken in. Two runs at once
do no harm: ImagePush recognises the repeat, and both marks count.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from acr_global import catchup
from acr_global.catchup import Logged, Mark, Plan
from acr_global.errors import SettingsError
from acr_global.functions import log
from acr_global.functions.activities.gather_evidence import access_to
from acr_global.functions.catching_up import marks
from acr_global.functions.catching_up.logs import Logs
from acr_global.functions.durable.engine import Engine, EngineError
from acr_global.functions.http import image_push
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.timings import RUN_SECONDS
from acr_global.receive import CAUGHT_UP
from acr_global.registry.look import Identity
from acr_global.settings import Loaded

SETTING = "ACR_GLOBAL_CATCH_UP"

UNREADABLE = (
    "some event log cannot be read, and what was not delivered is not taken in; the log line "
    "cannot-catch-up says which, and why"
)
"""For whoever may ask how the app is: it names no registry."""

MAX_EVENTS = 1_000
"""Events taken in by one run; the next one goes on."""

AT_ONCE = 4
"""Pushes side by side: half of what a process puts to the engine, as webhooks come meanwhile."""


class CatchingUp:
    """What one process knows about catching up."""

    def __init__(self, setup: Setup) -> None:
        self._loaded: Loaded = setup.loaded
        self._warnings, self._last_cause = setup.warnings, ""
        self._logs = Logs()
        self._mark = Mark()
        """The mark as this process knows it; storage may have more."""
        self._refused: set[tuple[str, str]] = set()
        """Events that a wrong setting keeps out; settings change only with a new process."""

    async def run(self, tools: Tools) -> None:
        """One run. What cannot be read or kept is left to the next."""
        entries, now = await self._read(tools), tools.clock()
        plan = self._plan(entries, now)
        if not plan.due:
            return
        try:
            # Another process may have taken them in.
            stored = await marks.read(tools.engine)
            self._mark = catchup.merged([self._mark, *stored.values()])
            plan = self._plan(entries, now)
            if plan.due and await self._settle(plan, tools.engine):
                await marks.write(tools.engine, self._mark, stored)
        except EngineError as error:
            self._logs.read_again(plan.due)
            log.line(
                "not-caught-up",
                level=logging.WARNING,
                cause=str(error),
                todo="nothing; the next run tries again",
            )

    def _plan(self, entries: list[Logged], now: datetime) -> Plan:
        plan = catchup.plan(entries, self._mark, now=now, since=now - catchup.REACH)
        due = (e for e in plan.due if (e.webhook, e.key) not in self._refused)
        return replace(plan, due=tuple(due))

    async def _settle(self, plan: Plan, engine: Engine) -> bool:
        """Take in what is due, within one run; returns whether anything was settled."""
        settled, outcomes = await self._take_in(plan.due[:MAX_EVENTS], engine)
        done = {id(event) for event in settled}
        rest = [event for event in plan.due if id(event) not in done]
        self._logs.read_again(rest)
        self._mark = catchup.with_settled(self._mark, settled, rest)
        log.line(
            "caught-up",
            events=len(settled),
            outcomes=dict(outcomes),
            left_alone=dict(plan.left),
            for_the_next_run=len(rest),
        )
        return bool(settled)

    async def _read(self, tools: Tools) -> list[Logged]:
        """Read what the registries could not deliver; a cause of failure is logged once."""
        entries: list[Logged] = []
        problems: list[str] = []
        identity = Identity(tools.credential)
        try:
            for policy in tools.settings.watched():
                found = await self._logs.undelivered(
                    access_to(tools, policy), policy.regions, identity.get, tools.clock()
                )
                entries += found.entries
                problems += found.problems
        finally:
            await identity.close()
        self._log_once(problems)
        return entries

    def _log_once(self, problems: list[str]) -> None:
        """Log problems, each once until it changes."""
        cause = "; ".join(dict.fromkeys(problems))
        # With each sign-in that fails the SDK logs a page of text; once is enough of that, too.
        logging.getLogger("azure.identity").setLevel(logging.ERROR if cause else logging.NOTSET)
        if not cause:
            self._warnings.pop(SETTING, None)
        elif cause != self._last_cause:
            self._warnings[SETTING] = UNREADABLE
            log.line(
                "cannot-catch-up",
                level=logging.WARNING,
                cause=cause,
                todo="see docs/catching-up.md; webhooks that were not delivered are not taken in",
            )
        self._last_cause = cause

    async def _take_in(
        self, due: tuple[Logged, ...], engine: Engine
    ) -> tuple[list[Logged], Counter[str]]:
        """Hand events to ImagePush, those of one push one after another; returns the settled ones,
        and the outcomes of all. The rest is left where the engine takes no more, or time is up."""
        settled: list[Logged] = []
        outcomes: Counter[str] = Counter()
        places, full = asyncio.Semaphore(AT_ONCE), asyncio.Event()

        async def take_in_one(event: Logged) -> None:
            status, outcome = await self._post(event, engine)
            outcomes[outcome] += 1
            if status < 500:
                settled.append(event)
            elif outcome == SettingsError.reason:
                self._refused.add((event.webhook, event.key))
            else:
                full.set()

        async def take_in(events: list[Logged]) -> None:
            async with places:
                for event in events:
                    if full.is_set():
                        return
                    await take_in_one(event)

        pushes = [list(events) for _, events in groupby(due, key=lambda e: e.content)]
        with suppress(TimeoutError):
            async with asyncio.timeout(RUN_SECONDS):
                await asyncio.gather(*map(take_in, pushes))
        return settled, outcomes

    async def _post(self, event: Logged, engine: Engine) -> tuple[int, str]:
        """ImagePush's answer to one event: a status, and a slug."""
        query = {**event.query, CAUGHT_UP: "true"}
        body = json.dumps(event.body).encode()
        answer = await image_push.answer(self._loaded, engine, query, body)
        reason = getattr(answer.body, "reason", None) or getattr(answer.body, "status", "")
        return answer.status, str(reason)
