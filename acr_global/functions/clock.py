"""The app's clock; tests put the host's virtual one in its place."""

import uuid
from datetime import UTC, datetime

from acr_global.model import as_utc


def utcnow() -> datetime:
    """The present moment, timezone-aware."""
    return datetime.now(UTC)


def moment(text: object) -> datetime | None:
    """A moment as the engine writes it; None where there is none, or none that can be read. Each
    is compared with others, so one without a zone is in UTC, as all of the engine's are."""
    try:
        return as_utc(datetime.fromisoformat(text)) if isinstance(text, str) else None
    except ValueError:
        return None


def stamped(prefix: str) -> str:
    """A new id. Those of one prefix are in the order of their age as long as seconds have ten
    digits: until 2286."""
    return f"{prefix}{int(utcnow().timestamp())}.{uuid.uuid4().hex[:12]}"
