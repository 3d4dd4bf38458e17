"""An alarm joins the group of those that lack the same regions, and learns whether it is held back.

The group (orchestrators/gather_alarms.py) decides, and marks each push in its custom status. What
is raised to it may be lost (it ends, it goes on in a fresh history, its turn breaks off), so only a
mark counts: until there is one, it is looked for, and the alarm is raised again. Where there is
none in time the push is told of by itself, for an alarm too many is better than none.

Nothing of it happens while all is well: only an alarm comes here, and what becomes of its push.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from acr_global import correlation, gathering
from acr_global.functions import log
from acr_global.functions.durable import groups, names, wire
from acr_global.functions.durable.engine import (
    AlreadyExistsError,
    Engine,
    EngineError,
    Phase,
    Snapshot,
)
from acr_global.functions.recovery import mending
from acr_global.functions.setup import Tools
from acr_global.gathering import Counted, Group, News
from acr_global.grouping import BECOMES, MemberState
from acr_global.model import Action, Verdict, VerdictType
from acr_global.notify.words import shorten

T = TypeVar("T")

PAUSES = (0.2, 0.3, 0.5, 1.0, 1.5, 2.0, 2.0, 2.0, 3.0, 3.0)
"""Seconds between looks. A group begins or takes an event within maxQueuePollingInterval, 2 s."""

RAISE_AGAIN_SECONDS = 5.0
"""What was raised and left no mark by then is raised again; that changes nothing if it comes
twice."""

MAX_REFERENCE_CHARS = 200
"""Of each push, in what a group remembers."""


async def join(tools: Tools, verdict: Verdict, targets: tuple[str, ...]) -> wire.InGroup | None:
    """Put an alarm into its group. Those `targets` would hear of it and leave it to a group; which
    of them do not hear of it now, the answer says. None: no group knows of it."""
    listens = await _listens(tools.engine, verdict.push_id)
    joining = _Joining(tools, verdict, targets, listens=listens)
    found = await _insist(joining.step)
    if found is None:
        found = joining.without_mark()
        log.line(
            "group-not-reached",
            level=logging.WARNING,
            push=verdict.push_id,
            todo="nothing: its alarm is told by itself",
        )
    return found


async def _listens(engine: Engine, push_id: str) -> bool:
    """Whether a push is still waited for after its alarm, by what it began with. True where that
    cannot be seen: the group asks after it."""
    with contextlib.suppress(EngineError, ValueError):
        push = await engine.look(push_id, show_input=True)
        return bool(wire.load(wire.PushInput, push.input).late_window)
    return True


async def follow_up(tools: Tools, verdict: Verdict, taken: wire.InGroup) -> bool:
    """Tell a group what has become of a push; False where it is gone or over, or says otherwise,
    and so tells nobody."""
    return await _insist(_FollowUp(tools, verdict, taken).step) or False


async def _insist(step: Callable[[], Awaitable[T | None]]) -> T | None:
    """Take a step again and again, until it has a result or time is up."""
    for pause in (*PAUSES, 0.0):
        with contextlib.suppress(EngineError):
            if (found := await step()) is not None:
                return found
        await asyncio.sleep(pause)
    return None


class _Raised:
    """What was raised last, so that it is not raised at every look."""

    def __init__(self, engine: Engine, news: News) -> None:
        self._engine, self._news = engine, news
        self._last: tuple[str, float] | None = None

    async def to(self, group_id: str) -> None:
        """Raise it, unless that was done just now. Raises EngineError."""
        now = asyncio.get_running_loop().time()
        if self._last and self._last[0] == group_id and now - self._last[1] < RAISE_AGAIN_SECONDS:
            return
        await self._engine.raise_event(group_id, names.ALARM_EVENT, self._news)
        self._last = group_id, now


class _Joining:
    """The search for a group that takes an alarm."""

    def __init__(
        self, tools: Tools, verdict: Verdict, targets: tuple[str, ...], *, listens: bool
    ) -> None:
        self._tools, self._verdict, self._targets = tools, verdict, targets
        self._policy = tools.settings.policy(verdict.artifact.registry)
        self._state = MemberState.WAITING if listens else MemberState.INCOMPLETE
        self._news = News(push=_counted(verdict, self._state, targets), alarm=True)
        self._raised = _Raised(tools.engine, self._news)
        self._prefix = correlation.group_prefix(verdict.artifact.registry, verdict.missing)
        self._newest: str | None = None
        """The last group that was found, or begun here, and may take the alarm."""

    async def step(self) -> wire.InGroup | None:
        """Look at the newest group, and do what that asks for. Raises EngineError."""
        newest = await self._tools.engine.first_by_prefix(self._prefix)
        self._newest = newest.instance_id if newest.goes_on else None
        match newest.phase:
            case Phase.PENDING:
                return None
            case Phase.BEGUN:
                return await self._in(newest)
            case Phase.FAILED:
                if await mending.begin_again(self._tools.engine, newest.instance_id):
                    return None
                return await self._begin()
            case Phase.ABSENT | Phase.FINISHED | Phase.TERMINATED:
                return await self._begin()

    def without_mark(self) -> wire.InGroup | None:
        """What is kept of an alarm that left no mark in time. A group may come to it later (its
        host is dead, say), and is told what becomes of the push; it holds nothing."""
        return wire.InGroup(group=self._newest) if self._newest else None

    async def _in(self, group: Snapshot) -> wire.InGroup | None:
        """What a group that has begun says of this alarm; None where it has not said so yet."""
        status = groups.status_of(group)
        if status is None or status.state == "over":
            return await self._begin() if status else None
        if mark := gathering.mark_of(status.marks, self._verdict.push_id):
            # One that says otherwise is of an earlier push of this id, which has been purged.
            singly = mark.singly or mark.state not in (MemberState.WAITING, self._state)
            held = () if singly else self._targets
            return wire.InGroup(group=group.instance_id, targets=held)
        if status.state == "full":
            return await self._begin()
        await self._raised.to(group.instance_id)
        return None

    async def _begin(self) -> wire.InGroup | None:
        """Begin a group with this alarm, which is its first, and so told singly; None where another
        has begun it in the same second."""
        group = Group(
            group_id=correlation.group_id(self._prefix, self._tools.clock()),
            registry=self._verdict.artifact.registry,
            missing=self._verdict.missing,
            setting=self._policy.alarm_group,
        )
        data = groups.GroupInput(group=group, said=(self._news,))
        self._newest = group.group_id
        with contextlib.suppress(AlreadyExistsError):
            await self._tools.engine.start(names.GATHER_ALARMS, group.group_id, data)
        # Of two starts at the same moment one is silently discarded.
        there = await self._tools.engine.look(group.group_id, show_input=True)
        return wire.InGroup(group=group.group_id) if self._is_first_of(there) else None

    def _is_first_of(self, group: Snapshot) -> bool:
        with contextlib.suppress(ValueError):
            said = wire.load(groups.GroupInput, group.input).said
            return [s.push.push_id for s in said] == [self._verdict.push_id]
        return False


class _FollowUp:
    """What has become of a push, on its way to the push's group."""

    def __init__(self, tools: Tools, verdict: Verdict, taken: wire.InGroup) -> None:
        self._engine, self._push_id, self._taken = tools.engine, verdict.push_id, taken
        self._state = BECOMES[verdict.type]
        news = News(push=_counted(verdict, self._state, taken.targets), alarm=False)
        self._raised = _Raised(tools.engine, news)

    async def step(self) -> bool | None:
        """Look at the group, and raise it. Raises EngineError."""
        group = await self._engine.look(self._taken.group)
        status = groups.status_of(group)
        mark = gathering.mark_of(status.marks, self._push_id) if status else None
        if mark and mark.state is self._state:
            return True
        match group.phase:
            case Phase.FAILED:
                return None if await mending.begin_again(self._engine, group.instance_id) else False
            case Phase.ABSENT | Phase.FINISHED | Phase.TERMINATED:
                return False
            case Phase.BEGUN if status:
                if status.state == "over":
                    return False
                await self._raised.to(self._taken.group)
                # Where nobody depends on it, it need not be seen to have come.
                return None if self._taken.targets else True
            case Phase.BEGUN | Phase.PENDING:
                return None


def _counted(verdict: Verdict, state: MemberState, targets: tuple[str, ...]) -> Counted:
    alarm = verdict.type is VerdictType.OVERDUE
    return Counted(
        push_id=verdict.push_id,
        reference=shorten(verdict.artifact.reference, MAX_REFERENCE_CHARS),
        action=None if verdict.action is Action.PUSH else verdict.action,
        begun_at=verdict.begun_at,
        overdue_at=verdict.decided_at if alarm else verdict.deadline,
        state=state,
        at=verdict.decided_at,
        targets=targets,
    )
