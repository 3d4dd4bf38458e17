"""After a publish: waits until the host lists our functions, and says what remains to be done.

A publish can "succeed" and leave an app with no function, or with a warm-up of the platform's own
(Azure/azure-functions-host#10169, #11915). So the host is told to look again until ours are there.
azd runs this after a deployment; by hand: `python infra/hooks/postdeploy.py GROUP APP`. It needs
`az`, signed in, and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 300.0
EVERY = 10.0
"""Seconds: a cold host takes some tens of them to find its functions."""

REMAINS = """
Published: the host lists all {count} functions.
What remains is a webhook for each region, with a key of its own. In bash, from here:

{block}
Then docs/deploying.md, See that it works.
"""
NOT_THERE = """
error: after {seconds:.0f} s the host does not list: {missing}.
An import error gives no functions, and no word of it: look into the log stream, or the table
FunctionAppLogs of the workspace. Where it was the first publish after roles were assigned, they
may not have spread yet: wait a minute and publish again.
"""


def expected() -> set[str]:
    """The names of our functions, as the app registers them."""
    sys.path.insert(0, str(ROOT))
    from acr_global.functions import names

    return {value for name, value in vars(names).items() if name.isupper()}


def registration(group: str) -> str:
    """The commands that register the webhooks: those of the docs, with what is known of this
    deployment at their top."""
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
    """What `az` answers. Raises CalledProcessError."""
    return subprocess.run(
        ["az", *arguments, "--output", "json"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def listed(group: str, app: str) -> set[str]:
    """The functions that the host has found; each is named APP/FUNCTION."""
    said = az("functionapp", "function", "list", "--resource-group", group, "--name", app)
    return {function["name"].rsplit("/", 1)[-1] for function in json.loads(said or "[]")}


def look_again(group: str, app: str) -> None:
    """Tell the platform to ask the host anew what functions it has."""
    site = f"resourceGroups/{group}/providers/Microsoft.Web/sites/{app}"
    url = f"/subscriptions/{{subscriptionId}}/{site}/host/default/sync?api-version=2025-03-01"
    az("rest", "--method", "post", "--url", url)


def main(arguments: list[str]) -> int:
    """0 when every function of ours is listed."""
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
    print(REMAINS.format(count=len(wanted), block=registration(group)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
