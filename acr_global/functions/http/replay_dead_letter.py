"""`ReplayDeadLetter`: sends a dead letter anew, or tries a push again that was given up."""

from __future__ import annotations

import contextlib

import azure.functions as func

from acr_global import api
from acr_global.correlation import base_and_number, numbered
from acr_global.ends import undelivered
from acr_global.errors import AcrGlobalError
from acr_global.functions import clock, log
from acr_global.functions.answers import respond_to_operator
from acr_global.functions.durable import names, notifications, wire
from acr_global.functions.durable.engine import AlreadyExistsError, Engine
from acr_global.functions.durable.sdk import App
from acr_global.functions.recovery import letters
from acr_global.functions.recovery.replays import newest
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.verdicts import overtaking
from acr_global.retry import Delivery


class NotReplayableError(AcrGlobalError):
    """The newest delivery of this message is not dead."""

    status = 409
    reason = "not-a-dead-letter"


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.REPLAY_DEAD_LETTER)
    @app.route(route="deadletters/{id}/replay", methods=["POST"])
    @app.durable_client()
    async def replay_dead_letter(req: func.HttpRequest, client: str) -> func.HttpResponse:
        replayed = replay(setup.tools(client), req.route_params["id"])
        return await respond_to_operator(replayed, 202)


async def replay(tools: Tools, instance_id: str) -> api.Replay:
    """Send a dead letter's message again to the targets that did not get it. An alarm is sent even
    after the push's recovery, but not where the push recovers while it is being tried."""
    engine = tools.engine
    await letters.existing(engine, instance_id)
    base, _ = base_and_number(instance_id)
    number, snapshot = await newest(engine, base)
    if not letters.is_dead(snapshot):
        raise NotReplayableError("This message's newest delivery is not a dead letter.")
    if push := letters.push_given_up(snapshot):
        return await _try_again(engine, numbered(base, number + 1), push, snapshot.instance_id)
    given = letters.given_of(snapshot)
    targets = undelivered(letters.delivery_of(await letters.whole(engine, snapshot)))
    late = await overtaking.overtaken(tools, targets, given.subject)
    state = Delivery(
        push_id=given.delivery.push_id,
        targets=targets,
        begun_at=clock.utcnow(),
        schedule=tools.settings.retry_schedule,
    )
    again = {
        "delivery": state,
        "replay_of": snapshot.instance_id,
        "timely": None if late else True,
        "lives": None,
    }
    return await _start(engine, numbered(base, number + 1), given.model_copy(update=again))


async def _try_again(
    engine: Engine, new_id: str, push: wire.CourierInput, record: str
) -> api.Replay:
    """Give a push that was given up another life."""
    again = push.model_copy(update={"given_up": None, "rounds": 0, "by_hand": True})
    with contextlib.suppress(AlreadyExistsError):
        await engine.start(names.COURIER, new_id, again)
    log.line("replay", delivery=new_id, of=record, push=push.push_id)
    return api.Replay(delivery=new_id, push=push.push_id)


async def _start(engine: Engine, new_id: str, data: notifications.DeliveryInput) -> api.Replay:
    # Another caller may replay it at this moment: one delivery serves both.
    with contextlib.suppress(AlreadyExistsError):
        await engine.start(names.DELIVER_NOTIFICATION, new_id, data)
    targets = data.delivery.targets
    log.line("replay", delivery=new_id, of=data.replay_of, targets=list(targets))
    return api.Replay(delivery=new_id, targets=targets)
