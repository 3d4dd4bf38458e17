"""Every error of the app, with a stable reason slug and the HTTP status it suggests.

    AcrGlobalError
    ├── SettingsError        the operator's: one or more settings are wrong (503)
    ├── RejectedError        the caller's: this request can never be accepted (400, 413)
    ├── NotKeptError         ours: the engine could not take the arrival in time (503)
    ├── TargetUnknownError   the operator's: no target has the name that was asked for (404)
    └── RenderError          a message could not be rendered for a target

The slug stands in answers, log lines and docs alike and never changes; the sentence may.
"""

from __future__ import annotations

from dataclasses import dataclass


class AcrGlobalError(Exception):
    """Base of all errors raised on purpose; `message` is safe to show to the caller."""

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
    blocking: bool = True
    """False: it is named, but webhooks are accepted all the same; what waits for it waits."""


class SettingsError(AcrGlobalError):
    """One or more settings are wrong; `problems` names each of them."""

    status = 503
    reason = "settings-invalid"

    def __init__(self, problems: tuple[Problem, ...]):
        super().__init__("The app's settings are wrong; its log and /api/health name them.")
        self.problems = problems


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
