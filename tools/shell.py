"""`make shell`: runs the docs' blocks that call `az`, by the real `az`, against a resource manager
on this machine. What reaches for more than the resource manager is only parsed, by the real `az`
too. `func`, `azd`, `curl` and our own commands are stood in for; tests/tools looks at their flags.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from acr_global_rig.arm import PRINCIPAL, LoopbackArm
from acr_global_rig.arm.paths import group_id
from tools.az import AZURE_CLI, certificate, environment, sign_in
from tools.shell_blocks import ROOT, Block, blocks
from tools.venvs import venv

APP, REGISTRY, REGIONS = "func-acr-global", "contoso", ("westeurope", "northeurope")
URL = f"https://{APP}.azurewebsites.net"
OUTPUTS = {
    "functionAppName": APP,
    "functionAppUrl": URL,
    "identityPrincipalId": PRINCIPAL,
    "vaultName": "kv-acr-global",
    "rolesToAssign": [],
}

STAND_IN = """#!/bin/sh
[ "$(basename "$0")" != curl ] || { cat >/dev/null; echo '[]'; }
"""
AZ = '''#!{python}
"""`az`, or its parser alone where a command would reach for more than the resource manager."""
import os, sys
arguments = sys.argv[1:]
parsed = [["keyvault", "secret", "set"], ["functionapp", "deployment", "source", "config-zip"]]
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
'''


def set_up(arm: LoopbackArm) -> None:
    """Nothing but a registry of two regions with our webhooks and role, a deployment that has gone
    well, and a host that has not yet found its functions."""
    arm.store.clear()
    registry = arm.add_registry(REGISTRY, "westeurope", REGIONS)
    site = arm.add_site(APP, URL, ["WarmUp", "ImagePush"])
    site.keys("ImagePush")[REGISTRY] = "a-key"
    site.find_later()
    for region in REGIONS:
        uri = f"{URL}/api/ImagePush?region={region}"
        registry.add_webhook(f"acrglobal{region}", region, uri, {"x-functions-key": "a-key"})
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


def programs(folder: Path, environ: dict[str, str]) -> str:
    """A PATH on which all but `az` and the hook are stood in for, and `az` is ours."""
    real = venv("azure-cli", AZURE_CLI) / "az"
    scripts = dict.fromkeys(("func", "azd", "curl", "python", "acr-global"), STAND_IN)
    scripts["az"] = AZ.format(python=real.with_name("python"), az=str(real))
    for name, script in scripts.items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return os.pathsep.join((str(folder), environ["PATH"]))


def run(block: Block, environ: dict[str, str]) -> bool:
    """Whether a block runs to its end; what it says where it does not."""
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.script],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    print(f"{block}: {'fine' if ended.returncode == 0 else 'FAILED'}", flush=True)
    if ended.returncode:
        print(block.script, ended.stdout, ended.stderr, sep="\n")
    return ended.returncode == 0


def leaked(arm: LoopbackArm) -> list[str]:
    """Webhooks that were given a key by their URL."""
    bodies = [body for _, _, body in arm.asked if isinstance(body, dict)]
    addresses = [str((body.get("properties") or {}).get("serviceUri", "")) for body in bodies]
    return [f"a key in a webhook's URL: {uri}" for uri in addresses if "code=" in uri]


def main(documents: list[str]) -> int:
    """0 only if every block runs, of these documents or all, and tearing down leaves nothing of
    ours at the registry."""
    if not shutil.which("bicep"):
        print("error: `bicep` is not on PATH, and az would fetch one", file=sys.stderr)
        return 2
    chosen = [
        block
        for block in blocks()
        if "az " in block.script and (not documents or block.document.name in documents)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trusted = certificate(folder)
        environ = environment(folder, trusted)
        with LoopbackArm(trusted) as arm:
            arm.outputs = OUTPUTS
            sign_in(arm.url, environ)
            environ["PATH"] = programs(folder, environ)
            failed: list[object] = []
            for document in dict.fromkeys(block.document for block in chosen):
                set_up(arm)
                failed += [b for b in chosen if b.document == document and not run(b, environ)]
                if document.name == "deploying.md":
                    left = [i for i in arm.store.ids() if "/webhooks/" in i or "/role" in i]
                    failed += [f"left after the teardown: {key}" for key in left]
            failed += leaked(arm)
    print("\n".join(f"error: {one}" for one in failed) or f"all {len(chosen)} blocks run")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
