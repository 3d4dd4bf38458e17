"""Examples of what the engine stores."""

from __future__ import annotations

from datetime import UTC, datetime

from acr_global.functions.durable import wire

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def status(regions: int, event_id: str = "e" * 36) -> wire.PushStatus:
    """A status with arrivals of so many regions."""
    return wire.PushStatus(
        state="complete",
        decided=True,
        until=NOW,
        missing=(),
        reports={f"southeastasia{n}": (event_id, NOW) for n in range(regions)},
    )
