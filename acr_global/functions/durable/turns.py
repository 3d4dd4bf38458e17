"""How an orchestrator is registered: as the SDK does it, with the journal around each turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import azure.functions as func

from acr_global.functions.durable import sdk
from acr_global.functions.durable.journal import Journal


def register(
    app: sdk.App,
    name: str,
    orchestrator: Callable[..., Any],
    journal: Journal | None,
    at_end: Callable[[Any], None] = lambda output: None,
) -> None:
    """Register an orchestrator under its name. `journal`: None where a turn that broke off
    need not be resumed. `at_end`: called with the output of an instance after its last turn, which
    is never replayed; again only where a crash repeats that turn."""
    take_turn: Callable[..., str] = sdk.turns_of(orchestrator)
    if journal:
        take_turn = _journaled(take_turn, journal, at_end)
    app.function_name(name)(app.orchestrator(name)(take_turn))


def _journaled(
    take_turn: Callable[..., str], journal: Journal, at_end: Callable[[Any], None]
) -> Callable[..., str]:
    def turn(context: func.OrchestrationContext) -> str:
        instance_id = sdk.instance_in(sdk.body_of(context))
        with journal.turn(instance_id):
            answer = take_turn(context)
        if end := sdk.end_in(answer):
            journal.ended(instance_id)
            at_end(end.output)
        return answer

    return turn
