"""After a publish: waits until the host lists our functions, registers the webhooks, and runs the
doctor.

A publish can "succeed" and leave an app with no function, or with only the platform's warm-up
function (Azure/azure-functions-host#10169, #11915). So the host is told to sync until ours are
listed. Then, where ACR_GLOBAL_REGISTRY_ID names the registry and the packages of the commands are
there: `webhooks apply`, `webhooks ping`, `doctor`. Otherwise it says what remains to be done by
hand.

azd runs this after a deployment, with the packages of requirements.txt beside it; by hand:
`python infra/hooks/postdeploy.py GROUP APP`. It needs `az`, signed in.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 300.0
EVERY = 10.0
"""Seconds between looks: a cold host takes half a minute or so to find its functions."""

WAKES_WITHIN = 60.0
"""Seconds: a registry gives up after 5, so the app is woken before it is pinged."""

HOST = "[id, defaultHostName || properties.defaultHostName]"
"""Of a site. `az` shows one on Flex Consumption as ARM does, others flat. Source: azure-cli 2.91,
`show_functionapp`."""

PROGRAM = [sys.executable, "-m", "acr_global"]
PACKAGES = [
    *("typer", "rich", "pydantic", "aiohttp"),
    *("azure.identity", "azure.mgmt.containerregistry", "azure.mgmt.web"),
]
"""The packages that `webhooks` and `doctor` import."""
FINE, NOT_ASKED = 0, 4
"""Exit codes of the doctor: all is well; nothing is wrong, as far as could be asked."""

REMAINS = """
{why}
What remains is a webhook for each region, with a key of its own. In bash, from here:

{block}
Then docs/deploying.md, See that it works.
"""
VERIFIED = "Set up, and nothing is wrong with it."
UNSEEN = "Nothing is wrong, as far as could be asked: what begins with \N{EN DASH} could not be."
MISSING = "Published, and not set up: what is missing stands above, with what to do."
NOT_THERE = """
error: after {seconds:.0f} s the host does not list: {missing}.
An import error gives no functions, and no word of it: look into the log stream, or the table
FunctionAppLogs of the workspace. Where it was the first publish after roles were assigned, they
may not have spread yet: wait a minute and publish again.
"""


def expected() -> set[str]:
    """The names of our functions, as the app registers them whatever its settings say."""
    sys.path.insert(0, str(ROOT))
    from acr_global.functions.durable import names

    return set(names.always())


def registration(group: str) -> str:
    """The docs' commands that register the webhooks, with the values of this deployment at
    their top."""
    text = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    _, _, section = text.partition("## Register the webhooks")
    block = section.partition("```sh\n")[2].partition("```")[0]
    registry = os.environ.get("ACR_GLOBAL_REGISTRY_ID", "").rsplit("/", 1)[-1]
    known = {"group": group, "registry": registry}
    for name, value in known.items():
        if value:
            block = re.sub(rf"(?m)^{name}=.*$", f"{name}={shlex.quote(value)}", block)
    return block


def az(*arguments: str) -> str:
    """The output of an `az` command. Raises CalledProcessError."""
    return subprocess.run(
        ["az", *arguments, "--output", "json"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def listed(group: str, app: str) -> set[str]:
    """The functions that the host has found; `az` names each APP/FUNCTION."""
    said = az("functionapp", "function", "list", "--resource-group", group, "--name", app)
    return {function["name"].rsplit("/", 1)[-1] for function in json.loads(said or "[]")}


def look_again(group: str, app: str) -> None:
    """Tell the platform to ask the host anew what functions it has."""
    site = f"resourceGroups/{group}/providers/Microsoft.Web/sites/{app}"
    url = f"/subscriptions/{{subscriptionId}}/{site}/host/default/sync?api-version=2025-03-01"
    az("rest", "--method", "post", "--url", url)


def lacking() -> str | None:
    """The first package of the commands that is not installed here."""
    for name in PACKAGES:
        try:
            importlib.import_module(name)
        except ImportError:
            return name
    return None


def surroundings(group: str, app: str) -> tuple[str, dict[str, str]]:
    """The app's ARM id, and the environment of the commands. It holds a key of the app, which is so
    in no list of processes. Raises CalledProcessError."""
    about = ("--resource-group", group, "--name", app)
    site, host = json.loads(az("functionapp", "show", *about, "--query", HOST))
    own = {"FUNCTION_APP_URL": f"https://{host}", "PYTHONPATH": str(ROOT)}
    with contextlib.suppress(
        subprocess.CalledProcessError
    ):  # the doctor says that the key is missing
        keys = az("functionapp", "keys", "list", *about, "--query", "functionKeys.default")
        own["FUNCTION_APP_KEY"] = json.loads(keys)
    return site, {**os.environ, **own}


def wake(url: str) -> None:
    """Ask the app once, whatever it answers."""
    with contextlib.suppress(OSError):
        urllib.request.urlopen(f"{url}/api/health", timeout=WAKES_WITHIN).close()  # noqa: S310 # ours


def set_up(group: str, app: str, registry: str) -> int:
    """Register the webhooks and run the doctor; 0 where nothing is wrong."""
    site, environ = surroundings(group, app)
    which = ["--registry", registry, "--app", site]
    wake(environ["FUNCTION_APP_URL"])
    codes = list(_each(["webhooks apply", "webhooks ping"], which, environ))
    codes += _each(["doctor"], which, environ)
    print(f"\n{ {FINE: VERIFIED, NOT_ASKED: UNSEEN}.get(codes[-1], MISSING) }")
    return int(codes[-1] not in (FINE, NOT_ASKED))


def _each(commands: list[str], which: list[str], environ: dict[str, str]) -> Iterator[int]:
    """Run them one after the other, up to the first that fails; yields their exit codes."""
    for command in commands:
        print(f"\nacr-global {command}", flush=True)
        ended = subprocess.run([*PROGRAM, *command.split(), *which], env=environ, cwd=ROOT)
        yield ended.returncode
        if ended.returncode:
            return


def main(arguments: list[str]) -> int:
    """Run the hook; 0 when every function of ours is listed and nothing is found wrong."""
    try:
        group, app = arguments or (
            os.environ["AZURE_RESOURCE_GROUP"],
            os.environ["functionAppName"],
        )
    except (KeyError, ValueError):
        print("usage: postdeploy.py GROUP APP", file=sys.stderr)
        return 2
    began, wanted = time.monotonic(), expected()
    while missing := wanted - listed(group, app):
        if time.monotonic() - began > WITHIN:
            said = NOT_THERE.format(seconds=WITHIN, missing=", ".join(sorted(missing)))
            print(said, file=sys.stderr)
            return 1
        print(f"the host lists {len(wanted - missing)} of {len(wanted)} functions so far")
        look_again(group, app)
        time.sleep(EVERY)
    registry, package = os.environ.get("ACR_GLOBAL_REGISTRY_ID", ""), lacking()
    if registry and not package:
        return set_up(group, app, registry)
    why = f"Published: the host lists all {len(wanted)} functions."
    if registry:
        install = "python -m pip install '.[cli]'"
        why += f"\nThe package {package} is not here: {install}, and run this again."
    print(REMAINS.format(why=why, block=registration(group)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
