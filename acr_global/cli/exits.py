"""How a command ends: the one table of exit codes, and the errors that have one of their own."""

from __future__ import annotations

from enum import IntEnum

from acr_global.errors import AcrGlobalError


class Exit(IntEnum):
    """The exit codes of commands. Scripts rely on them, so a number never changes."""

    FINE = 0
    PROBLEMS = 1
    USAGE = 2
    NOT_YET = 3
    NOT_ASKED = 4
    INTERRUPTED = 130
    """128 + SIGINT, as in shells."""
    UNHEARD = 141
    """128 + SIGPIPE, as in shells."""


MEANINGS = {
    Exit.FINE: "fine",
    Exit.PROBLEMS: "problems found, or refused; also where stdout is full or closed",
    Exit.USAGE: "not typed as it must be, no key where one was promised, or a package is missing",
    Exit.NOT_YET: "not known by then: the time to wait for it is over",
    Exit.NOT_ASKED: "could not ask: the app, or Azure, was not reached, or failed (5xx, 429)",
    Exit.INTERRUPTED: "interrupted by Ctrl+C",
    Exit.UNHEARD: "nobody reads stdout any more, as behind `head -1`: nothing is said",
}
"""For the help and the docs."""


class CommandError(AcrGlobalError):
    """A command ends with one line on stderr, and with the code of its kind."""

    exit = Exit.PROBLEMS


class UsageError(CommandError):
    """The command or its key was not given as it must be."""

    status = 400
    reason = "usage"
    exit = Exit.USAGE


class AppError(CommandError):
    """The app did not do what it was asked for."""

    reason = "app-failed"


class NotAskedError(AppError):
    """Nobody could be asked; a later try may succeed."""

    exit = Exit.NOT_ASKED
    retry_after: float | None = None
    """Seconds after which to ask again, where that was said."""


class UnreachableError(NotAskedError):
    """The app gave no answer at all."""

    reason = "app-unreachable"
