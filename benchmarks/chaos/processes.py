"""The app's processes on devhost, one after another, each with what the one before has noted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from acr_global.functions.app import build_app
from acr_global.functions.durable.journal import Journal, OpenList
from acr_global.functions.records.ledgers import in_memory
from acr_global.functions.recovery.orphans import MEMORY_SECONDS, Orphan
from acr_global.model import Arrival
from acr_global_rig.registry import REGIONS
from devhost.clock import utcnow
from tests.registry.fakes import FakeCredential

SETTINGS: Mapping[str, tuple[tuple[str, ...], float]] = {
    "usual": (REGIONS, 600.0),
    "hasty": (REGIONS, 300.0),
    "fewer": (REGIONS[:2], 480.0),
}
"""What is deployed: regions, and the deadline in seconds."""


class Notes(Journal):
    """What one process notes, kept in virtual time, and handed to the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.open = OpenList(lambda: utcnow().timestamp())
        self.events: list[tuple[str, Arrival]] = []
        self.started_at: dict[str, float] = {}

    def accepted(self, push_id: str, arrival: Arrival) -> None:
        super().accepted(push_id, arrival)
        self.events.append((push_id, arrival))

    def starts(self, push_id: str) -> None:
        super().starts(push_id)
        self.started_at[push_id] = utcnow().timestamp()

    def orphan(self, failed: set[str]) -> Orphan:
        """What the next process finds; `failed`: the instances whose turns broke off."""
        since = utcnow() - timedelta(seconds=MEMORY_SECONDS)
        orphan = Orphan((), turns=failed)
        orphan.starts = {p for p, at in self.started_at.items() if at >= since.timestamp()}
        for push_id, arrival in self.events:
            if arrival.received_at >= since:
                orphan.arrivals.setdefault(push_id, []).append(arrival)
        return orphan


class Processes:
    """One process of the app after another, each of what is deployed then."""

    def __init__(self) -> None:
        self._environ: dict[str, str] = {}
        self._ledgers = in_memory()
        self.notes = Notes()

    def __call__(self, environ: dict[str, str]) -> Any:
        """The first one."""
        self._environ = environ
        return self.next()

    def next(self, deployed: str | None = None) -> Any:
        """Another, perhaps with other settings."""
        if deployed:
            regions, timeout = SETTINGS[deployed]
            self._environ["ACR_GLOBAL_REGIONS"] = ",".join(regions)
            self._environ["ACR_GLOBAL_TIMEOUT"] = f"{timeout:.0f}s"
        self.notes = Notes()
        return build_app(
            self._environ,
            FakeCredential(),
            journal=self.notes,
            ledgers=self._ledgers,
        )
