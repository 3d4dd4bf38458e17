"""What goes back to a caller: a status, and JSON with nothing in it but what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass

import azure.functions as func
from pydantic import BaseModel

from acr_global import api
from acr_global.errors import AcrGlobalError


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of one answer."""

    status: int
    body: BaseModel
    """One of api."""


def error_answer(error: AcrGlobalError) -> Answer:
    """An error as the caller sees it: a reason slug and one plain sentence."""
    return Answer(error.status, api.Error(reason=error.reason, message=error.message))


def respond(answer: Answer) -> func.HttpResponse:
    """An answer as the host wants it."""
    return func.HttpResponse(
        json.dumps(api.dump(answer.body)), status_code=answer.status, mimetype="application/json"
    )
