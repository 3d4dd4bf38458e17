"""`doctor`: everything that can be wrong between a push and its verdict, a line each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from acr_global.cli.azure import (
    SIGN_IN_NOTE,
    AppId,
    Cloud,
    Place,
    Registry,
    Subscription,
    Tenant,
    told,
)
from acr_global.cli.connection import (
    DEFAULT_TIMEOUT,
    KEY_NOTE,
    Connection,
    KeyFile,
    KeyStdin,
    Timeout,
    Url,
    connect,
)
from acr_global.cli.exits import Exit
from acr_global.cli.output import note, print_json

if TYPE_CHECKING:
    from acr_global.doctor.finding import Finding

app = typer.Typer()


_EXAMPLE = "Example: `acr-global doctor --registry contoso`"


@app.command(epilog=f"{KEY_NOTE}\n\n{SIGN_IN_NOTE}\n\n{_EXAMPLE}")
def doctor(
    registry: Registry = None,
    url: Url = None,
    app_id: AppId = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    subscription: Subscription = None,
    tenant: Tenant = None,
    cloud: Cloud = None,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> int:
    """Look at everything that can be wrong between a push and its verdict.

    The registry's regions, its webhooks and what they were answered; the app, its functions,
    settings and engine. Each line says how it is, and what to do. A check that cannot be made says
    which right or key is missing. It ends with 1 where something is wrong, and with 4 where
    something could not be asked.
    """
    there = connect(os.environ, url, key_file, key_stdin, timeout)
    at = told(os.environ, registry, subscription, tenant, cloud)
    note("asking the registry and the app, whose engine has half a minute to answer")
    return _report(_look(there, at, app_id), as_json=as_json)


def _look(there: Connection, at: Place, app_id: str | None) -> tuple[Finding, ...]:
    import asyncio
    from contextlib import ExitStack

    from acr_global.doctor.examine import examine
    from acr_global.doctor.facts import Unknown
    from acr_global.doctor.gather import SIGN_IN, Where, gather
    from acr_global.registration.arm import Arm
    from acr_global.registration.refusal import SignInError
    from acr_global.registration.signin import cloud_at

    where = Where(there.url, there.key, at.registry or None, app_id, there.timeout)
    with ExitStack() as stack:
        arm: Arm | Unknown
        try:
            arm = stack.enter_context(Arm.open(cloud_at(at.endpoint), at.subscription, at.tenant))
        except SignInError as error:
            arm = Unknown(error.message, SIGN_IN)
        return examine(asyncio.run(gather(where, arm)))


def _report(findings: tuple[Finding, ...], *, as_json: bool) -> int:
    from dataclasses import asdict

    from acr_global.cli.findings import print_findings
    from acr_global.doctor.finding import State

    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        print_findings(findings)
    states = {finding.state for finding in findings}
    if State.WRONG in states:
        return Exit.PROBLEMS
    return Exit.NOT_ASKED if State.UNKNOWN in states else Exit.FINE
