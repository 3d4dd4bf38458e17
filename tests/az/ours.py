"""Our own commands beside `az`: they ask the same resource manager."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm
from tests.az.both import APP, REGISTRY, Both
from tools.shell_blocks import ROOT

URL = f"https://{APP}.azurewebsites.net"


@dataclass(frozen=True)
class Ours:
    """`acr-global webhooks`, for the registry and the app of both clients."""

    both: Both
    environ: dict[str, str]

    def __call__(self, command: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Run one; what it wrote."""
        return subprocess.run(
            [
                *[sys.executable, "-m", "acr_global", "webhooks", command],
                *["--registry", REGISTRY, "--url", URL, *more],
            ],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def steps(self) -> Any:
        """What is planned."""
        return json.loads(self("plan", "--json").stdout)["steps"]


def signed_in(both: Both) -> dict[str, str]:
    """In which our commands sign in here as an app does, which takes no `az`."""
    return by_login(both) | both.arm.environ


def by_login(both: Both) -> dict[str, str]:
    """In which our commands sign in here by the login of az."""
    there = {"ACR_GLOBAL_ARM_ENDPOINT": both.arm.url, "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION}
    return both.az.environ | there


def writes(arm: LoopbackArm) -> list[tuple[str, str]]:
    """Method and path of each request that would change something."""
    return [(a.method, a.target) for a in arm.asked if a.method in ("PUT", "PATCH", "DELETE")]
