"""The real `az`, pointed at a resource manager on this machine: nothing of it reaches Azure."""

from __future__ import annotations

import os
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tools.loopback_arm import PRINCIPAL, SUBSCRIPTION, TENANT
from tools.venvs import venv

AZURE_CLI = "azure-cli==2.91.0"


def certificate(folder: Path) -> Path:
    """A certificate for `localhost`, with its key, that whoever is told to may trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def environment(folder: Path, trusted: Path) -> dict[str, str]:
    """For processes that call `az`: a home of its own, our certificate, no telemetry."""
    real = venv("azure-cli", AZURE_CLI) / "az"
    own = folder / "az-alone"  # and not the Python that lies beside it
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
    """Make the loopback a cloud, and sign in to it. Raises CalledProcessError."""
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
