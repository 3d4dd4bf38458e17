"""What goes back to a caller: a status, and JSON with nothing in it but what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from acr_global.errors import AcrGlobalError


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body of one answer."""

    status: int
    body: dict[str, Any]


def error_answer(error: AcrGlobalError) -> Answer:
    """An error as the caller sees it: a reason slug and one plain sentence."""
    return Answer(
        error.status, {"status": "error", "reason": error.reason, "message": error.message}
    )


def respond(answer: Answer) -> func.HttpResponse:
    """An answer as the host wants it."""
    return func.HttpResponse(
        json.dumps(answer.body), status_code=answer.status, mimetype="application/json"
    )
