"""Answers to callers: a status, and JSON of an API model and nothing else."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable
from dataclasses import dataclass

import azure.functions as func
from pydantic import BaseModel

from acr_global import api
from acr_global.errors import AcrGlobalError
from acr_global.functions import log
from acr_global.functions.durable.engine import EngineError


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of one answer."""

    status: int
    body: BaseModel
    """A model of api.py."""


def error_answer(error: AcrGlobalError) -> Answer:
    """An error as the caller sees it: a reason slug and one plain sentence."""
    return Answer(error.status, api.Error(reason=error.reason, message=error.message))


def respond(answer: Answer) -> func.HttpResponse:
    """An answer as the host wants it."""
    return func.HttpResponse(
        json.dumps(api.dump(answer.body)), status_code=answer.status, mimetype="application/json"
    )


class EngineUnavailableError(AcrGlobalError):
    """The engine did not answer an operator's question."""

    status = 503
    reason = "engine-unavailable"


async def respond_to_operator(result: Awaitable[BaseModel], status: int = 200) -> func.HttpResponse:
    """The result that an operator asked for, with this status; or the error."""
    try:
        return respond(Answer(status, await result))
    except AcrGlobalError as error:
        return respond(error_answer(error))
    except EngineError as error:
        log.line("engine-unavailable", level=logging.WARNING, cause=str(error))
        return respond(error_answer(EngineUnavailableError("The app's storage did not answer.")))
