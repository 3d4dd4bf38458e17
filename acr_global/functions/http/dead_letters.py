"""`DeadLetters`: the list of dead letters, for an operator."""

from __future__ import annotations

import azure.functions as func

from acr_global import api
from acr_global.correlation import DELIVERIES, base_and_number, numbered
from acr_global.functions.answers import respond_to_operator
from acr_global.functions.durable import names
from acr_global.functions.durable.engine import Engine, Phase, Snapshot
from acr_global.functions.durable.sdk import App
from acr_global.functions.recovery import letters
from acr_global.functions.setup import Setup
from acr_global.functions.views import paging


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.DEAD_LETTERS)
    @app.route(route="deadletters", methods=["GET"])
    @app.durable_client()
    async def dead_letters(req: func.HttpRequest, client: str) -> func.HttpResponse:
        return await respond_to_operator(
            listing(setup.tools(client).engine, req.params.get("after"))
        )


async def listing(engine: Engine, after: str | None = None) -> api.DeadLetters:
    """Dead letters as summaries, in the order of their ids; `next` says where to go on. Raises
    RejectedError where `after` was never a `next`."""
    listed = await engine.list_by_prefix(DELIVERIES, paging.take(after))
    in_order = sorted(listed.snapshots, key=lambda snapshot: base_and_number(snapshot.instance_id))
    by_message = {base_and_number(snapshot.instance_id)[0]: snapshot for snapshot in in_order}
    dead = [snapshot for snapshot in by_message.values() if letters.is_dead(snapshot)]
    if listed.next:  # a letter's replay may stand beyond the cut
        dead = [snapshot for snapshot in dead if not await _has_replay(engine, snapshot)]
    shown = tuple(
        api.letter(snapshot.instance_id, letters.summary_of(snapshot)) for snapshot in dead
    )
    return api.DeadLetters(deadletters=shown, next=paging.give(listed.next))


async def _has_replay(engine: Engine, snapshot: Snapshot) -> bool:
    base, number = base_and_number(snapshot.instance_id)
    return (await engine.look(numbered(base, number + 1))).phase is not Phase.ABSENT
