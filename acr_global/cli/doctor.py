"""`doctor`: everything that can be wrong between a push and its verdict, a line each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from acr_global.cli.connection import (
    DEFAULT_TIMEOUT,
    KEY_NOTE,
    KeyFile,
    KeyStdin,
    Timeout,
    Url,
    connect,
)
from acr_global.cli.exits import Exit
from acr_global.cli.output import print_json

if TYPE_CHECKING:
    from acr_global.doctor.finding import Finding
    from acr_global.doctor.gather import Where

REGISTRY_VARIABLE = "ACR_GLOBAL_REGISTRY_ID"
SUBSCRIPTION_VARIABLE = "AZURE_SUBSCRIPTION_ID"
TENANT_VARIABLE = "AZURE_TENANT_ID"
CLOUD_VARIABLE = "ACR_GLOBAL_ARM_ENDPOINT"
PUBLIC_CLOUD = "https://management.azure.com"

app = typer.Typer()


@app.command(epilog=f"{KEY_NOTE}\n\nExample: `python -m acr_global doctor --registry contoso`")
def doctor(
    registry: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help=f"The registry's name or ARM id; else {REGISTRY_VARIABLE}."
        ),
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    subscription: Annotated[
        str | None,
        typer.Option(metavar="ID", help=f"The subscription; else {SUBSCRIPTION_VARIABLE}."),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(metavar="ID", help=f"The tenant; else {TENANT_VARIABLE}.")
    ] = None,
    cloud: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help=f"The cloud's resource manager; else {CLOUD_VARIABLE}, or Azure's."
        ),
    ] = None,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> int:
    """Look at everything that can be wrong between a push and its verdict.

    The registry's regions, its webhooks and what they were answered; the app, its functions,
    settings and engine. Each line says how it is, and what to do. A check that cannot be made says
    which right or key is missing. It ends with 1 where something is wrong, and with 4 where
    something could not be asked.
    """
    from acr_global.doctor.gather import Where

    there = connect(os.environ, url, key_file, key_stdin, timeout)
    where = Where(there.url, there.key, _said(registry, REGISTRY_VARIABLE), timeout=timeout)
    return _report(
        _look(
            where,
            _said(cloud, CLOUD_VARIABLE) or PUBLIC_CLOUD,
            _said(subscription, SUBSCRIPTION_VARIABLE),
            _said(tenant, TENANT_VARIABLE),
        ),
        as_json=as_json,
    )


def _said(option: str | None, variable: str) -> str | None:
    return option or os.environ.get(variable, "").strip() or None


def _look(
    where: Where, cloud: str, subscription: str | None, tenant: str | None
) -> tuple[Finding, ...]:
    import asyncio
    from contextlib import ExitStack

    from acr_global.doctor.examine import examine
    from acr_global.doctor.facts import Unknown
    from acr_global.doctor.gather import SIGN_IN, gather
    from acr_global.registration.arm import Arm
    from acr_global.registration.refusal import SignInError
    from acr_global.registration.signin import cloud_at

    with ExitStack() as stack:
        arm: Arm | Unknown
        try:
            arm = stack.enter_context(Arm.open(cloud_at(cloud), subscription, tenant))
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
