"""`PageAssets`: the pages' stylesheet, script and symbol. They are the same for everybody, and the
page to sign in with needs them, so nobody is asked who he is."""

from __future__ import annotations

import azure.functions as func

from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.UI_PAGE_ASSETS)
    @app.route(route="ui-assets/{name}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    async def page_assets(req: func.HttpRequest) -> func.HttpResponse:
        from acr_global.functions.pages import browsers
        from acr_global.ui import assets

        found = assets.find(req.route_params["name"])
        if found is None:
            return func.HttpResponse(status_code=404, headers=browsers.HEADERS)
        return browsers.file(found.body, found.kind, keep=req.params.get("v") == found.mark)
