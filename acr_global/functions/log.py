"""One structured line per thing that happened: a stable event name, then JSON."""

from __future__ import annotations

import json
import logging
from typing import Any

_LOGGER = logging.getLogger("acr_global")


def line(name: str, /, *, level: int = logging.INFO, **fields: Any) -> None:
    """Log one event. Values are plain data; never a secret, a URL or a header."""
    present = {k: v for k, v in fields.items() if v not in (None, "", [], ())}
    _LOGGER.log(level, "%s %s", name, json.dumps(present, default=str, ensure_ascii=True))
