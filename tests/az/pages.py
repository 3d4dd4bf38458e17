"""Running the docs' blocks that call `az`. A command that needs more than the resource manager is
only parsed, by the real `az` too. `acr-global webhooks` runs. Our other commands need an app, and
have stand-ins, as have `func`, `azd` and `curl`: tests/tools looks at their flags.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from acr_global.registry.naming import TAG, webhook_name
from acr_global_rig.arm import PRINCIPAL, LoopbackArm
from acr_global_rig.arm.paths import group_id
from tests.az.client import AZURE_CLI, Az
from tools.shell_blocks import ROOT, Block, blocks
from tools.venvs import venv

APP, REGISTRY, REGIONS = "func-acr-global-wz7kjgh6llp7k", "contoso", ("westeurope", "northeurope")
URL = f"https://{APP}.azurewebsites.net"
OUTPUTS = {
    "functionAppName": APP,
    "functionAppUrl": URL,
    "regions": ",".join(REGIONS),
    "identityPrincipalId": PRINCIPAL,
    "vaultName": "kv-acr-global",
    "rolesToAssign": [],
}

STAND_IN = """#!/bin/sh
[ "$(basename "$0")" != curl ] || { cat >/dev/null; echo '[]'; }
"""
HOOK = """#!/bin/sh
exec env --unset=ACR_GLOBAL_REGISTRY_ID {python} "$@"
"""
"""Python for the hook after a publish: it waits for the functions, and is not told of the registry,
for there is no app for the doctor."""
OURS = """#!/bin/sh
[ "$1" = webhooks ] || exit 0
exec {python} -m acr_global "$@"
"""
MADE = "44444444-4444-4444-4444-444444444444"
"""What a command that is only parsed says that it has made."""

AZ = '''#!{python}
"""`az`, or its parser alone where a command would reach for more than the resource manager."""
import os, sys
arguments = sys.argv[1:]
parsed = [["ad"], ["keyvault", "secret", "set"]]
parsed += [["functionapp", "deployment", "source", "config-zip"]]
if not any(arguments[:len(command)] == command for command in parsed):
    os.execv({az!r}, ["az", *arguments])
from azure.cli.core import get_default_cli
cli = get_default_cli()
cli.invocation = invocation = cli.invocation_cls(
    cli_ctx=cli, parser_cls=cli.parser_cls, commands_loader_cls=cli.commands_loader_cls,
    help_cls=cli.help_cls)
invocation.commands_loader.load_command_table(arguments)
command = invocation._rudimentary_get_command(arguments)
invocation.data["command_string"] = command
invocation.commands_loader.load_arguments(command)
invocation.parser.load_command_table(invocation.commands_loader)
invocation.parser.parse_args(arguments)
if "--query" in arguments:
    print({made!r})
'''


def set_up(arm: LoopbackArm) -> None:
    """Set up a registry of two regions with our webhooks and role, a deployment that has succeeded,
    and a host that has not yet found its functions."""
    arm.clear()
    arm.outputs = OUTPUTS
    registry = arm.add_registry(REGISTRY, "westeurope", REGIONS)
    site = arm.add_site(APP, URL, ["WarmUp", "ImagePush", "SignIn"])
    site.keys("ImagePush")[REGISTRY] = "a-key"
    site.find_later()
    for region in REGIONS:
        uri = f"{URL}/api/ImagePush?region={region}"
        name, headers = webhook_name(APP, region), {"x-functions-key": "a-key"}
        registry.add_webhook(name, region, uri, headers, tags={TAG: site.id})
    outputs = {name: {"type": "Object", "value": value} for name, value in OUTPUTS.items()}
    arm.store.put(
        f"{group_id('acr-global')}/providers/Microsoft.Resources/deployments/acr-global",
        {"properties": {"provisioningState": "Succeeded", "outputs": outputs}},
    )
    authorization = "providers/Microsoft.Authorization"
    role_id = f"{group_id('registries')}/{authorization}/roleDefinitions/r1"
    role = {"roleName": f"acr-global evidence {APP} {REGISTRY}", "type": "CustomRole"}
    arm.store.put(role_id, {"properties": {**role, "permissions": [], "assignableScopes": []}})
    assigned = {"principalId": PRINCIPAL, "roleDefinitionId": role_id, "scope": registry.id}
    arm.store.put(f"{registry.id}/{authorization}/roleAssignments/a1", {"properties": assigned})


def stood_in(folder: Path, az: Az, arm: LoopbackArm) -> dict[str, str]:
    """An environment with stand-ins for all but `az`, the hook, and what asks ARM of ours."""
    real = venv("azure-cli", AZURE_CLI) / "az"
    scripts = dict.fromkeys(("func", "azd", "curl"), STAND_IN)
    scripts["python3"] = HOOK.format(python=shlex.quote(sys.executable))
    scripts["acr-global"] = OURS.format(python=shlex.quote(sys.executable))
    scripts["az"] = AZ.format(python=real.with_name("python"), az=str(real), made=MADE)
    for name, script in scripts.items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    path = os.pathsep.join((str(folder), az.environ["PATH"]))
    return az.environ | arm.environ | {"PATH": path, "ACR_GLOBAL_ARM_ENDPOINT": arm.url}


def run(block: Block, environ: dict[str, str]) -> str:
    """The output of a block that does not run to its end; otherwise empty."""
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.script],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return f"{block}\n{ended.stdout}{ended.stderr}" if ended.returncode else ""


def with_az() -> dict[str, list[Block]]:
    """The blocks that call `az`, by page, in order."""
    pages: dict[str, list[Block]] = {}
    for block in blocks():
        if re.search(r"(?:^|\() *az ", block.script, re.MULTILINE):
            pages.setdefault(block.document.name, []).append(block)
    return pages


def deployed(arm: LoopbackArm) -> str:
    """What was sent to be deployed, template and parameters, as text."""
    return "".join(
        str(b) for method, to, b in arm.asked if method == "PUT" and "/deployments/" in to
    )


def leaked(arm: LoopbackArm) -> list[str]:
    """URIs of webhooks that contain a key."""
    bodies = [body for _, _, body in arm.asked if isinstance(body, dict)]
    uris = [str((body.get("properties") or {}).get("serviceUri", "")) for body in bodies]
    return [uri for uri in uris if "code=" in uri]
