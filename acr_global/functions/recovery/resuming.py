"""What a delivery or a group that was broken off goes on with: its input, and all that its history
holds. (Of pushes: reviving.py.)
"""

from __future__ import annotations

import contextlib
from datetime import datetime

from acr_global import gathering, reporting, retry
from acr_global.functions import clock
from acr_global.functions.durable import groups, names, notifications, wire
from acr_global.functions.durable.engine import Snapshot


def delivery(snapshot: Snapshot) -> notifications.DeliveryInput:
    """A delivery that was broken off, with the attempts that its history holds.

    Raises ValueError where its input is no delivery's.
    """
    given = wire.load(notifications.DeliveryInput, snapshot.input)
    state = given.delivery
    for event in snapshot.history:
        if (event.get("EventType"), event.get("FunctionName")) == (
            "TaskCompleted",
            names.ATTEMPT_DELIVERY,
        ):
            # Of a round whose result cannot be read nothing is known: its targets are still owed.
            made = wire.result(notifications.AttemptOutput, event)
            state = retry.after_attempts(state, made.attempts if made else ())
    return given.model_copy(update={"delivery": state})


def group(snapshot: Snapshot) -> groups.GroupInput:
    """A group that was broken off, with all that its history holds. A history does not show what
    an activity was to tell, so a report without a result may have said anything, to anybody.

    Raises ValueError where its input is no group's.
    """
    given = wire.load(groups.GroupInput, snapshot.input)
    gathered, owed = given.group, given.owed
    unsure_since: datetime | None = None
    for news in given.said:
        gathered = gathering.take(gathered, news)
    for event in snapshot.history:
        at, name = clock.moment(event.get("Timestamp")), event.get("FunctionName")
        match event.get("EventType"), name or event.get("Name"):
            case "EventRaised", names.ALARM_EVENT:
                with contextlib.suppress(ValueError):  # raised by hand
                    news = wire.load(gathering.News, event.get("Input"))
                    gathered = gathering.take(gathered, news)
            case (("TaskScheduled" | "TaskFailed"), names.TELL_GROUP):
                unsure_since = at
            case "TaskCompleted", names.TELL_GROUP if at:
                answer, unsure_since = wire.result(groups.TellOutput, event), at
                if answer:
                    gathered, unsure_since = reporting.told(gathered, answer.tellings, at), None
                    # Whether they were handed over since does not matter: a second start finds
                    # the first.
                    owed = answer.owed or None
            case "TaskCompleted", names.ASK_MEMBERS if at:
                if asked := wire.result(groups.AskOutput, event):
                    gathered = gathering.asked(gathered, asked.states, at)
    if unsure_since:
        gathered = reporting.perhaps_told(gathered, unsure_since)
    return given.model_copy(update={"group": gathered, "said": (), "owed": owed})
