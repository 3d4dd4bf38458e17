"""What /api answers: functions answer with these, commands read them, docs/api.md is made of them.

A field that stands here is not taken away and keeps its meaning. New ones may come, so whoever
reads passes over what it does not know. What is null is left out, except in dead letters, which
say what the engine has noted of them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from acr_global.model import Arrival, Attempt, Evidence, Frozen, Moment, Verdict


class _Answer(Frozen):
    # Built when the first one is made: a cold start for a webhook needs hardly any of them.
    model_config = ConfigDict(defer_build=True)


class Error(_Answer):
    """Why there is no other answer."""

    status: Literal["error"] = "error"
    reason: str
    """A slug that never changes."""
    message: str
    """One sentence for people; it may change."""


class Accepted(_Answer):
    """A webhook that is kept, whatever happens now."""

    status: Literal["accepted"] = "accepted"
    push: str
    """Id of the push that it belongs to."""
    region: str


class Ignored(_Answer):
    """A webhook that is fine, and of which nothing is kept."""

    status: Literal["ignored"] = "ignored"
    reason: str
    """A slug that never changes, such as `ping` or `already-decided`."""


class Envelope(_Answer):
    """One answer for each event of an envelope, in its order."""

    results: tuple[Accepted | Ignored | Error, ...]


class WrongSetting(_Answer):
    """A setting that is wrong; never its value."""

    setting: str
    severity: Literal["error", "warning"]
    """A warning: nothing is known to be out of force."""
    reason: str
    """One sentence with what to do."""


class Health(_Answer):
    """How the settings are."""

    status: Literal["ok", "degraded", "error"]
    """degraded: something is out of force; error: no region is known, and each webhook is
    refused."""
    problems: tuple[WrongSetting, ...]


class Probe(_Answer):
    """What became of a small instance that calls each activity once, with nothing to do."""

    state: Literal["done", "not-ended", "not-begun", "engine-unavailable"]
    """not-begun: no host took it from its queue in time, as where one has to start first;
    engine-unavailable: the app's storage, or the host's way to it, did not answer."""
    seconds: float
    """From its start until it was known to have ended; else how long was waited for it."""
    failed: tuple[str, ...] = ()
    """Activities that the host does not have, or that ended in an error."""
    at: str | None = None
    """The activity that did not come back in time."""


class Expected(_Answer):
    """What is expected of a registry's pushes, as the settings say it."""

    registry: str | None = None
    """Its host; not there for what holds where a registry has no settings of its own."""
    regions: tuple[str, ...]
    actions: tuple[str, ...]
    correlation: Literal["id", "content"]
    evidence: tuple[str, ...]
    registry_id: str | None = None
    """ARM id of the registry, where it is set."""
    targets: tuple[str, ...]
    """Names of those who are told of its pushes."""
    asked: tuple[Evidence, ...] = ()
    """What came of asking for evidence of a push that never was, with the app's own identity."""


class Diagnosis(_Answer):
    """How the app is, seen from inside."""

    version: str
    python: str
    now: Moment
    """By the clock of the host that answered."""
    functions: tuple[str, ...]
    """Names of all functions of this release."""
    problems: tuple[WrongSetting, ...]
    expected: tuple[Expected, ...]
    newest_turn: Moment | None = None
    """When an orchestration of a push or a delivery last had a turn in the process that answered.
    Where HTTP and orchestrations run on different machines it has none."""
    probe: Probe


def _or_none(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValueError:
        return None


_Bare = PlainSerializer(lambda part: part.model_dump(mode="json", exclude_none=True))
"""What stands inside a dead letter leaves out what is null."""


class _Letter(_Answer):
    # What the engine has noted is passed on, also what a later release may add.
    model_config = ConfigDict(extra="allow")

    id: str
    """Begins with `_delivery.`; the id in the other requests."""
    state: str | None = None
    """`dead`; `failed` where it broke off; `given-up` for a push that broke off again and again."""
    push: str | None = None
    """Id of the push."""
    verdict: str | None = None
    """complete, overdue, recovered or incomplete."""
    reference: str | None = None
    """What was pushed, as `repository:tag` or `repository@digest`."""
    delivered: tuple[str, ...] | None = None
    """Targets that have the message."""
    delivered_more: int | None = None
    """So many more than are listed; the same of `owed` and `dead`."""
    owed: tuple[str, ...] | None = None
    """Targets that it is still tried for."""
    owed_more: int | None = None
    dead: tuple[str, ...] | None = None
    """Targets that did not get it, and will not unless it is replayed."""
    dead_more: int | None = None
    replay_of: str | None = None
    """Id of the dead letter that this is a replay of."""
    cause: str | None = None
    """Why the push was given up."""


class DeadLetter(_Letter):
    """One dead letter in the list. Where a delivery broke off little is known of it."""

    attempts: int | None = None
    """How many were made."""


class DeadLetters(_Answer):
    """One page of the list."""

    deadletters: tuple[DeadLetter, ...]
    next: str | None = None
    """For `?after=`, where the list goes on; null at its end."""


class DeadLetterDetails(_Letter):
    """One dead letter, with all that was tried."""

    attempts: tuple[Annotated[Attempt, _Bare], ...]
    """In the order in which they were made."""
    message: Annotated[Verdict | None, WrapValidator(_or_none), _Bare] = None
    """What was to be said. None for a push that was given up."""
    arrivals: tuple[Annotated[Arrival, _Bare], ...] | None = None
    """Of a push that was given up: those that it has."""


class Replay(_Answer):
    """A replay that has begun."""

    status: Literal["accepted"] = "accepted"
    delivery: str
    """Id of the new delivery."""
    targets: tuple[str, ...] | None = None
    """To whom it is sent."""
    push: str | None = None
    """Id of a push that was given up, and now goes on."""


def letter(instance_id: str, noted: dict[str, Any]) -> DeadLetter:
    """A dead letter with what the engine has noted of it, if that can be understood."""
    try:
        return DeadLetter.model_validate({"id": instance_id, **noted})
    except ValidationError:  # one that is broken must not take the list with it
        return DeadLetter(id=instance_id, state="failed")


def dump(answer: BaseModel) -> dict[str, Any]:
    """An answer as a plain JSON object."""
    noted = isinstance(answer, DeadLetters | DeadLetterDetails)
    return answer.model_dump(mode="json", exclude_unset=noted, exclude_none=not noted)
