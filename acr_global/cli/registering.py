"""The output of the commands of `webhooks`: plans, steps, pings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from acr_global.cli.exits import Exit
from acr_global.cli.output import line, print_table
from acr_global.registration.model import App, Registry
from acr_global.registration.pinging import Ponged
from acr_global.registration.plan import Kind, Step
from acr_global.registration.settle import Done, Settled

_DONE = {Kind.CREATE: "created", Kind.CHANGE: "changed", Kind.REMOVE: "removed"}
_COUNTED = {
    Kind.CREATE: "to create",
    Kind.CHANGE: "to change",
    Kind.REMOVE: "to remove",
    Kind.WAIT: "cannot be made yet",
    Kind.KEEP: "as it should be",
}


def print_plan(steps: Sequence[Step]) -> None:
    """Print a line for each webhook, and the number of each kind."""
    rows = [(s.kind.value, s.region, s.name, why(s)) for s in steps]
    if rows:
        print_table(("STEP", "REGION", "WEBHOOK", "WHY"), rows)
    print(counted(steps))


def counted(steps: Sequence[Step]) -> str:
    """The number of steps of each kind, in one sentence."""
    kinds = [step.kind for step in steps]
    parts = [f"{kinds.count(kind)} {text}" for kind, text in _COUNTED.items() if kind in kinds]
    return f"{', '.join(parts) or 'No webhooks'}."


def why(step: Step) -> str:
    """The changed fields, or why a webhook is removed or cannot be made."""
    return step.reason or ", ".join(step.fields)


def print_done(done: Done) -> None:
    """Print the result of a step at once."""
    step, error = done.step, done.error
    verb = "failed" if error else _DONE[step.kind]
    text = f"{verb:<7}  {step.region}  {step.name}"
    said = error.message if error else why(step)
    print(line(f"{text}  {said}".rstrip()), flush=True)


def print_settled(settled: Settled, goal: str) -> None:
    """Print the result: `goal`, or what is left, as one line on stderr."""
    for step in settled.steps:
        if step.kind is Kind.WAIT:
            print(line(f"waits    {step.region}  {step.name}  {step.reason}"))
    if settled.is_right:
        print(goal)
        return
    left = [step for step in settled.steps if step.kind is not Kind.KEEP]
    regions = ", ".join(dict.fromkeys(step.region for step in left))
    print(
        line(
            f"error: {len(left)} of {len(settled.steps)} are not done: {regions}; "
            "what was done stays, and the same command goes on from here"
        ),
        file=sys.stderr,
    )


def print_ponged(ponged: Ponged) -> None:
    """Print the result of a ping at once."""
    status = "-" if ponged.status is None else str(ponged.status)
    print(line(f"{status:<3}  {ponged.region}  {ponged.meaning}"), flush=True)


def ping_code(ponged: Sequence[Ponged]) -> Exit:
    """The exit code of pings; fine where each was answered 2xx."""
    if all(one.is_fine for one in ponged) and ponged:
        return Exit.FINE
    waiting = all(one.is_fine or one.is_open for one in ponged)
    return Exit.NOT_YET if waiting and ponged else Exit.PROBLEMS


def about(app: App, registry: Registry) -> dict[str, Any]:
    """App and registry as JSON."""
    return {"registry": registry.id, "app": app.id}


def step_json(step: Step) -> dict[str, Any]:
    """One step as JSON."""
    return {
        "step": step.kind.value,
        "region": step.region,
        "webhook": step.name,
        "changes": list(step.fields),
        "reason": step.reason or None,
        "uri": step.webhook.uri if step.webhook else None,
    }


def done_json(done: Done) -> dict[str, Any]:
    """The result of one step as JSON."""
    error = done.error
    said = {
        "error": error.message if error else None,
        "missing_right": error.right if error else None,
        "request_id": error.request_id if error else None,
    }
    return {**step_json(done.step), **said}


def ponged_json(ponged: Ponged) -> dict[str, Any]:
    """The result of one ping as JSON."""
    return {
        "region": ponged.region,
        "webhook": ponged.webhook,
        "status": ponged.status,
        "fine": ponged.is_fine,
        "meaning": ponged.meaning,
    }
