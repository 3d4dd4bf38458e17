"""HTTP functions for operators: dead letters, and a trial message to one target."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping

import azure.durable_functions as df
import azure.functions as func
from pydantic import BaseModel

from acr_global.errors import AcrGlobalError, TargetUnknownError
from acr_global.functions import clock, deadletters, log, names
from acr_global.functions.answers import Answer, error_answer, respond
from acr_global.functions.engine import Engine, EngineError
from acr_global.model import Attempt
from acr_global.notify import trial
from acr_global.settings import Settings


class EngineUnavailableError(AcrGlobalError):
    """The engine did not answer an operator's question."""

    status = 503
    reason = "engine-unavailable"


async def _answer(result: Awaitable[BaseModel], status: int = 200) -> func.HttpResponse:
    try:
        return respond(Answer(status, await result))
    except AcrGlobalError as error:
        return respond(error_answer(error))
    except EngineError as error:
        log.line("engine-unavailable", level=logging.WARNING, cause=str(error))
        return respond(error_answer(EngineUnavailableError("The app's storage did not answer.")))


async def try_target(settings: Settings, environ: Mapping[str, str], name: str) -> Attempt:
    """Send one marked test message, and say what came back."""
    target = next((t for t in settings.targets if t.name == name), None)
    if target is None:
        raise TargetUnknownError("No target has this name; see ACR_GLOBAL_TARGETS.")
    return await trial.try_target(target, environ, clock.utcnow, settings.regions)


def blueprint(settings: Settings, environ: Mapping[str, str]) -> df.Blueprint:
    """All of them ask for a function key."""
    blueprint = df.Blueprint(http_auth_level=func.AuthLevel.FUNCTION)

    @blueprint.function_name(names.DEAD_LETTERS)
    @blueprint.route(route="deadletters", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def dead_letters(req: func.HttpRequest, client: str) -> func.HttpResponse:
        after = req.params.get("after")
        return await _answer(deadletters.listing(Engine.of(client), after))

    @blueprint.function_name(names.DEAD_LETTER)
    @blueprint.route(route="deadletters/{id}", methods=["GET"])
    @blueprint.durable_client_input(client_name="client")
    async def dead_letter(req: func.HttpRequest, client: str) -> func.HttpResponse:
        instance_id = req.route_params["id"]
        return await _answer(deadletters.show(Engine.of(client), instance_id))

    @blueprint.function_name(names.REPLAY_DEAD_LETTER)
    @blueprint.route(route="deadletters/{id}/replay", methods=["POST"])
    @blueprint.durable_client_input(client_name="client")
    async def replay_dead_letter(req: func.HttpRequest, client: str) -> func.HttpResponse:
        instance_id = req.route_params["id"]
        return await _answer(deadletters.replay(settings, Engine.of(client), instance_id), 202)

    @blueprint.function_name(names.TRY_TARGET)
    @blueprint.route(route="targets/{name}/test", methods=["POST"])
    async def try_target_http(req: func.HttpRequest) -> func.HttpResponse:
        return await _answer(try_target(settings, environ, req.route_params["name"]))

    return blueprint
