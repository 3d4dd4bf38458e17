"""What people read of a message, in the shape that card, chat message and mail have in common.

A title, facts by label, and rows by name; each channel draws them as its receiver can. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from acr_global.grouping import GroupState, MemberState
from acr_global.model import Message, VerdictType
from acr_global.notify.group_words import describe_push, group_facts
from acr_global.notify.notice import GroupMessage, Notice
from acr_global.notify.words import (
    describe,
    facts,
    headline,
    missing_first,
    plain,
    subject,
)


class Tone(StrEnum):
    """How good or bad something is, for its colour or its sign."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: a region, or a push of a group."""

    name: str
    text: str
    tone: Tone

    @property
    def line(self) -> str:
        """As one text, where a channel has no columns."""
        return f"{self.name}: {self.text}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is shown to people; each text is one visible line, of any length."""

    title: str
    tone: Tone
    facts: tuple[tuple[str, str], ...]
    """Labels and values."""
    rows: tuple[Row, ...]
    """What matters most first."""
    more: int = 0
    """How many there are beyond these rows."""


_TONES = {
    VerdictType.COMPLETE: Tone.GOOD,
    VerdictType.OVERDUE: Tone.BAD,
    VerdictType.RECOVERED: Tone.WARNING,
    VerdictType.INCOMPLETE: Tone.BAD,
}
_REGION_TONES = {"missing": Tone.BAD, "evidence": Tone.WARNING, "arrived": Tone.GOOD}


_PUSH_TONES = {
    MemberState.WAITING: Tone.BAD,
    MemberState.RECOVERED: Tone.GOOD,
    MemberState.INCOMPLETE: Tone.BAD,
}


def sheet_of(message: Notice, template: str | None) -> Sheet:
    """The headline, the facts, and the regions, the missing first, or the pushes of a group."""
    title = headline(message, template)
    if isinstance(message, Message):
        return Sheet(
            title=title,
            tone=_TONES[message.type],
            facts=facts(message),
            rows=tuple(
                Row(plain(r.region), describe(r), _REGION_TONES[r.state])
                for r in missing_first(message.regions)
            ),
        )
    return Sheet(
        title=title,
        tone=_group_tone(message),
        facts=group_facts(message),
        rows=tuple(
            Row(subject(p.action, plain(p.image)), describe_push(p), _PUSH_TONES[p.state])
            for p in message.pushes
        ),
        more=message.omitted,
    )


def _group_tone(message: GroupMessage) -> Tone:
    all_in = message.state is GroupState.OVER and not (message.waiting or message.incomplete)
    return Tone.WARNING if all_in else Tone.BAD
