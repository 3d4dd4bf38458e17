"""`GatherAlarms`, an orchestrator: many alarms of one region that is down, told as one.

1. Take in alarms, and what becomes of their pushes, as events (joining.py). Each is marked in the
   custom status: held back, or told singly.
2. From the alarm that makes it a group: tell who leaves its alarms to groups (activity
   `TellGroup`), again at growing intervals, until nobody waits.
3. Ask what has become of pushes that wait (activity `AskMembers`), because what they said may be
   lost with a turn that broke off.
4. End: silently, if it never became a group.

What comes next is decided by pure rules (reporting.py). Nothing depends on an event that may be
lost at its end or between two histories: who sent it looks for its mark, and sends it again.

Events come while an activity runs, too. The SDK keeps one of those that find no wait of their name
open, and the engine all; then the two are apart. So a wait is open in each yield, and what runs
beside it is looked at when the yield is over, never yielded twice.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from acr_global import gathering, reporting, verdict
from acr_global.functions import log
from acr_global.functions.durable import (
    external_events,
    groups,
    names,
    notifications,
    sdk,
    turns,
    wire,
)
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup
from acr_global.functions.verdicts.notifying import PAUSES, Steps
from acr_global.grouping import GroupState, MemberState
from acr_global.reporting import Telling

if TYPE_CHECKING:
    import azure.durable_functions as df

LOOK_AFTER = timedelta(seconds=10)
"""Whether an activity is done is looked at with each event, and this often."""

WAKES_PER_HISTORY = 25
"""A history is read anew in each turn, so a long one goes on in a fresh one. Events that change
nothing do not count: the engine takes all events over into the fresh history (each was raced
against a timer that is cancelled by then), so there would be a fresher one at once, without end."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""
    turns.register(app, names.GATHER_ALARMS, gather_alarms, setup.journal)


def gather_alarms(context: df.DurableOrchestrationContext) -> Steps:
    """Gather the alarms of one group, and tell of them; returns what was last told."""
    external_events.make_readable(sdk.history_of(context))
    return (yield from Gathering(context).to_the_end())


