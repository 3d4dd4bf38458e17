"""Settings → app: the Azure Functions shell, in which every function only resolves and calls.

Built from a mapping, so that tests build as many apps as they like. A wrong setting does not
keep the app from loading: it is logged, /api/health names it, it costs what it names, and
instances in flight go on with what they were given.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import azure.durable_functions as df
import azure.functions as func

from acr_global import api
from acr_global.functions import (
    awaking,
    carrying,
    courier,
    gathering,
    log,
    names,
    notifying,
    noting,
    operations,
    patrol,
    wire,
)
from acr_global.functions.answers import Answer, respond
from acr_global.functions.delivering import deliver_notification
from acr_global.functions.engine import Engine
from acr_global.functions.journal import Journal, folder_of
from acr_global.functions.starter import image_push
from acr_global.functions.waiting import wait_for_all_regions
from acr_global.functions.wire import JsonObject
from acr_global.settings import Loaded, load_settings

FUNCTION_KEY = func.AuthLevel.FUNCTION


def build_deployed(environ: Mapping[str, str]) -> df.DFApp:
    """The app as a process of its own, which sees to what the one before it died in, and notes
    what others are to see to should its machine be gone."""
    folder = folder_of(Path.cwd(), environ.get("AzureWebJobsStorage", ""))
    journal = Journal(folder)
    awaking.awake(journal, folder)
    noting.keep_noting(journal)
    return build_app(environ, journal=journal)


def build_app(
    environ: Mapping[str, str], credential: Any = None, journal: Journal | None = None
) -> df.DFApp:
    """The whole app, from its settings.

    `credential` is what it shows the registry when it asks for evidence: an async Azure
    credential; None for the app's own identity (in Azure a managed one). `journal`: what it is
    about is noted there; None for one that only remembers.
    """
    silence_repeats()
    loaded, journal = load_settings(environ), journal or Journal()
    announce = Announcement(loaded)
    announce()
    app = df.DFApp(http_auth_level=FUNCTION_KEY)
    for blueprint in (
        http_blueprint(loaded, announce, journal),
        orchestrators_blueprint(journal),
        activities_blueprint(loaded, environ, journal, credential),
        timers_blueprint(),
        operations.blueprint(loaded.settings, environ),
    ):
        app.register_functions(blueprint)
    return app


def silence_repeats() -> None:
    """Keep the SDK from warning of what has come twice: a region that has reported again, or the
    result of an activity that a crash has repeated. Both are daily life here, and the SDK says it
    anew for each region and process. Source: azure-functions-durable 1.7, models/
    TaskOrchestrationExecutor.py; the Functions worker leaves the filters as they are."""
    warnings.filterwarnings(
        "ignore",
        message="Potential duplicate Task completion for TaskId: ",
        category=UserWarning,
        module=r"azure\.durable_functions\.models\.TaskOrchestrationExecutor$",
    )


class Announcement:
    """Says what is wrong with the settings: when the app is built, and once more at the first
    request, because the Functions host drops what is logged outside an invocation."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded, self._times_left = loaded, 2

    def __call__(self) -> None:
        """Say it, if it has not been said often enough."""
        if not self._times_left:
            return
        self._times_left -= 1
        for problem in self._loaded.problems:
            log.line(
                "setting-wrong",
                level=logging.ERROR if problem.severity == "error" else logging.WARNING,
                setting=problem.setting,
                todo=problem.message,
            )
        if not self._loaded.settings.targets and not self._loaded.errors:
            log.line(
                "no-targets",
                level=logging.WARNING,
                todo="set ACR_GLOBAL_TARGETS; until then verdicts go to this log only",
            )


def http_blueprint(loaded: Loaded, announce: Callable[[], None], journal: Journal) -> df.Blueprint:
    """The webhook and the health check."""
    blueprint = df.Blueprint()

    @blueprint.function_name(names.IMAGE_PUSH)
    @blueprint.route(route="ImagePush", methods=["POST"], auth_level=FUNCTION_KEY)
    @blueprint.durable_client_input(client_name="client")
    async def image_push_http(req: func.HttpRequest, client: str) -> func.HttpResponse:
        """One region's webhook."""
        announce()
        engine = Engine.of(client, journal=journal)
        return respond(await image_push(loaded, engine, req.params, req.get_body()))

    @blueprint.function_name(names.HEALTH)
    @blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    async def health_http(req: func.HttpRequest) -> func.HttpResponse:
        """How the settings are."""
        announce()
        return respond(_health(loaded))

    return blueprint


def _health(loaded: Loaded) -> Answer:
    """The settings that are wrong: names and reasons, no values. 503 only where every webhook is
    refused: a platform takes what answers so out of service."""
    problems = tuple(
        api.WrongSetting(setting=p.setting, severity=p.severity, reason=p.message)
        for p in loaded.problems
    )
    if not loaded.settings.all_regions():
        return Answer(503, api.Health(status="error", problems=problems))
    status: Literal["degraded", "ok"] = "degraded" if loaded.errors else "ok"
    return Answer(200, api.Health(status=status, problems=problems))


