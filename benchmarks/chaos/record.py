"""One round as it was seen from outside: what was sent, heard and troubled. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acr_global.grouping import MemberState
from acr_global.model import Message, VerdictType
from acr_global.notify.notice import GroupMessage

DECIDED, ACCEPTED, UNWANTED = 200, 202, 400
"""Answers to a webhook: its push is over, or it is kept; or its region is not expected now."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One webhook that was sent."""

    push: str
    region: str
    sent_at: datetime
    answered_at: datetime
    """When it was answered, or the sender gave up."""
    status: int | None
    """None: no answer came; it may have been kept all the same."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One request that a receiver got."""

    target: str
    at: datetime
    delivery_id: str
    """The header `webhook-id`."""
    status: int | None
    """What the receiver answered; None: it never did."""
    message: Message

    @property
    def push(self) -> str:
        """Whose it is. Its id in the message is that of an instance, and has no more to do with it
        where pushes are told apart by content."""
        return push_of(str(self.message.push.repository))


@dataclass(frozen=True, slots=True)
class Reported:
    """One request about a group."""

    target: str
    at: datetime
    delivery_id: str
    status: int | None
    message: GroupMessage

    def verdicts(self) -> dict[str, frozenset[VerdictType]]:
        """By instance, what it says of each push."""
        return {push.id: _SAYS[push.state] for push in self.message.pushes}


_SAYS = {
    MemberState.WAITING: frozenset({VerdictType.OVERDUE}),
    MemberState.RECOVERED: frozenset({VerdictType.OVERDUE, VerdictType.RECOVERED}),
    MemberState.INCOMPLETE: frozenset({VerdictType.OVERDUE, VerdictType.INCOMPLETE}),
}


def push_of(image: str) -> str:
    """`team/p3:v1`, or without its tag → `p3`: each push has a repository of its own."""
    return image.partition(":")[0].rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a push is begun with."""

    regions: tuple[str, ...]
    timeout: timedelta
    late_window: timedelta
    """More than 0, so that an alarm is never the last word."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """From a fault to when all that it touched must have gone on."""

    begins: datetime
    ends: datetime
    only_delivery: bool = False
    """It holds up what receivers are told, and nothing else."""


@dataclass(frozen=True)
class Record:
    """One round, from its first webhook until nothing more was to come."""

    terms: tuple[Terms, ...]
    """In force at some time."""
    targets: Mapping[str, frozenset[VerdictType]]
    """By name, with the verdicts that each hears of."""
    posts: tuple[Posted, ...]
    heard: tuple[Heard, ...]
    troubles: tuple[Trouble, ...] = ()
    left: tuple[str, ...] = ()
    """Instances that had not ended."""
    prompt: timedelta = field(default=timedelta(seconds=5))
    """How soon something has its effect where nothing is troubled."""
    reports: tuple[Reported, ...] = ()
    replicas: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    """By push and region, since when the registry says that the image is there; empty where the app
    does not ask it."""
    by_content: bool = False
    """Pushes are told apart by what was pushed: one of which a region reports after the end begins
    another instance."""
    read_within: timedelta | None = None
    """How soon what the registry could not deliver is taken in from its logs; None where it is
    not."""

    def settled(self, at: datetime, *, told: bool = False) -> datetime:
        """By when what happened then must have had its effect; `told`: at the receivers, too."""
        by = at + self.prompt
        for trouble in sorted(self.troubles, key=lambda t: t.begins):
            if trouble.only_delivery and not told:
                continue
            if trouble.begins <= by and trouble.ends > at:
                by = max(by, trouble.ends + self.prompt)
        return by

    def pushes(self) -> tuple[str, ...]:
        """Every push of which a webhook was sent."""
        return tuple(dict.fromkeys(p.push for p in self.posts))

    def posts_of(self, push: str) -> tuple[Posted, ...]:
        """Its webhooks, in the order of their answers."""
        mine = (p for p in self.posts if p.push == push)
        return tuple(sorted(mine, key=lambda p: p.answered_at))

    def accepted(self, push: str) -> dict[str, datetime]:
        """By region, when its first webhook was answered that it is kept."""
        times: dict[str, datetime] = {}
        for post in self.posts_of(push):
            if post.status == ACCEPTED:
                times.setdefault(post.region, post.answered_at)
        return times

    def taken_in(self, push: str) -> dict[str, datetime]:
        """By region, by when its first webhook must be known: kept, or read from the log. (What was
        not wanted when it was posted may be, or may not be, when it is read.)"""
        times = self.accepted(push)
        if self.read_within is not None:
            for post in self.posts_of(push):
                if post.status not in (ACCEPTED, DECIDED, UNWANTED):
                    read = post.answered_at + self.read_within
                    times[post.region] = min(read, times.get(post.region, read))
        return times

    def heard_of(self, instance: str) -> tuple[Heard, ...]:
        """What was said of one instance of a push, in the order heard."""
        mine = (h for h in self.heard if h.message.push.id == instance)
        return tuple(sorted(mine, key=lambda h: h.at))

    def instances(self) -> dict[str, str]:
        """Every instance of which something was said, with its push."""
        said = {h.message.push.id: h.push for h in self.heard}
        counted = {p.id: push_of(p.image) for r in self.reports for p in r.message.pushes}
        return counted | said
