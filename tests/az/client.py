"""The real `az`, pointed at a resource manager on this machine: nothing reaches Azure."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from acr_global_rig.arm import PRINCIPAL, SUBSCRIPTION, TENANT
from acr_global_rig.certificates import self_signed
from tools.venvs import venv

AZURE_CLI = "azure-cli==2.91.0"


def certificate(folder: Path) -> Path:
    """A file with a certificate for `localhost` and its key, which `az` can be told to trust."""
    path = folder / "localhost.pem"
    path.write_bytes(self_signed(x509.DNSName("localhost"), ca=True))
    return path


def environment(folder: Path, trusted: Path) -> dict[str, str]:
    """The environment for processes that call `az`: its own home, our certificate, no telemetry."""
    real = venv("azure-cli", AZURE_CLI) / "az"
    own = folder / "az-alone"  # without the Python that lies beside it
    own.mkdir()
    (own / "az").write_text(f'#!/bin/sh\nexec {shlex.quote(str(real))} "$@"\n')
    (own / "az").chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return kept | {
        "PATH": os.pathsep.join((str(own), os.environ["PATH"])),
        "AZURE_CONFIG_DIR": str(folder / "azure"),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "yes",
        "AZURE_CORE_DISABLE_PROGRESS_BAR": "yes",
        "AZURE_BICEP_USE_BINARY_FROM_PATH": "true",
        "AZURE_BICEP_CHECK_VERSION": "false",
        "REQUESTS_CA_BUNDLE": str(trusted),
        "PYTHONPATH": "",
    }


def sign_in(url: str, environ: dict[str, str]) -> None:
    """Register the loopback as a cloud, and sign in to it. Raises CalledProcessError."""
    for command in (
        ["cloud", "register", "--name", "loopback", "--endpoint-resource-manager", url],
        ["cloud", "set", "--name", "loopback"],
        [
            *["login", "--service-principal", "--username", PRINCIPAL, "--password", "x"],
            *["--tenant", TENANT],
        ],
        ["account", "set", "--subscription", SUBSCRIPTION],
    ):
        subprocess.run(["az", *command, "--output", "none"], env=environ, check=True)


@dataclass(frozen=True)
class Az:
    """`az`, signed in."""

    environ: dict[str, str]
    folder: Path
    """For files that it is given."""

    def __call__(self, *arguments: str) -> Any:
        """Run a command; its answer from JSON, or None where there is none. Raises AzError."""
        ended = subprocess.run(
            ["az", *arguments, "--output", "json"],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if ended.returncode:
            raise AzError(ended.stderr)
        return json.loads(ended.stdout) if ended.stdout.strip() else None


class AzError(Exception):
    """`az` failed; the message is its output."""
