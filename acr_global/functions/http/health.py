"""`Health`: whether the settings are right.

HEAD, with which monitors ask, is not answered by the host for what takes GET alone. Source:
azure-functions-host#11625.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import azure.functions as func

from acr_global import api
from acr_global.functions.answers import Answer, respond
from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup
from acr_global.settings import Loaded


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.HEALTH)
    @app.route(route="health", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
    async def health(req: func.HttpRequest) -> func.HttpResponse:
        setup.announce()
        return respond(health_of(setup.loaded, setup.warnings))


def health_of(loaded: Loaded, warnings: Mapping[str, str]) -> Answer:
    """Whether the settings are right. 503 only where every webhook is refused, because a platform
    takes such an instance out of service. `warnings`: findings of this process, by setting."""
    problems = problems_of(loaded) + tuple(
        api.WrongSetting(setting=setting, severity="warning", reason=message)
        for setting, message in warnings.items()
    )
    if not loaded.settings.all_regions():
        return Answer(503, api.Health(status="error", problems=problems))
    status: Literal["degraded", "ok"] = "degraded" if loaded.errors else "ok"
    return Answer(200, api.Health(status=status, problems=problems))


def problems_of(loaded: Loaded) -> tuple[api.WrongSetting, ...]:
    """The settings that are wrong: names and reasons, no values."""
    return tuple(
        api.WrongSetting(setting=p.setting, severity=p.severity, reason=p.message)
        for p in loaded.problems
    )
