"""Dead letters, and pushes that were given up, as their pages show them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from acr_global.api import DeadLetter, DeadLetterDetails, DeadLetters
from acr_global.ui import push, states, texts


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter."""

    id: str
    href: str
    retry_href: str
    look: states.Look
    said: str | None
    """What the message says."""
    name: str
    push: str | None
    push_href: str | None
    dead: tuple[str, ...]
    dead_more: int
    attempts: int | None
    cause: str | None
    retry: str
    """What a retry does."""


@dataclass(frozen=True, slots=True)
class LetterList:
    """The page of all."""

    letters: tuple[Letter, ...]
    more: str | None
    newest: str | None
    """The list's beginning, where this is a later page."""


@dataclass(frozen=True, slots=True)
class LetterPage:
    """The page of one."""

    letter: Letter
    attempts: tuple[push.Told, ...]
    settled: bool
    """Whether there is nothing to retry."""


def page(found: DeadLetters, after: str | None) -> LetterList:
    """The page of all."""
    return LetterList(
        letters=tuple(map(letter, found.deadletters)),
        more=texts.path("deadletters", after=found.next) if found.next else None,
        newest=texts.path("deadletters") if after else None,
    )


def details(found: DeadLetterDetails) -> LetterPage:
    """The page of one."""
    return LetterPage(
        letter=letter(found),
        attempts=tuple(map(push.told, found.attempts)),
        settled=states.of_delivery(found.state).tone != "bad",
    )


def letter(found: DeadLetter | DeadLetterDetails) -> Letter:
    """One dead letter."""
    dead, given_up = found.dead or (), found.state == "given-up"
    attempts = found.attempts if isinstance(found, DeadLetter) else len(found.attempts)
    whom = texts.names(dead) or "those who did not get it"
    return Letter(
        id=found.id,
        href=texts.path("deadletters", found.id),
        retry_href=texts.path("deadletters", found.id, "replay"),
        look=states.of_delivery(found.state),
        said=_said(found),
        name=found.reference or (f"group {found.group}" if found.group else "(not known)"),
        push=found.push,
        push_href=texts.path("pushes", found.push) if found.push else None,
        dead=dead,
        dead_more=found.dead_more or 0,
        attempts=attempts,
        cause=found.cause,
        retry="The push goes on with all that was known of it."
        if given_up
        else f"The message is sent again to {whom}; its id stays the same.",
    )


def _said(found: DeadLetter | DeadLetterDetails) -> str | None:
    verdict = states.of_verdict(found.verdict)
    if verdict:
        return f"that it is {verdict.word}"
    return f"that these pushes are {found.report}" if found.report else None
