"""`targets list`, `test` and `preview`: who is told, and a trial of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from acr_global import api
from acr_global.cli.connection import (
    DEFAULT_TIMEOUT,
    KEY_NOTE,
    Json,
    KeyFile,
    KeyStdin,
    OwnJson,
    Timeout,
    UrlOfSender,
    connect,
    segment,
)
from acr_global.cli.console import current_folder
from acr_global.cli.environment import FILE, SETTINGS_NOTE, local_environ
from acr_global.cli.exits import Exit, UsageError
from acr_global.cli.output import cell, line, print_json, print_table
from acr_global.errors import Problem, TargetUnknownError
from acr_global.grouping import GroupState
from acr_global.model import Attempt, Outcome, VerdictType
from acr_global.notify.setting import SETTING
from acr_global.settings import Loaded, load_settings

if TYPE_CHECKING:
    from acr_global.cli.client import Client
    from acr_global.notify.target import Target

_EXAMPLE = "Example: `acr-global targets"
_Name = Annotated[str, typer.Argument(metavar="NAME", help="The target's name in the settings.")]

app = typer.Typer(
    name="targets",
    help="Those who are told, and a trial of it.",
    epilog=f"{_EXAMPLE} test oncall`",
)


@app.command("list", epilog=f"{SETTINGS_NOTE}\n\n{_EXAMPLE} list`")
def list_targets(as_json: OwnJson = False) -> int:
    """List them: name, kind, verdicts, repositories."""
    loaded = load_settings(_here())
    problems = [problem for problem in loaded.problems if problem.setting == SETTING]
    rows = [
        (t.name, t.kind, [v.value for v in t.on], list(t.match)) for t in loaded.settings.targets
    ]
    if as_json:
        names = ("name", "kind", "on", "match")
        listed = [dict(zip(names, row, strict=True)) for row in rows]
        print_json({"targets": listed, "problems": [asdict(problem) for problem in problems]})
        return Exit.FINE
    if rows:
        print_table(("NAME", "KIND", "ON", "MATCH"), rows)
    else:
        print("No targets.")
    for problem in problems:
        _warn(problem)
    return Exit.FINE


@app.command(
    "test",
    epilog=f"Without --url: {SETTINGS_NOTE}\n\nWith --url: {KEY_NOTE}\n\n{_EXAMPLE} test oncall`",
)
def send_test(
    name: _Name,
    url: UrlOfSender = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Json = False,
) -> int:
    """Send one test message, marked as such, and print what came back.

    Without --url it is sent from here. With --url the running app sends it, whose secrets may be
    readable there only.
    """
    if url:
        from acr_global.cli.client import talk

        path = f"/api/targets/{segment(name, 'NAME of a target')}/test"
        there = connect(os.environ, url, key_file, key_stdin, timeout)
        return talk(there, lambda client: _test_there(client, path, as_json=as_json))
    here = _here()
    loaded = load_settings(here)
    return _test_here(loaded, find_target(loaded, name), here, as_json=as_json)


@app.command(epilog=f"{SETTINGS_NOTE}\n\n{_EXAMPLE} preview oncall --verdict overdue`")
def preview(
    name: _Name,
    verdict: Annotated[
        VerdictType | None,
        typer.Option(
            metavar="VERDICT",
            show_default=False,
            help=f"{', '.join(VerdictType)}; complete if not said.",
        ),
    ] = None,
    group: Annotated[
        GroupState | None,
        typer.Option(
            metavar="STATE",
            show_default=False,
            help=f"Of a group of pushes instead: {', '.join(GroupState)}.",
        ),
    ] = None,
    as_json: OwnJson = False,
) -> int:
    """Print the request for a made-up push, secrets masked; sends nothing.

    Of a URL given as `$secret`, and of the kinds teams and slack, only scheme and host are shown;
    of apprise's only the scheme; of any other all but user and query.
    """
    from acr_global.notify import preview as requests
    from acr_global.notify.group import trial_group
    from acr_global.notify.message import trial_message

    if verdict and group:
        raise UsageError("--verdict and --group: a message is about one push, or about a group")
    here = _here()
    loaded = load_settings(here)
    target = find_target(loaded, name)
    now, regions = _utcnow(), loaded.settings.regions
    message = (
        trial_group(group, now, regions[-1:])
        if group
        else trial_message(verdict or VerdictType.COMPLETE, now, regions)
    )
    request = requests.preview(message, target, here, now)
    if as_json:
        print_json(asdict(request))
    else:
        print(request)
    print("A sample: nothing was pushed, and nothing has been sent.", file=sys.stderr)
    return Exit.FINE


def _here() -> dict[str, str]:
    return local_environ(os.environ, current_folder())


def _utcnow() -> datetime:
    return datetime.now(UTC)


async def _test_there(client: Client, path: str, *, as_json: bool) -> int:
    answer = await client.post(path)
    try:
        attempt = Attempt.model_validate(answer)
    except ValidationError:  # whatever it is, it does not say delivered
        attempt = None
    return _print_attempt(attempt, answer, as_json=as_json)


def _test_here(loaded: Loaded, target: Target, environ: Mapping[str, str], *, as_json: bool) -> int:
    import asyncio

    from acr_global.notify.trial import try_target

    attempt = asyncio.run(try_target(target, environ, _utcnow, loaded.settings.regions))
    return _print_attempt(attempt, api.dump(attempt), as_json=as_json)


def _print_attempt(attempt: Attempt | None, answer: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        print_json(answer)
    else:
        print(attempt_text(attempt) if attempt else "-: -")
    delivered = attempt and attempt.outcome is Outcome.DELIVERED
    return Exit.FINE if delivered else Exit.PROBLEMS


def attempt_text(attempt: Attempt) -> str:
    """An attempt in one line."""
    outcome, reason = attempt.outcome.value, cell(attempt.reason)
    said = outcome if outcome == reason else f"{_MEANINGS.get(outcome, outcome)}: {reason}"
    answered = "" if attempt.status is None else f", status {attempt.status}"
    moved = "" if attempt.location is None else f", redirected to {cell(attempt.location)}"
    return f"{cell(attempt.target)}: {said}{answered}{moved}"


_MEANINGS = {
    Outcome.RETRY.value: "not delivered (retry: the app would try again)",
    Outcome.DEAD.value: "not delivered (dead: trying again cannot help)",
}


def find_target(loaded: Loaded, name: str) -> Target:
    """The target of this name; prints its problems. Raises TargetUnknownError."""
    own = [p for p in loaded.problems if p.message.startswith(f"target '{name}': ")]
    found = next((t for t in loaded.settings.targets if t.name == name), None)
    if found is None:
        known = ", ".join(t.name for t in loaded.settings.targets) or "none"
        unknown = f"no target has this name in the settings here; known are: {known}"
        if not loaded.settings.targets:
            unknown += f". Is {FILE} in this folder? `targets test --url` has the app say it"
        raise TargetUnknownError(own[0].message if own else unknown)
    for problem in own:
        _warn(problem)
    return found


def _warn(problem: Problem) -> None:
    print(f"warning: {line(f'{problem.setting}: {problem.message}')}", file=sys.stderr)
