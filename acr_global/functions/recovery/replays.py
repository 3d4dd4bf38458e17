"""The deliveries of one message: the first, and those that followed it as `~1`, `~2`, …

A further one is an operator's replay, or follows the delivery of an earlier push of the same id.
Only the newest delivery of a message counts. Purging by age takes the oldest first, so the newest
is found wherever the numbers begin.
"""

from __future__ import annotations

from acr_global.correlation import base_and_number, numbered
from acr_global.functions.durable.engine import Engine, Phase, Snapshot


async def newest(engine: Engine, base: str) -> tuple[int, Snapshot]:
    """The newest delivery, with its input, and its number: 0 for the first of all, -1 (and
    absent) if there is none."""
    listed = await engine.list_by_prefix(f"{base}~")
    number = max(
        (base_and_number(snapshot.instance_id)[1] for snapshot in listed.snapshots), default=0
    )
    snapshot = await engine.look(numbered(base, number), show_input=True)
    return (-1 if snapshot.phase is Phase.ABSENT else number), snapshot
