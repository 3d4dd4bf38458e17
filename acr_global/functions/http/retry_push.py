"""`RetryPush`: tries again what was given up of a push, for an operator."""

from __future__ import annotations

import azure.functions as func

from acr_global import api
from acr_global.errors import AcrGlobalError
from acr_global.functions.answers import respond_to_operator
from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.http.replay_dead_letter import replay
from acr_global.functions.setup import Setup, Tools


class NothingGivenUpError(AcrGlobalError):
    """The push goes on by itself, or everything is delivered."""

    status = 409
    reason = "nothing-given-up"


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.RETRY_PUSH)
    @app.route(route="pushes/{id}/retry", methods=["POST"])
    @app.durable_client()
    async def retry_push(req: func.HttpRequest, client: str) -> func.HttpResponse:
        retried = retry(setup.tools(client), req.route_params["id"])
        return await respond_to_operator(retried, 202)


async def retry(tools: Tools, push_id: str) -> api.Retry:
    """Replay its dead letters; a push that was given up goes on."""
    from acr_global.functions.views import pushlooks

    looked = await pushlooks.look(tools.engine, push_id)
    letters = pushlooks.given_up(looked)
    if not letters:
        raise NothingGivenUpError(
            "Nothing of this push was given up, or its message is still tried for other targets."
        )
    replays = [await replay(tools, letter) for letter in letters]
    return api.Retry(push=looked.seen.push.push_id, replays=tuple(replays))
