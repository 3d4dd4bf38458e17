"""Whether anybody exports what happens; if not, nothing is measured, and nothing imported for it.

Who exports has imported OpenTelemetry's SDK: exporting.py, the Functions worker, or a test. Asked
by HTTP functions, activities and timers only, because orchestrators are replayed; and only when the
work is done, so that an attempt of it that fails is not counted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acr_global.functions.telemetry.observer import Observer


@dataclass(frozen=True, slots=True)
class Subject:
    """What attempts tell, as log and telemetry name it."""

    word: str
    """A verdict, or GROUP."""
    since: datetime
    """When it was decided, or found."""
    push: str | None = None
    group: str | None = None


def observer() -> Observer | None:
    """Who is told of what happens; None where nobody exports it."""
    if "opentelemetry.sdk" not in sys.modules:
        return None
    from acr_global.functions.telemetry.observer import OBSERVER

    return OBSERVER
