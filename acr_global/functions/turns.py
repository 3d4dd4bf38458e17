"""How an orchestrator is registered: as the SDK does it, with the journal around each turn."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from acr_global.functions.journal import Journal


def register(
    app: df.DFApp,
    name: str,
    orchestrator: Callable[..., Any],
    journal: Journal | None,
    at_end: Callable[[Any], None] = lambda output: None,
) -> None:
    """Register an orchestrator under its name. `journal`: None where a turn that broke off
    need not be resumed. `at_end`: called with the output of an instance after its last turn, which
    is never replayed; again only where a crash repeats that turn."""
    take_turn: Callable[..., str] = df.Orchestrator.create(orchestrator)
    if journal:
        take_turn = _journaled(take_turn, journal, at_end)
    # As the SDK's own decorator does, which has no place for code around the orchestrator.
    trigger = app.generic_trigger(
        arg_name="context", type="orchestrationTrigger", orchestration=name
    )
    app.function_name(name)(trigger(take_turn))


def _journaled(
    take_turn: Callable[..., str], journal: Journal, at_end: Callable[[Any], None]
) -> Callable[..., str]:
    def turn(context: func.OrchestrationContext) -> str:
        body = context.body if isinstance(context, func.OrchestrationContext) else context
        instance_id = instance_in(str(body))
        with journal.turn(instance_id):
            answer = take_turn(context)
        state = json.loads(answer)
        if state["isDone"]:  # or it goes on in a history of its own
            journal.open.ended(instance_id)
            at_end(state.get("output"))
        return answer

    return turn


def instance_in(body: str) -> str:
    """The instance whose turn a request is for: the last field of that name. In the history such
    names are escaped, or spelt differently."""
    found: list[str] = re.findall(r'"instanceId": ?"([^"\\]*)"', body)
    return found[-1] if found else ""


def silence_repeats() -> None:
    """Keep the SDK from warning of duplicates: a region that has reported again, or the result of
    an activity that a crash has repeated. Both are normal here, but the SDK warns again for each
    region and process. Source: azure-functions-durable 1.7, models/
    TaskOrchestrationExecutor.py; the Functions worker leaves the filters as they are."""
    warnings.filterwarnings(
        "ignore",
        message="Potential duplicate Task completion for TaskId: ",
        category=UserWarning,
        module=r"azure\.durable_functions\.models\.TaskOrchestrationExecutor$",
    )
