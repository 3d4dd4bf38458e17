"""Options that are times or durations, as they are typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from acr_global.cli.exits import UsageError
from acr_global.durations import MAX_DURATION, format_duration, parse_duration
from acr_global.model import as_utc
from acr_global.setting_values import LONGEST_KEEP


def seconds(option: str) -> Callable[[object], float]:
    """The reader of an option that is a duration. Its result raises UsageError."""

    def read(value: object) -> float:
        if isinstance(value, float):  # the default comes by here, too
            return value
        try:
            return parse_duration(str(value)).total_seconds()
        except ValueError:
            most = format_duration(MAX_DURATION)
            raise UsageError(
                f"{option} must be a duration of {most} at most, such as 30s or 15m"
            ) from None

    return read


def since_when(value: object) -> str:
    """A time, or how long ago it was, as the app reads it. Raises UsageError."""
    text = str(value)
    try:
        return written(datetime.now(UTC) - parse_duration(text, LONGEST_KEEP))
    except ValueError:
        pass
    try:
        return written(as_utc(datetime.fromisoformat(text)))
    except ValueError:
        said = "--since must be a time or a duration, such as 2026-05-04T10:00:00Z or 2h"
        raise UsageError(said) from None


def written(moment: datetime) -> str:
    """A moment in UTC as it goes into a query."""
    return moment.isoformat().replace("+00:00", "Z")
