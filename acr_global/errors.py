"""The errors that several files share, each with a stable reason slug and the HTTP status that it
suggests. An error that one file raises is defined there.

    AcrGlobalError
    ├── SettingsError        the operator's: a setting hides a registry's regions (503)
    ├── RejectedError        the caller's: this request can never be accepted (400, 413)
    ├── NotKeptError         ours: the engine could not take the arrival in time (503)
    ├── TargetUnknownError   the operator's: no target has the name that was asked for (404)
    └── RenderError          a message could not be rendered for a target

The slug stands in answers, log lines and docs alike and never changes; the sentence may.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


class AcrGlobalError(Exception):
    """Base of the errors whose `message` is safe to show to the caller."""

    status = 500
    reason = "internal"

    def __init__(self, message: str, *, reason: str | None = None, status: int | None = None):
        super().__init__(message)
        self.message = message
        self.reason = reason or self.reason
        self.status = status or self.status


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong setting: its name and what to do, never its value."""

    setting: str
    message: str
    severity: Literal["error", "warning"] = "error"
    """With a warning, every setting is in force as far as is known."""


class SettingsError(AcrGlobalError):
    """The regions of this registry cannot be known: the setting that gives them is wrong, or the
    event names no registry and no setting applies without one."""

    status = 503
    reason = "settings-invalid"

    def __init__(self, *, registry: bool = True) -> None:
        super().__init__(
            "Which regions this registry has cannot be known, because a setting is wrong; the "
            "app's log and /api/health name it."
            if registry
            else "The event names no registry that can be read: put &registry=HOST into the "
            "webhook's URL, or set ACR_GLOBAL_REGIONS."
        )


class RejectedError(AcrGlobalError):
    """The request is wrong in itself; sending it again would not help."""

    status = 400
    reason = "bad-request"


class NotKeptError(AcrGlobalError):
    """The engine took the arrival in none of the three safe places within the budget."""

    status = 503
    reason = "engine-unavailable"


class TargetUnknownError(AcrGlobalError):
    """No usable target in the settings has this name."""

    status = 404
    reason = "target-unknown"


class RenderError(AcrGlobalError):
    """A target's request cannot be made: a secret is not set, a template is wrong."""

    reason = "target-misconfigured"