class Gathering:
    """One group, and its waits for events. One that is not over is kept: the newest gets an event
    first, but not one that comes between two."""

    def __init__(self, context: df.DurableOrchestrationContext) -> None:
        given = wire.load(groups.GroupInput, context.get_input())
        self._context, self._waits, self._wakes = context, list[Any](), 0
        self.group = given.group
        for news in given.said:
            self.group = gathering.take(self.group, news)
        self._owed = given.owed or ()
        self._being_told: dict[str, int] = {}
        self._telling: datetime | None = None

    def to_the_end(self) -> Steps:
        """Do one step after another; first what an earlier life has left."""
        yield from self._hand_over(self._owed)
        while True:
            self.group = gathering.pruned(self.group, self._now)
            match reporting.next_step(self.group, self._now):
                case reporting.Tell(state):
                    yield from self._tell(state)
                case reporting.Ask(push_ids):
                    yield from self._ask(push_ids)
                case reporting.Wait(until) if self._wakes < WAKES_PER_HISTORY:
                    yield from self._race(until)
                case reporting.Wait():
                    self._context.continue_as_new(wire.dump(groups.GroupInput(group=self.group)))
                    return None
                case reporting.End():
                    self._status()
                    return wire.dump(self.group.told) if self.group.told else None

    @property
    def _now(self) -> datetime:
        now: datetime = self._context.current_utc_datetime
        return now

    def _tell(self, state: GroupState) -> Steps:
        """Tell it, again and again until it is told or handed over."""
        made = reporting.tellings(self.group, state, self._now)
        over = state is GroupState.OVER
        self.group = self.group.model_copy(update={"over": over})
        number = made[0].report.number
        self._being_told = {target: number for telling in made for target in telling.targets}
        self._telling = made[0].report.at
        data = wire.dump(groups.TellInput(tellings=made))
        answer = yield from self._insist(names.TELL_GROUP, data, partial(_answer_to, made))
        if isinstance(answer, Exception):
            for telling in made:
                yield from self._give_up(notifications.undelivered(telling, self._now), answer)
        else:
            yield from self._hand_over(answer.owed)
        self.group = reporting.told(self.group, made, self._now)
        self._being_told, self._telling = {}, None

    def _hand_over(self, owed: Sequence[notifications.DeliveryInput]) -> Steps:
        """Start deliveries that the telling activity could not start."""
        for each in owed:
            handed = yield from self._insist(names.HAND_OVER_DELIVERY, wire.dump(each), str)
            if isinstance(handed, Exception):
                yield from self._give_up(notifications.given_up(each, self._now), handed)

    def _ask(self, push_ids: tuple[str, ...]) -> Steps:
        """Ask what has become of pushes. Where that fails they are asked after again later."""
        data = wire.dump(groups.AskInput(push_ids=push_ids))
        read = partial(wire.load, groups.AskOutput)
        answer = yield from self._call(names.ASK_MEMBERS, data, read)
        found = dict.fromkeys(push_ids, MemberState.WAITING)
        if not isinstance(answer, Exception):
            found |= answer.states
        self.group = gathering.asked(self.group, found, self._now)

    def _insist(self, activity: str, data: Any, read: Callable[[Any], Any]) -> Steps:
        """Call an activity until it succeeds; its result, or the error that it is given up with."""
        for pause in (*PAUSES, None):
            result = yield from self._call(activity, data, read)
            if not isinstance(result, Exception):
                return result
            if pause is None:
                break
            until = self._now + timedelta(seconds=pause)
            while self._now < until:
                yield from self._race(until)
        return result

    def _give_up(self, letter: notifications.DeliveryInput, error: Exception) -> Steps:
        """Leave a report as a dead letter: as a child, for that needs nothing but the engine's own
        storage (notifying.py)."""
        self._log_given_up(f"{error}")
        child = self._context.call_sub_orchestrator(
            names.DELIVER_NOTIFICATION, wire.dump(letter), notifications.delivery_id(letter)
        )
        ended = yield from self._outcome(child)
        if isinstance(ended, Exception):
            self._log_given_up(f"its dead letter broke off: {ended}")

    def _log_given_up(self, why: str) -> None:
        if not self._context.is_replaying:
            log.line(
                "report-given-up",
                level=logging.ERROR,
                group=self.group.group_id,
                cause=why[:200],
                todo="look why; then replay the dead letter",
            )

    def _call(self, activity: str, data: Any, read: Callable[[Any], Any]) -> Steps:
        """Call an activity; its result, or the exception that it ended with. What cannot be read
        as its result is that of another one (wire.py)."""
        result = yield from self._outcome(self._context.call_activity(activity, data))
        if isinstance(result, Exception):
            return result
        try:
            return read(result)
        except ValueError as error:
            return error

    def _outcome(self, call: Any) -> Steps:
        """What a call has come to, or the exception that it ended with."""
        yield from self._race(self._now + LOOK_AFTER, call)
        while not sdk.is_completed(call):
            yield from self._race(self._now + LOOK_AFTER)
        return sdk.outcome(call)

    def _race(self, until: datetime, *beside: Any) -> Steps:
        """Let time pass until an event comes, or something beside it is done. It has a new wait and
        a new timer each time, for a task that was yielded is left out of the next race."""
        self._status()
        wait = sdk.wait_for(self._context, names.ALARM_EVENT, self._waits)
        if wait not in self._waits:
            self._waits.append(wait)
        timer = self._context.create_timer(verdict.timer_for(until))
        yield self._context.task_any([wait, timer, *beside])
        if not sdk.is_completed(timer):
            timer.cancel()
        before, heard = self.group, [w for w in self._waits if sdk.is_completed(w)]
        for wait in heard:
            self._waits.remove(wait)
            with contextlib.suppress(ValueError):  # raised by hand
                self.group = gathering.take(self.group, wire.load(gathering.News, wait.result))
        self._wakes += not heard or self.group != before

    def _status(self) -> None:
        told = self.group.told
        newest = (told.numbers if told else {}) | self._being_told
        status = groups.GroupStatus(
            state=self.group.word,
            number=max(newest.values(), default=0),
            telling=self._telling or self.group.made_at,
            newest=newest,
            marks=gathering.marks(self.group),
            registry=self.group.registry,
            missing=self.group.missing,
        )
        self._context.set_custom_status(groups.as_custom_status(status))


def _answer_to(made: Sequence[Telling], result: Any) -> groups.TellOutput:
    """What telling these reports has come to. Raises ValueError where others were to be told: by
    a turn that was taken again (standing.py)."""
    answer = wire.load(groups.TellOutput, result)
    if {t.report.at for t in answer.tellings} != {made[0].report.at}:
        raise ValueError("the answer is to other reports")
    return answer
