"""`webhooks plan`, `apply`, `remove` and `ping`: one webhook of the registry for each region."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from acr_global.cli.azure import (
    SIGN_IN_NOTE,
    AppId,
    Cloud,
    Registry,
    Subscription,
    Tenant,
    opened,
    place,
)
from acr_global.cli.connection import URL_VARIABLE, OwnJson, app_url, read_key
from acr_global.cli.exits import Exit, UsageError
from acr_global.cli.output import note, print_json
from acr_global.patterns import parse_names

if TYPE_CHECKING:
    from acr_global.cli.azure import Place
    from acr_global.registration.registrar import Registrar
    from acr_global.registration.settle import Done, Settled

KEY_VARIABLE = "WEBHOOK_KEY"
ACTIONS = ("push", "delete", "quarantine", "chart_push", "chart_delete")
PING_SECONDS = 60.0

_KEY_NOTE = (
    f"The function key is read from {KEY_VARIABLE} or, with --key-stdin, from stdin; else it is "
    "the app's own: a key of ImagePush, named as the registry. No option takes it on the command "
    "line, and nothing prints it."
)
_EXAMPLE = "Example: `acr-global webhooks"
_SUCH_AS = "--registry contoso --url https://app.azurewebsites.net"

app = typer.Typer(
    name="webhooks",
    help="The registry's webhooks, one for each region.",
    epilog=f"{_EXAMPLE} plan {_SUCH_AS}`",
)


class Language(StrEnum):
    """What a plan can be printed as."""

    AZ = "az"
    TERRAFORM = "terraform"


def _actions(value: object) -> str:
    names = parse_names(str(value))
    if not names or set(names) - set(ACTIONS):
        raise UsageError(f"--actions must name some of {', '.join(ACTIONS)}")
    return ",".join(names)


def _seconds(value: object) -> float:
    text = str(value)  # the default comes by here, too
    if not text.removesuffix(".0").isdecimal() or len(text) > 6:
        raise UsageError("--wait must be a number of seconds, such as 60")
    return float(text)


_Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Base URL of the app, such as https://NAME.azurewebsites.net; webhooks post to it. "
        f"Else {URL_VARIABLE}.",
    ),
]
_KeyStdin = Annotated[bool, typer.Option("--key-stdin", help="Read the function key from stdin.")]
_Actions = Annotated[
    str,
    typer.Option(
        metavar="NAMES",
        parser=_actions,
        show_default=False,
        help="What is reported, comma-separated; push if not said.",
    ),
]
_Scope = Annotated[
    str,
    typer.Option(
        metavar="SCOPE",
        show_default=False,
        help="What it is reported of, such as team/app:*; everything if not said.",
    ),
]
_Print = Annotated[
    Language | None,
    typer.Option("--print", metavar="LANGUAGE", help="Print what does the same: az or terraform."),
]


@app.command(epilog=f"{_KEY_NOTE}\n\n{SIGN_IN_NOTE}\n\n{_EXAMPLE} plan {_SUCH_AS}`")
def plan(
    registry: Registry = None,
    url: _Url = None,
    app_id: AppId = None,
    actions: _Actions = "push",
    scope: _Scope = "",
    language: _Print = None,
    key_stdin: _KeyStdin = False,
    subscription: Subscription = None,
    tenant: Tenant = None,
    cloud: Cloud = None,
    as_json: OwnJson = False,
) -> int:
    """Show what apply would do, and do nothing.

    Each webhook that would be created, changed, removed or kept. It ends with 1 where something
    is to be done. With --print it prints a script for az, which reads the header with the key
    from a file, or resources for Terraform, whose state will hold the key.
    """
    at = place(os.environ, registry, subscription, tenant, cloud)
    with _opened(at, url, app_id, actions, scope, key_stdin) as registrar:
        planned = registrar.plan()
    from acr_global.arm_ids import REGISTRIES, parse_id
    from acr_global.cli import registering
    from acr_global.registration import rights, scripts
    from acr_global.registration.plan import Kind

    steps = planned.steps
    if language is Language.AZ:
        print(scripts.az_script(registrar.app, registrar.registry, steps), end="")
        return Exit.FINE
    if language is Language.TERRAFORM:
        parts = parse_id(registrar.registry.id, REGISTRIES)
        print(scripts.terraform(registrar.registry, parts[1] if parts else "", steps), end="")
        return Exit.FINE
    if as_json:
        about = registering.about(registrar.app, registrar.registry)
        listed = [registering.step_json(step) for step in steps]
        print_json({**about, "key_compared": planned.key_compared, "steps": listed})
    else:
        registering.print_plan(steps)
    if not planned.key_compared:
        said = f"keys were not compared: the right {rights.READ_KEYS} is missing"
        print(f"warning: {said}", file=sys.stderr)
    return Exit.FINE if all(step.kind is Kind.KEEP for step in steps) else Exit.PROBLEMS


@app.command(epilog=f"{_KEY_NOTE}\n\n{SIGN_IN_NOTE}\n\n{_EXAMPLE} apply {_SUCH_AS}`")
def apply(
    registry: Registry = None,
    url: _Url = None,
    app_id: AppId = None,
    actions: _Actions = "push",
    scope: _Scope = "",
    key_stdin: _KeyStdin = False,
    subscription: Subscription = None,
    tenant: Tenant = None,
    cloud: Cloud = None,
    as_json: OwnJson = False,
) -> int:
    """Give each region its webhook, and put right what is not as it should be.

    What is right is left alone, so it can be run again at any time, and goes on where it was
    broken off. Webhooks that are not this app's are never touched.
    """
    at = place(os.environ, registry, subscription, tenant, cloud)
    with _opened(at, url, app_id, actions, scope, key_stdin) as registrar:
        note("looking at the registry's webhooks, and putting them right")
        settled = registrar.apply(_tell(as_json=as_json))
    goal = "Every region has its webhook, as it should be."
    return _ended(registrar, settled, goal, as_json=as_json)


@app.command(epilog=f"{SIGN_IN_NOTE}\n\n{_EXAMPLE} remove {_SUCH_AS} --yes`")
def remove(
    registry: Registry = None,
    url: _Url = None,
    app_id: AppId = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    subscription: Subscription = None,
    tenant: Tenant = None,
    cloud: Cloud = None,
    as_json: OwnJson = False,
) -> int:
    """Remove this app's webhooks, in every region; asks first.

    Webhooks that are not this app's are never touched, and its key stays.
    """
    if not yes and not sys.stdin.isatty():
        raise UsageError("remove asks first, and nobody can answer here: give --yes")
    at = place(os.environ, registry, subscription, tenant, cloud)
    with _opened(at, url, app_id) as registrar:
        if not yes and not _confirmed(registrar):
            print("Nothing was removed.")
            return Exit.PROBLEMS
        settled = registrar.remove(_tell(as_json=as_json))
    return _ended(registrar, settled, "No webhook of this app is left.", as_json=as_json)


@app.command(epilog=f"{SIGN_IN_NOTE}\n\n{_EXAMPLE} ping {_SUCH_AS}`")
def ping(
    registry: Registry = None,
    url: _Url = None,
    app_id: AppId = None,
    wait: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            parser=_seconds,
            show_default=False,
            help=f"The longest wait for what it was answered; {PING_SECONDS:.0f} if not said.",
        ),
    ] = PING_SECONDS,
    subscription: Subscription = None,
    tenant: Tenant = None,
    cloud: Cloud = None,
    as_json: OwnJson = False,
) -> int:
    """Have each region's webhook send a ping, and show what the app answered.

    The answer is read from the webhook's event log. It ends with 1 where a region has no webhook,
    or was answered other than 2xx, and with 3 where no answer is known by then.
    """
    at = place(os.environ, registry, subscription, tenant, cloud)
    with _opened(at, url, app_id) as registrar:
        from acr_global.cli import registering

        note("waiting for what the pings are answered")
        answered = []
        for one in registrar.ping(wait):
            answered.append(one)
            if not as_json:
                registering.print_ponged(one)
        if as_json:
            about = registering.about(registrar.app, registrar.registry)
            print_json({**about, "pings": [registering.ponged_json(one) for one in answered]})
        return registering.ping_code(answered)


@contextmanager
def _opened(
    at: Place,
    url: str | None,
    app_id: str | None,
    actions: str = "push",
    scope: str = "",
    key_stdin: bool = False,
) -> Iterator[Registrar]:
    """Whoever does what was typed. Raises UsageError; what Azure refuses is a CommandError."""
    from acr_global.registration.registrar import Order, Registrar

    order = Order(
        registry=at.registry,
        url=app_url(os.environ, url),
        app_id=app_id,
        key=read_key(os.environ, None, key_stdin, KEY_VARIABLE),
        actions=tuple(actions.split(",")),
        scope=scope,
    )
    with opened(at) as arm:
        yield Registrar(arm, order)


def _tell(*, as_json: bool) -> Callable[[Done], None]:
    from acr_global.cli import registering

    return (lambda _: None) if as_json else registering.print_done


def _ended(registrar: Registrar, settled: Settled, goal: str, *, as_json: bool) -> int:
    from acr_global.cli import registering

    if as_json:
        about = registering.about(registrar.app, registrar.registry)
        done = [registering.done_json(one) for one in settled.done]
        steps = [registering.step_json(step) for step in settled.steps]
        print_json({**about, "settled": settled.is_right, "done": done, "steps": steps})
    else:
        registering.print_settled(settled, goal)
    return Exit.FINE if settled.is_right else Exit.PROBLEMS


def _confirmed(registrar: Registrar) -> bool:
    from acr_global.cli import registering

    steps = registrar.plan_removal()
    registering.print_plan(steps)
    if not steps:
        return True
    print("Remove them? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
