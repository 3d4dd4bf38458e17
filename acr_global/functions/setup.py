"""What the app's functions work with: one value for the whole app, one for each invocation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from acr_global.functions import clock, log
from acr_global.functions.durable import sdk
from acr_global.functions.durable.engine import CALL_SECONDS, Engine
from acr_global.functions.durable.journal import Journal
from acr_global.functions.records.ledgers import Ledger, Ledgers
from acr_global.settings import Loaded, Settings


class Announcement:
    """Logs the problems of the settings: when the app is built, and once more at the first request,
    because the Functions host drops what is logged outside an invocation."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded, self._times_left = loaded, 2

    def __call__(self) -> None:
        """Log them, if that has not been done twice."""
        if not self._times_left:
            return
        self._times_left -= 1
        for problem in self._loaded.problems:
            log.line(
                "setting-wrong",
                level=logging.ERROR if problem.severity == "error" else logging.WARNING,
                setting=problem.setting,
                todo=problem.message,
            )
        if not self._loaded.settings.targets and not self._loaded.errors:
            log.line(
                "no-targets",
                level=logging.WARNING,
                todo="set ACR_GLOBAL_TARGETS; until then verdicts go to this log only",
            )


@dataclass(frozen=True, slots=True)
class Tools:
    """What one invocation of a function works with."""

    settings: Settings
    environ: Mapping[str, str]
    """Where secrets are looked up, by the names in the settings."""
    engine: Engine
    clock: Callable[[], datetime]
    ledger: Ledger
    """What is said of pushes is entered there."""
    credential: Any = None
    """An async Azure credential for the registry; None for the app's own identity."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the app was built with."""

    loaded: Loaded
    environ: Mapping[str, str]
    announce: Announcement
    journal: Journal
    """Where this process notes what it is working on."""
    ledgers: Ledgers
    """Where pushes are listed."""
    credential: Any = None
    warnings: dict[str, str] = field(default_factory=dict)
    """What this process has found not to work, by the setting that asks for it."""

    def tools(self, client: str, call_seconds: float = CALL_SECONDS) -> Tools:
        """What one invocation works with. `client` is the function's durable client;
        `call_seconds`: for one request to the engine."""
        host = sdk.host_of(client)
        self.journal.url = host.url
        engine = Engine(host.url, call_seconds, self.journal, host.query)
        ledger = self.ledgers(host.task_hub)
        settings = self.loaded.settings
        return Tools(settings, self.environ, engine, clock.utcnow, ledger, self.credential)
