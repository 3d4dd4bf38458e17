"""`Pages`: every page below /api/ui, for an operator's browser."""

from __future__ import annotations

import azure.functions as func

from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup


def register(app: App, setup: Setup) -> None:
    """Add the function. The host lets everybody in; the guard does not."""

    @app.function_name(names.UI_PAGES)
    @app.route(route="ui/{*page}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    @app.durable_client()
    async def pages(req: func.HttpRequest, client: str) -> func.HttpResponse:
        # Imported here: at a cold start a webhook must be answered first.
        from acr_global.functions.pages import guard, pageviews

        found = guard.visitor(req, setup, client)
        if not isinstance(found, guard.Visitor):
            return found
        asked = pageviews.Asked(setup, setup.tools(client), found, req.params)
        return await pageviews.page(req, asked)
