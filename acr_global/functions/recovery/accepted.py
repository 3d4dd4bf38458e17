"""What the processes of this machine have accepted of a push, by their journals.

An event that a host had in hand when it died is hidden by the engine's queue for the visibility
timeout. A deadline that falls into that minute would be told as an alarm that names a region whose
webhook was answered 202. So the look before an alarm asks here, too. It costs no request; a machine
that is gone has taken its journals with it.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from acr_global.functions.durable import wire
from acr_global.functions.recovery.orphans import SEEN, journals, lines_of
from acr_global.model import Arrival


def accepted(folder: Path | None, push_id: str) -> tuple[Arrival, ...]:
    """The arrivals that were raised as events here, as far back as journals go: oldest first in
    each. Reads files; raises nothing."""
    if folder is None:
        return ()
    found: list[Arrival] = []
    for path in (*journals(folder / SEEN), *journals(folder)):
        for _, kind, *what in lines_of(path, json.dumps(push_id).encode()):
            if kind == "event" and what[0] == push_id:
                with contextlib.suppress(ValueError, IndexError):
                    found.append(wire.load(Arrival, what[1]))
    return tuple(found)
