"""`catch-up`: take in by hand what the registry could not deliver, by the operator's own rights."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from acr_global.cli.azure import (
    SIGN_IN_NOTE,
    Cloud,
    Place,
    Registry,
    Subscription,
    Tenant,
    opened,
    place,
)
from acr_global.cli.connection import (
    DEFAULT_TIMEOUT,
    KEY_NOTE,
    KeyFile,
    KeyStdin,
    OwnJson,
    Timeout,
    Url,
    connect,
)
from acr_global.cli.exits import AppError, Exit, NotAskedError, UsageError
from acr_global.cli.output import cell, note, print_json, print_table
from acr_global.durations import parse_duration
from acr_global.notify.words import moment
from acr_global.registry.naming import PATH

if TYPE_CHECKING:
    from acr_global.catchup import Logged, Plan
    from acr_global.cli.client import Client
    from acr_global.cli.connection import Connection

SINCE = timedelta(hours=2)
MAX_NOT_ASKED = 3
"""Events in a row that the app could not keep, after which the others are not tried."""

_OF_THE_EVENT = (400, 413)
"""Statuses with which ImagePush refuses an event."""

app = typer.Typer()


def _since(value: object) -> timedelta:
    if isinstance(value, timedelta):  # the default comes by here, too
        return value
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise UsageError(f"--since is {error}") from None


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of one event."""

    event: Logged
    status: str
    """due, accepted, ignored, refused, failed or untried."""
    said: str = ""
    """The push that it belongs to, or why it is not taken in."""


@app.command(
    "catch-up",
    epilog=f"{KEY_NOTE}\n\n{SIGN_IN_NOTE}\n\n"
    "Example: `acr-global catch-up --registry contoso --since 12h --dry-run`",
)
def catch_up(
    registry: Registry = None,
    since: Annotated[
        timedelta,
        typer.Option(
            metavar="DURATION",
            parser=_since,
            show_default=False,
            help="How far to look back, at most 5d; 2h if not said.",
        ),
    ] = SINCE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be taken in, and do nothing.")
    ] = False,
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    subscription: Subscription = None,
    tenant: Tenant = None,
    cloud: Cloud = None,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: OwnJson = False,
) -> int:
    """Take in the webhooks that the registry could not deliver.

    The registry keeps what each webhook posted and what it was answered. What was posted to this
    app, and not answered 2xx, is posted to it again, as of its own time. What the app knows
    already changes nothing, so it can be run again at any time. The running app does the same
    by itself where it has the right to: docs/catching-up.md.

    With --dry-run it ends with 1 where something would be taken in; else with 1 where the app
    refuses something.
    """
    there = connect(os.environ, url, key_file, key_stdin, timeout)
    plan = _read(place(os.environ, registry, subscription, tenant, cloud), there.url, since)
    results = (
        [Result(event, "due") for event in plan.due] if dry_run else _post(there, list(plan.due))
    )
    return _report(results, plan.left, as_json=as_json)


def _read(at: Place, url: str, since: timedelta) -> Plan:
    """What the registry's logs have that was not delivered to the app."""
    from acr_global.catchup import Mark, logged, plan
    from acr_global.registry.firings import host_and_path

    now, ours = datetime.now(UTC), host_and_path(url + PATH)
    entries: list[Logged] = []
    with opened(at) as arm:
        registry = arm.registry(at.registry)
        for webhook in arm.webhooks(registry):
            note(f"reading the event log of {webhook.name}")
            name = f"{registry.name}/{webhook.name}".lower()
            entries += (
                logged(name, webhook.location, e.uri, e.request_body, e.at, e.status, ours)
                for e in arm.events(registry, webhook.name)
            )
    return plan(entries, Mark(), now=now, since=now - since)


def _post(there: Connection, due: list[Logged]) -> list[Result]:
    """Post events to the app, one after another; those of one push side by side in time."""
    from acr_global.cli.client import talk

    results: list[Result] = []

    async def post_all(client: Client) -> int:
        in_a_row = 0
        for number, event in enumerate(due, 1):
            note(f"posting {number} of {len(due)}")
            result = await _post_one(client, event)
            results.append(result)
            in_a_row = in_a_row + 1 if result.status == "failed" else 0
            if in_a_row == MAX_NOT_ASKED:
                break
        return Exit.FINE

    talk(there, post_all)
    return results + [Result(event, "untried") for event in due[len(results) :]]


async def _post_one(client: Client, event: Logged) -> Result:
    """Raises AppError where not the event is refused but whoever posts it."""
    from acr_global.receive import CAUGHT_UP

    path = f"{PATH}?{urlencode({**event.query, CAUGHT_UP: 'true'})}"
    try:
        answer = await client.post(path, json.dumps(event.body).encode())
    except NotAskedError as error:
        return Result(event, "failed", error.message)
    except AppError as error:
        if error.status not in _OF_THE_EVENT:
            raise
        return Result(event, "refused", error.message)
    if answer.get("status") == "accepted":
        return Result(event, "accepted", str(answer.get("push") or ""))
    return Result(event, "ignored", str(answer.get("reason") or ""))


def _report(results: list[Result], left: Mapping[str, int], *, as_json: bool) -> int:
    if as_json:
        print_json({"events": [_as_json(one) for one in results], "left_alone": dict(left)})
    else:
        _print(results, left)
    states = {result.status for result in results}
    failed = sum(result.status in ("failed", "untried") for result in results)
    if failed:
        print(f"error: {failed} of {len(results)} could not be taken in", file=sys.stderr)
        return Exit.NOT_ASKED
    return Exit.PROBLEMS if states & {"due", "refused"} else Exit.FINE


def _print(results: list[Result], left: Mapping[str, int]) -> None:
    if results:
        heads = ("EVENT", "REGION", "MADE", "ANSWERED", "NOW")
        print_table(heads, [_row(result) for result in results])
    else:
        print("Nothing to catch up with.")
    if left:
        print("Left alone: " + ", ".join(f"{n} {cell(why)}" for why, n in sorted(left.items())))
    if left.get("settling"):
        print("What is settling is younger than a minute, and may still come: run it again then.")


_NOW = {
    "due": "would be taken in",
    "accepted": "taken in",
    "ignored": "left alone",
    "refused": "refused",
    "failed": "failed",
    "untried": "not tried",
}


def _row(result: Result) -> tuple[object, ...]:
    event = result.event
    at = moment(event.at) if event.at else None
    now = _NOW[result.status] + (f": {result.said}" if result.said else "")
    return _image(event), event.query["region"], at, event.status, now


def _image(event: Logged) -> str:
    """What was pushed, as far as the event says it."""
    target = (event.body or {}).get("target")
    about: Mapping[str, Any] = target if isinstance(target, Mapping) else {}
    name, tag, digest = (about.get(key) for key in ("repository", "tag", "digest"))
    return f"{name}:{tag}" if tag else f"{name}@{digest}" if digest else str(name or "-")


def _as_json(result: Result) -> dict[str, Any]:
    event = result.event
    body = event.body or {}
    return {
        "id": body.get("id"),
        "action": body.get("action"),
        "image": _image(event),
        "region": event.query["region"],
        "webhook": event.webhook,
        "at": event.at.isoformat() if event.at else None,
        "answered": event.status,
        "status": result.status,
        ("push" if result.status == "accepted" else "reason"): result.said or None,
    }
