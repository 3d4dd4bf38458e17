"""`targets list`, `test` and `preview`: who is told, and a trial of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from acr_global.cli.console import current_folder
from acr_global.cli.environment import local_environ
from acr_global.cli.output import cell, line, print_json, table
from acr_global.errors import Problem, TargetUnknownError
from acr_global.model import Outcome, VerdictType
from acr_global.notify import preview
from acr_global.notify.message import trial_message
from acr_global.notify.setting import SETTING
from acr_global.notify.target import Target
from acr_global.settings import Loaded, load_settings


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Run the command that was typed; returns its exit code."""
    if args.command == "test" and args.url:
        return _report(asyncio.run(_test_there(args, environ)), as_json=args.json)
    here = local_environ(environ, current_folder())
    loaded = load_settings(here)
    match args.command:
        case "list":
            return _list(loaded)
        case "test":
            target = find_target(loaded, args.name)
            return _report(asyncio.run(_test_here(loaded, target, here)), as_json=args.json)
        case _:
            target = find_target(loaded, args.name)
            return _preview(loaded, target, VerdictType(args.verdict), here)


def _list(loaded: Loaded) -> int:
    targets = loaded.settings.targets
    rows = [(t.name, t.kind, [v.value for v in t.on], t.match) for t in targets]
    print(table(("NAME", "KIND", "ON", "MATCH"), rows) if rows else "No targets.")
    for problem in loaded.problems:
        if problem.setting == SETTING:
            _warn(problem)
    return 0


async def _test_there(args: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, Any]:
    from acr_global.cli.client import Client, segment
    from acr_global.cli.connection import connect

    name = segment(args.name, "target's NAME")
    async with Client(connect(args, environ)) as client:
        return await client.post(f"/api/targets/{name}/test")


async def _test_here(loaded: Loaded, target: Target, environ: Mapping[str, str]) -> dict[str, Any]:
    from acr_global.notify.trial import try_target

    attempt = await try_target(target, environ, _utcnow, loaded.settings.regions)
    return attempt.model_dump(mode="json", exclude_none=True)


def _utcnow() -> datetime:
    return datetime.now(UTC)


def _preview(
    loaded: Loaded, target: Target, verdict: VerdictType, environ: Mapping[str, str]
) -> int:
    now = _utcnow()
    message = trial_message(verdict, now, loaded.settings.regions)
    print(preview.preview(message, target, environ, now))
    print("A sample: nothing was pushed, and nothing has been sent.", file=sys.stderr)
    return 0


def _report(attempt: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        print_json(attempt)
    else:
        print(attempt_text(attempt))
    return 0 if attempt.get("outcome") == Outcome.DELIVERED.value else 1


def attempt_text(attempt: dict[str, Any]) -> str:
    """What came back, in one line."""
    outcome, reason = cell(attempt.get("outcome")), cell(attempt.get("reason"))
    said = outcome if outcome == reason else f"{_MEANINGS.get(outcome, outcome)}: {reason}"
    status = attempt.get("status")
    answered = "" if status is None else f", status {cell(status)}"
    place = attempt.get("location")
    moved = "" if place is None else f", redirected to {cell(place)}"
    return f"{cell(attempt.get('target'))}: {said}{answered}{moved}"


_MEANINGS = {
    Outcome.RETRY.value: "not delivered (retry: the app would try again)",
    Outcome.DEAD.value: "not delivered (dead: trying again cannot help)",
}


def find_target(loaded: Loaded, name: str) -> Target:
    """The target of this name; says what is wrong with it. Raises TargetUnknownError."""
    own = [p for p in loaded.problems if p.message.startswith(f"target '{name}': ")]
    found = next((t for t in loaded.settings.targets if t.name == name), None)
    if found is None:
        known = ", ".join(t.name for t in loaded.settings.targets) or "none"
        reason = own[0].message if own else f"no target has this name; known are: {known}"
        raise TargetUnknownError(reason)
    for problem in own:
        _warn(problem)
    return found


def _warn(problem: Problem) -> None:
    print(f"warning: {line(f'{problem.setting}: {problem.message}')}", file=sys.stderr)
