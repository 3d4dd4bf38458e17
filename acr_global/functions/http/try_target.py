"""`TryTarget`: a trial message to one target, for an operator."""

from __future__ import annotations

import azure.functions as func

from acr_global.errors import TargetUnknownError
from acr_global.functions import clock
from acr_global.functions.answers import respond_to_operator
from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup
from acr_global.model import Attempt


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.TRY_TARGET)
    @app.route(route="targets/{name}/test", methods=["POST"])
    async def try_target(req: func.HttpRequest) -> func.HttpResponse:
        return await respond_to_operator(send_to(setup, req.route_params["name"]))


async def send_to(setup: Setup, name: str) -> Attempt:
    """Send one marked test message; returns the attempt."""
    settings = setup.loaded.settings
    target = next((t for t in settings.targets if t.name == name), None)
    if target is None:
        raise TargetUnknownError("No target has this name; see ACR_GLOBAL_TARGETS.")
    # Imported here: at a cold start a webhook must be answered first, within 5 s.
    from acr_global.notify import trial

    return await trial.try_target(target, setup.environ, clock.utcnow, settings.regions)
