"""`ProbeFunctions`, an orchestrator that an operator's question starts: calls each activity once,
one after the other, with nothing to do.

A host can go on without a function that it cannot bind or that is disabled; from outside one then
sees only pushes without notifications. Its custom status, a `ProbeStatus`, says where it is,
because the call of a missing function may never come back.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Literal

from acr_global.functions.durable import names, turns, wire
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup
from acr_global.model import Frozen

if TYPE_CHECKING:
    import azure.durable_functions as df


class ProbeInput(Frozen):
    """Input of `ProbeFunctions`."""

    v: Literal[1] = 1
    activities: tuple[str, ...]


class ProbeStatus(Frozen):
    """Custom status of `ProbeFunctions`."""

    v: Literal[1] = 1
    at: str | None = None
    """The activity that is awaited; None once all have come back."""
    failed: tuple[str, ...] = ()
    """Those that could not be called, or ended in an error."""


def register(app: App, setup: Setup) -> None:
    """Add the function. Not journaled: a probe that broke off is not resumed."""
    turns.register(app, names.PROBE_FUNCTIONS, probe_functions, None)


def probe_functions(context: "df.DurableOrchestrationContext") -> Generator[Any, Any, None]:
    """End when each activity has come back."""
    status = ProbeStatus()
    for name in wire.load(ProbeInput, context.get_input()).activities:
        status = status.model_copy(update={"at": name})
        context.set_custom_status(wire.dump(status))
        try:
            yield context.call_activity(name, wire.PROBE)
        except Exception:  # an activity's failure comes as a bare exception
            status = status.model_copy(update={"failed": (*status.failed, name)})
    context.set_custom_status(wire.dump(status.model_copy(update={"at": None})))
