"""`SignIn`: gives a session to whoever shows a key.

The host asks for the key, as on every route of the API, and compares it; what comes here has shown
a valid one. So the app needs to know no key, and to ask nobody. The route is not among those of the
pages: of two that fit an address, the host takes the one whose function comes first in the alphabet
(azure-functions-host#9876).
"""

from __future__ import annotations

import azure.functions as func

from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup


def register(app: App, setup: Setup) -> None:
    """Add the function; not where App Service signs in, so that there is one way."""
    if setup.loaded.settings.ui != "key":
        return

    @app.function_name(names.UI_SIGN_IN)
    @app.route(route="ui-signin", methods=["POST"])
    @app.durable_client()
    async def sign_in(req: func.HttpRequest, client: str) -> func.HttpResponse:
        # Imported here: at a cold start a webhook must be answered first.
        from acr_global.functions.pages import guard

        return guard.sign_in(req, client)
