"""The app's clock; tests put the host's virtual one in its place."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The present moment, timezone-aware."""
    return datetime.now(UTC)
