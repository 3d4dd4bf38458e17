"""An answer as the host wants it."""

from __future__ import annotations

import json

import azure.functions as func

from acr_global.functions.starter import Answer


def respond(answer: Answer) -> func.HttpResponse:
    """JSON, with nothing in it but what the answer says."""
    return func.HttpResponse(
        json.dumps(answer.body), status_code=answer.status, mimetype="application/json"
    )
