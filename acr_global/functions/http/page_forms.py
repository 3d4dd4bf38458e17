"""`PageForms`: what a form of the pages asks for."""

from __future__ import annotations

import azure.functions as func

from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup


def register(app: App, setup: Setup) -> None:
    """Add the function. The host lets everybody in; the guard does not, and wants the form to be
    one of ours."""

    @app.function_name(names.UI_PAGE_FORMS)
    @app.route(route="ui/{*page}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
    @app.durable_client()
    async def page_forms(req: func.HttpRequest, client: str) -> func.HttpResponse:
        # Imported here: at a cold start a webhook must be answered first.
        from acr_global.functions.pages import guard, pageviews

        found = guard.visitor(req, setup, client)
        if not isinstance(found, guard.Visitor):
            return found
        if req.route_params.get("page") == guard.SIGN_OUT and not found.log_out:
            return guard.sign_out(req)
        asked = pageviews.Asked(setup, setup.tools(client), found, req.params)
        return await pageviews.form(req, asked)
