"""`DeadLetter`: one dead letter with all its attempts, for an operator."""

from __future__ import annotations

import azure.functions as func

from acr_global import api
from acr_global.functions.answers import respond_to_operator
from acr_global.functions.durable import names
from acr_global.functions.durable.engine import Engine
from acr_global.functions.durable.sdk import App
from acr_global.functions.orchestrators.deliver_notification import summary
from acr_global.functions.recovery import letters
from acr_global.functions.setup import Setup


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.DEAD_LETTER)
    @app.route(route="deadletters/{id}", methods=["GET"])
    @app.durable_client()
    async def dead_letter(req: func.HttpRequest, client: str) -> func.HttpResponse:
        return await respond_to_operator(show(setup.tools(client).engine, req.route_params["id"]))


async def show(engine: Engine, instance_id: str) -> api.DeadLetterDetails:
    """One delivery, with each attempt's time and reason."""
    snapshot = await letters.existing(engine, instance_id)
    if push := letters.push_given_up(snapshot):
        fields = {**letters.summary_of(snapshot), "arrivals": push.arrivals, "attempts": ()}
        return api.DeadLetterDetails(id=instance_id, **fields)
    given = letters.given_of(snapshot)
    # The status names only the first of many targets.
    fields = letters.summary_of(snapshot)
    if ended := letters.output_of(snapshot):
        fields = summary(given, ended.delivery, ended.state)
    fields["attempts"] = letters.delivery_of(await letters.whole(engine, snapshot)).attempts
    fields["group_message" if given.report else "message"] = given.subject
    return api.DeadLetterDetails(id=instance_id, **fields)
