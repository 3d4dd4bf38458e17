"""Which cloud, tenant and subscription a command asks, and about which registry and app.

The options of every command that asks the resource manager stand here. Azure's SDK is imported
when something is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from acr_global.arm_ids import REGISTRIES, parse_id
from acr_global.cli.exits import CommandError, NotAskedError, UsageError
from acr_global.setting_values import origin

if TYPE_CHECKING:
    from acr_global.registration.arm import Arm

REGISTRY_VARIABLE = "ACR_GLOBAL_REGISTRY_ID"
SUBSCRIPTION_VARIABLE = "AZURE_SUBSCRIPTION_ID"
TENANT_VARIABLE = "AZURE_TENANT_ID"
CLOUD_VARIABLE = "ACR_GLOBAL_ARM_ENDPOINT"
PUBLIC_CLOUD = "AzureCloud"

SIGN_IN_NOTE = (
    "Azure is asked as whoever is signed in here: by `az login`, a service principal in the AZURE_ "
    "variables, or a managed identity."
)

Registry = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=f"The registry's name or ARM id; else {REGISTRY_VARIABLE}."),
]
AppId = Annotated[
    str | None,
    typer.Option("--app", metavar="ID", help="The app's ARM id; else it is found by its URL."),
]
Subscription = Annotated[
    str | None,
    typer.Option(metavar="ID", help=f"The subscription; else {SUBSCRIPTION_VARIABLE}."),
]
Tenant = Annotated[
    str | None, typer.Option(metavar="ID", help=f"The tenant; else {TENANT_VARIABLE}.")
]
Cloud = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="AzureCloud, AzureChinaCloud, AzureUSGovernment, or the URL of a resource manager; "
        f"else {CLOUD_VARIABLE}.",
    ),
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in Azure a registry is."""

    registry: str
    """Its name or ARM id; empty where it is not known."""
    endpoint: str
    """The resource manager's, without a slash at its end."""
    subscription: str | None
    tenant: str | None


def place(
    environ: Mapping[str, str],
    registry: str | None,
    subscription: str | None,
    tenant: str | None,
    cloud: str | None,
) -> Place:
    """The place by the options or the environment. Raises UsageError where it is not all known."""
    at = told(environ, registry, subscription, tenant, cloud)
    if not at.registry:
        raise UsageError(f"which registry? Give --registry NAME, or {REGISTRY_VARIABLE}")
    if at.subscription is None:
        raise UsageError(
            f"which subscription? Give --subscription ID or {SUBSCRIPTION_VARIABLE}, or the "
            "registry's ARM id"
        )
    return at


def told(
    environ: Mapping[str, str],
    registry: str | None,
    subscription: str | None,
    tenant: str | None,
    cloud: str | None,
) -> Place:
    """As much of the place as the options or the environment tell. Raises UsageError."""
    named = said(environ, registry, REGISTRY_VARIABLE) or ""
    parts = parse_id(named, REGISTRIES)
    is_name = named.isascii() and named.isalnum()
    if named and not is_name and parts is None:
        raise UsageError(
            "--registry must be a registry's name (contoso, not contoso.azurecr.io), or its whole "
            "ARM id"
        )
    return Place(
        registry=named,
        endpoint=endpoint(environ, cloud),
        subscription=said(environ, subscription, SUBSCRIPTION_VARIABLE) or (parts and parts[0]),
        tenant=said(environ, tenant, TENANT_VARIABLE),
    )


@contextmanager
def opened(at: Place) -> Iterator[Arm]:
    """The resource manager, while the block lasts. Its refusals end the command, as
    CommandErrors."""
    from acr_global.registration.arm import Arm
    from acr_global.registration.refusal import ArmError
    from acr_global.registration.signin import cloud_at

    try:
        with Arm.open(cloud_at(at.endpoint), at.subscription, at.tenant) as arm:
            yield arm
    except ArmError as error:
        kind = NotAskedError if error.passing or error.answered == 401 else CommandError
        raise kind(error.message) from None


def said(environ: Mapping[str, str], option: str | None, variable: str) -> str | None:
    """The value of an option, or else of the environment; None without either."""
    return (option or environ.get(variable, "")).strip() or None


def endpoint(environ: Mapping[str, str], cloud: str | None) -> str:
    """The resource manager's URL in the chosen cloud. Raises UsageError."""
    from acr_global.registration.signin import CLOUDS

    named = said(environ, cloud, CLOUD_VARIABLE) or PUBLIC_CLOUD
    known = {name.lower(): at.endpoint for name, at in CLOUDS.items()}
    if named.lower() in known:
        return known[named.lower()]
    try:
        return origin(named)
    except ValueError as error:
        names = ", ".join(CLOUDS)
        raise UsageError(f"--cloud must be one of {names}, or a URL; as one, {error}") from None