def orchestrators_blueprint(journal: Journal) -> df.Blueprint:
    """The orchestrators, each one line over an undecorated function."""
    blueprint = df.Blueprint()
    for name, take_turn in (
        (names.WAIT_FOR_ALL_REGIONS, _journaled(wait_for_all_regions, journal)),
        (names.COURIER, _journaled(courier.carry, journal)),
        (names.DELIVER_NOTIFICATION, _journaled(deliver_notification, journal)),
        # A note that broke off says what it says.
        (names.NOTE_OPEN, df.Orchestrator.create(noting.note_open)),
    ):
        # What the SDK's own decorator does, with the journal around each turn.
        trigger = blueprint.generic_trigger(
            arg_name="context", type="orchestrationTrigger", orchestration=name
        )
        blueprint.function_name(name)(trigger(take_turn))
    return blueprint


def _journaled(orchestrator: Callable[..., Any], journal: Journal) -> Callable[..., str]:
    take_turn: Callable[[Any], str] = df.Orchestrator.create(orchestrator)

    def turn(context: func.OrchestrationContext) -> str:
        body = context.body if isinstance(context, func.OrchestrationContext) else context
        instance_id = instance_in(str(body))
        with journal.turn(instance_id):
            answer = take_turn(context)
        if json.loads(answer)["isDone"]:  # or it goes on in a history of its own
            journal.open.ended(instance_id)
        return answer

    return turn


def instance_in(body: str) -> str:
    """The instance whose turn a request is for: its last field of that name. In the history,
    where names stand too, they are escaped or of another spelling."""
    found: list[str] = re.findall(r'"instanceId": ?"([^"\\]*)"', body)
    return found[-1] if found else ""


def activities_blueprint(
    loaded: Loaded, environ: Mapping[str, str], journal: Journal, credential: Any = None
) -> df.Blueprint:
    """The activities: read the input, resolve, call, write the result."""
    blueprint, settings = df.Blueprint(), loaded.settings

    @blueprint.function_name(names.FIRE_PUSH_NOTIFICATION)
    @blueprint.activity_trigger(input_name="work", activity=names.FIRE_PUSH_NOTIFICATION)
    @blueprint.durable_client_input(client_name="client")
    async def fire_push_notification(work: JsonObject, client: str) -> JsonObject:
        given = wire.load(wire.NotifyInput, work)
        return wire.dump(
            await notifying.fire(settings, environ, Engine.of(client, journal=journal), given)
        )

    @blueprint.function_name(names.HAND_OVER_DELIVERY)
    @blueprint.activity_trigger(input_name="work", activity=names.HAND_OVER_DELIVERY)
    @blueprint.durable_client_input(client_name="client")
    async def hand_over_delivery(work: JsonObject, client: str) -> str:
        return await notifying.hand_over(
            Engine.of(client, journal=journal), wire.load(wire.DeliveryInput, work)
        )

    @blueprint.function_name(names.ATTEMPT_DELIVERY)
    @blueprint.activity_trigger(input_name="work", activity=names.ATTEMPT_DELIVERY)
    @blueprint.durable_client_input(client_name="client")
    async def attempt_delivery(work: JsonObject, client: str) -> JsonObject:
        given = wire.load(wire.AttemptInput, work)
        return wire.dump(
            await notifying.attempt_round(
                settings, environ, Engine.of(client, journal=journal), given
            )
        )

    @blueprint.function_name(names.GATHER_EVIDENCE)
    @blueprint.activity_trigger(input_name="work", activity=names.GATHER_EVIDENCE)
    @blueprint.durable_client_input(client_name="client")
    async def gather_evidence(work: JsonObject, client: str) -> JsonObject:
        given = wire.load(wire.LookInput, work)
        engine = Engine.of(client, gathering.CALL_SECONDS, journal)
        return wire.dump(await gathering.gather(settings, environ, engine, given, credential))

    @blueprint.function_name(names.CARRY_ARRIVAL)
    @blueprint.activity_trigger(input_name="work", activity=names.CARRY_ARRIVAL)
    @blueprint.durable_client_input(client_name="client")
    async def carry_arrival(work: JsonObject, client: str) -> str:
        return await carrying.carry(
            Engine.of(client, journal=journal), wire.load(wire.CourierInput, work)
        )

    return blueprint


def timers_blueprint() -> df.Blueprint:
    """The timer function."""
    blueprint, rounds = df.Blueprint(), patrol.Patrol()

    @blueprint.function_name(names.REVIVE_INTERRUPTED)
    @blueprint.timer_trigger(
        arg_name="timer",
        schedule=patrol.SCHEDULE,
        run_on_startup=False,
        use_monitor=True,  # a run that was missed while no host was up is caught up
    )
    @blueprint.durable_client_input(client_name="client")
    async def revive_interrupted(timer: func.TimerRequest, client: str) -> None:
        await rounds.run(Engine.of(client, patrol.CALL_SECONDS))

    return blueprint
