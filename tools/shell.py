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
from typing import Any

from acr_global.functions import names
from tools.az import AZURE_CLI, certificate, environment, sign_in
from tools.loopback_arm import PRINCIPAL, SUBSCRIPTION, LoopbackArm
from tools.shell_blocks import ROOT, Block, blocks
from tools.venvs import venv

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/acr-global"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/func-acr-global"
REGISTRY = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/registries"
    "/providers/Microsoft.ContainerRegistry/registries/contoso"
)
OUTPUTS = {
    "functionAppName": "func-acr-global",
    "functionAppUrl": "https://func-acr-global.azurewebsites.net",
    "identityPrincipalId": PRINCIPAL,
    "vaultName": "kv-acr-global",
    "rolesToAssign": [],
}
FUNCTIONS = sorted(value for name, value in vars(names).items() if name.isupper())

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


def resource(path: str, **more: Any) -> dict[str, Any]:
    """A resource as it is listed, with its type from its path."""
    namespace, *rest = path.rsplit("/providers/", 1)[1].split("/")
    about = {"id": path, "name": rest[-1], "type": "/".join([namespace, *rest[::2]])}
    return {path: {**about, "location": "westeurope", "properties": {}, **more}}


def there_already() -> dict[str, Any]:
    """A registry of two regions with our webhooks and role, and a deployment that has gone well."""
    outputs = {name: {"type": "Object", "value": value} for name, value in OUTPUTS.items()}
    deployment = f"{GROUP}/providers/Microsoft.Resources/deployments/acr-global"
    authorization = "providers/Microsoft.Authorization"
    role_id = f"{REGISTRY.partition('/providers/')[0]}/{authorization}/roleDefinitions/r1"
    role = {"roleName": "acr-global evidence func-acr-global contoso", "type": "CustomRole"}
    found = resource(REGISTRY, sku={"name": "Premium"}, properties={"loginServer": "contoso"})
    for region in ("westeurope", "northeurope"):
        found |= resource(f"{REGISTRY}/replications/{region}")
        found |= resource(f"{REGISTRY}/webhooks/acrglobal{region}", location=region)
    found |= resource(deployment, properties={"provisioningState": "Succeeded", "outputs": outputs})
    found |= resource(SITE, kind="functionapp,linux")
    found |= resource(f"{SITE}/functions/WarmUp")
    found |= resource(f"{SITE}/functions/ImagePush/keys/contoso")
    found |= resource(role_id, properties={**role, "permissions": [], "assignableScopes": []})
    found |= resource(
        f"{REGISTRY}/{authorization}/roleAssignments/a1",
        properties={"principalId": PRINCIPAL, "roleDefinitionId": role_id, "scope": REGISTRY},
    )
    return found


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
        with LoopbackArm(trusted, OUTPUTS, there_already()) as arm:
            arm.after_sync = {k: v for f in FUNCTIONS for k, v in _function(f).items()}
            sign_in(arm.url, environ)
            environ["PATH"] = programs(folder, environ)
            failed: list[object] = []
            for document in dict.fromkeys(block.document for block in chosen):
                arm.keep(there_already())
                failed += [b for b in chosen if b.document == document and not run(b, environ)]
                if document.name == "deploying.md":
                    left = [k for k in arm.kept if "/webhooks/" in k or "/role" in k]
                    failed += [f"left after the teardown: {key}" for key in left]
            failed += leaked(arm)
    print("\n".join(f"error: {one}" for one in failed) or f"all {len(chosen)} blocks run")
    return bool(failed)


def _function(name: str) -> dict[str, Any]:
    return resource(f"{SITE}/functions/{name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
