"""`AskMembers`: what has become of pushes of a group that should have been decided by now."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from acr_global.functions.durable import groups, names, wire
from acr_global.functions.durable.engine import EngineError, Phase, Snapshot
from acr_global.functions.durable.sdk import App
from acr_global.functions.durable.wire import JsonObject
from acr_global.functions.setup import Setup, Tools
from acr_global.grouping import BECOMES, MemberState
from acr_global.verdict import overtaking

AT_ONCE = 8
"""Looks side by side."""

GIVEN_UP_AFTER = timedelta(days=1)
"""A push that was broken off is no longer waited for then."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.ASK_MEMBERS)
    @app.activity(names.ASK_MEMBERS)
    @app.durable_client()
    async def ask_members(work: JsonObject, client: str) -> JsonObject:
        if work == wire.PROBE:
            return work
        return wire.dump(await ask(setup.tools(client), wire.load(groups.AskInput, work)))


async def ask(tools: Tools, data: groups.AskInput) -> groups.AskOutput:
    """Look at each push. One that cannot be looked at is asked after again later."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(push_id: str) -> MemberState:
        async with places:
            try:
                return state_of(await tools.engine.look(push_id), tools.clock())
            except EngineError:
                return MemberState.WAITING

    states = await asyncio.gather(*map(one, data.push_ids))
    return groups.AskOutput(states=dict(zip(data.push_ids, states, strict=True)))


def state_of(snapshot: Snapshot, now: datetime) -> MemberState:
    """What has become of a push that was overdue."""
    match snapshot.phase:
        case Phase.FINISHED | Phase.BEGUN:
            later = overtaking(wire.newest_state(snapshot.custom_status, snapshot.output))
            listens = snapshot.phase is Phase.BEGUN
            otherwise = MemberState.WAITING if listens else MemberState.INCOMPLETE
            return BECOMES[later] if later else otherwise
        case Phase.PENDING:
            return MemberState.WAITING
        case Phase.FAILED if snapshot.updated and now - snapshot.updated < GIVEN_UP_AFTER:
            return MemberState.WAITING
        case Phase.FAILED | Phase.ABSENT | Phase.TERMINATED:
            return MemberState.INCOMPLETE
