"""The answers and messages so far, and whether all is known. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from acr_global.model import Message
from acr_global.notify.notice import GroupMessage
from acr_global_rig.simulation.expect import Ending, Expected, expect, key_told
from acr_global_rig.simulation.plan import Plan, Webhook, image_name, plan_of
from acr_global_rig.simulation.scenario import App, Listener, Scenario


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app answered to one webhook."""

    webhook: Webhook
    status: int
    """0 where no answer came."""
    word: str
    """`accepted`, `ignored: already-decided`, or why there is no answer."""
    behind: float
    """Seconds between the time that the plan says and the time of posting."""
    push: str | None = None
    """The app's id of the push, where it took the webhook."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One request that a receiver got."""

    receiver: str
    delivery_id: str
    """The header `webhook-id`, by which a receiver can tell a repeat."""
    status: int
    """What the receiver answered."""
    message: Message

    @property
    def image(self) -> str:
        """What was pushed, as the plan names it."""
        push = self.message.push
        return image_name(push.repository or "", push.tag, push.digest or "")


@dataclass(frozen=True, slots=True)
class GroupReceipt:
    """One request by which a receiver was told of many pushes at once."""

    receiver: str
    message: GroupMessage


@dataclass
class Record:
    """One run: the plan, and what has happened."""

    plan: Plan
    app: App
    listeners: tuple[Listener, ...]
    expected: tuple[Expected, ...]
    answers: dict[int, list[Answer]] = field(default_factory=dict)
    """By the push's number."""
    receipts: dict[str, list[Receipt]] = field(default_factory=dict)
    """By the push's key, including pushes of others."""
    groups: list[GroupReceipt] = field(default_factory=list)
    """Messages that no push can be judged by."""

    def answered(self, answer: Answer) -> None:
        """Keep one."""
        self.answers.setdefault(answer.webhook.push, []).append(answer)

    def heard(self, receipt: Receipt | GroupReceipt) -> None:
        """Keep one."""
        if isinstance(receipt, GroupReceipt):
            self.groups.append(receipt)
            return
        self.receipts.setdefault(self.key(receipt.message), []).append(receipt)

    def key(self, message: Message) -> str:
        """Which push of the app's a message is about."""
        return key_told(message, self.app)

    def told(self, key: str, receiver: str) -> list[Receipt]:
        """The receipts of one receiver about one push, in order."""
        return [r for r in self.receipts.get(key, ()) if r.receiver == receiver]

    def is_known(self, expected: Expected) -> bool:
        """Whether every receiver has got all messages on this push, or a wrong one."""
        return not any(self.lacks(expected, listener) for listener in self.listeners)

    def lacks(self, expected: Expected, listener: Listener) -> bool:
        """Whether the messages that a receiver has got are right so far, but not all."""
        told = verdicts(self.told(expected.key, listener.name))
        endings = endings_for(listener, expected)
        return told not in endings and any(told == ending[: len(told)] for ending in endings)


def record_of(
    scenario: Scenario, seed: int, run: str, listeners: tuple[Listener, ...] = ()
) -> Record:
    """The record of one run of a scenario before it begins; see plan_of.

    Args:
        listeners: In place of the scenario's receivers.

    Raises ScenarioError where the right verdicts cannot be told.
    """
    plan = plan_of(scenario, seed, run)
    listeners = listeners or scenario.receivers
    heard = {verdict for listener in listeners for verdict in listener.verdicts}
    return Record(plan, scenario.app, listeners, expect(plan, scenario.app, heard))


def endings_for(listener: Listener, expected: Expected) -> set[Ending]:
    """The messages on a push that a receiver may get, by the verdicts that it asks for. Where it
    refuses an alarm, the next verdict may overtake it, and the app then drops the alarm."""
    endings = set(expected.endings)
    if listener.refusals:
        endings |= {ending[1:] for ending in endings if len(ending) > 1}
    return {tuple(v for v in ending if v in listener.verdicts) for ending in endings}


def verdicts(receipts: Iterable[Receipt]) -> Ending:
    """The verdicts of accepted messages, in order."""
    return tuple(r.message.type for r in receipts if r.status == 200)


def names(regions: Sequence[str]) -> str:
    """Regions in a sentence."""
    return ", ".join(regions) or "nothing"
