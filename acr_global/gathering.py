"""One group of pushes while it is gathered: which alarms it has, and what becomes of them. Pure.

    counting    fewer alarms than make a group: each is told singly; it ends when the last of them
                is older than the window
    open        further alarms are held back, for reports tell of them; as many as MAX_MEMBERS
    over        nobody waits, and no alarm came within the window (reporting.py)

Each push has one decision, singly or held back, and it is made here, where alarms come one after
another. Whoever has sent an alarm here reads the decision from `marks`, and knows by it that
nothing can lose the alarm any more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from acr_global.grouping import AlarmGroup, Member, MemberState
from acr_global.model import Frozen, Moment

MAX_MEMBERS = 200
"""Of one group; the next alarm begins another. The marks of all stand in a custom status, and what
was said of each in a history that is read anew in each turn."""

_MARK_CHARS = 12
_LETTERS = {"w": MemberState.WAITING, "r": MemberState.RECOVERED, "i": MemberState.INCOMPLETE}


class Counted(Member):
    """One push, as it is gathered."""

    targets: tuple[str, ...]
    """Those who would hear of its alarm, and leave it to a group."""
    singly: bool = False
    """Its alarm was told by itself."""


Counts = tuple[int, int, int]
"""Waiting, recovered, incomplete."""


class Told(Frozen):
    """What was told so far."""

    number: int
    at: Moment
    """From when on the pause before the next update counts."""
    updates: int
    """How many there were after the first report."""
    counts: dict[str, Counts]
    """By target, as last told."""
    numbers: dict[str, int]
    """By target, of its newest report."""
    silent: bool = False
    """No answer was told to have come for a day, and none has come since."""


class Asked(Frozen):
    """When it was last asked what has become of those that wait."""

    at: Moment
    """From when on the pause before the next question counts: that moment, or an answer of a region
    since, for where one push has recovered others have."""
    times: int = 0
    """How often it was asked since there was such an answer."""


class Group(Frozen):
    """A group, with everything that decides what comes next."""

    group_id: str
    registry: str | None = None
    missing: tuple[str, ...]
    setting: AlarmGroup
    members: tuple[Counted, ...] = ()
    """In the order in which they came."""
    opened: bool = False
    told: Told | None = None
    made_at: Moment | None = None
    """When what was told last was made; None where an older release made it."""
    asked: Asked | None = None
    """None while it counts."""
    over: bool = False
    """The last report is being told, or was."""

    @property
    def word(self) -> str:
        """`counting`, `open` and `full`; or `over`: it takes no alarms any more, as one that is
        full."""
        if self.over:
            return "over"
        if not self.opened:
            return "counting"
        return "open" if len(self.members) < MAX_MEMBERS else "full"


class News(Frozen):
    """What a group hears of a push."""

    push: Counted
    alarm: bool
    """It is overdue now; False: that is what has become of it since."""


def take(group: Group, news: News) -> Group:
    """The group with one more alarm, or with what has become of one. Repeats change nothing, and
    nothing does once it is over, for nobody would hear of it."""
    member = news.push
    if group.over:
        return group
    if any(m.push_id == member.push_id for m in group.members):
        return _changed(group, {member.push_id: member.state}, member.at)
    if group.word == "full":
        return group
    if group.opened:
        return _with(group, member.model_copy(update={"singly": False}))
    if not news.alarm:
        return group  # while it counts, an alarm is forgotten once it is older than the window
    recent = member.overdue_at - group.setting.within
    opens = sum(m.overdue_at > recent for m in group.members) + 1 >= group.setting.count
    with_it = _with(group, member.model_copy(update={"singly": not opens}))
    asked = Asked(at=member.at) if opens else None
    return with_it.model_copy(update={"opened": opens, "asked": asked})


def _with(group: Group, member: Counted) -> Group:
    return group.model_copy(update={"members": (*group.members, member)})


def _changed(group: Group, states: Mapping[str, MemberState], at: datetime) -> Group:
    """The group after some of its pushes have come to other states. One that was given up may
    recover all the same; one that has recovered stays so."""

    def one(member: Counted) -> Counted:
        state = states.get(member.push_id, MemberState.WAITING)
        if state in (MemberState.WAITING, member.state) or member.state is MemberState.RECOVERED:
            return member
        return member.model_copy(update={"state": state, "at": at})

    changed = group.model_copy(update={"members": tuple(map(one, group.members))})
    answered = MemberState.RECOVERED in states.values() and changed != group
    return _answered(changed, at) if answered else changed


def _answered(group: Group, at: datetime) -> Group:
    """The group after a region has answered for one of its pushes."""
    told, asked = group.told, group.asked
    if told and told.silent:
        told = told.model_copy(update={"silent": False})
    if asked:
        asked = Asked(at=max(asked.at, at))
    return group.model_copy(update={"told": told, "asked": asked})


def asked(group: Group, states: Mapping[str, MemberState], now: datetime) -> Group:
    """The group after the engine was asked what has become of those that wait."""
    before = group.asked or Asked(at=now)
    asked = Asked(at=now, times=before.times + 1)
    return _changed(group.model_copy(update={"asked": asked}), states, now)


def pruned(group: Group, now: datetime) -> Group:
    """While it counts, an alarm older than the window counts no longer."""
    if group.opened:
        return group
    recent = now - group.setting.within
    members = tuple(m for m in group.members if m.overdue_at > recent)
    return group.model_copy(update={"members": members})


@dataclass(frozen=True, slots=True)
class Mark:
    """What was decided of one push."""

    singly: bool
    state: MemberState


def marks(group: Group) -> str:
    """What was decided of each push, as short as can be: a custom status has few characters."""
    letters = {state: letter for letter, state in _LETTERS.items()}
    return "".join(
        _hash(m.push_id) + (letters[m.state].upper() if m.singly else letters[m.state])
        for m in group.members
    )


def mark_of(text: str, push_id: str) -> Mark | None:
    """What `marks` says of one push; None where it is not among them."""
    wanted = _hash(push_id)
    for mark, letter in _pairs(text):
        if mark == wanted and letter.lower() in _LETTERS:
            return Mark(singly=letter.isupper(), state=_LETTERS[letter.lower()])
    return None


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for at in range(0, len(text) - _MARK_CHARS, _MARK_CHARS + 1):
        yield text[at : at + _MARK_CHARS], text[at + _MARK_CHARS]


@lru_cache(maxsize=2 * MAX_MEMBERS)
def _hash(push_id: str) -> str:
    return sha256(push_id.encode(errors="replace")).hexdigest()[:_MARK_CHARS]
