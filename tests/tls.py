"""TLS for a server whose certificate no public authority vouches for."""

from __future__ import annotations

import ssl
import tempfile
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509

from acr_global_rig.certificates import self_signed


@cache
def untrusted() -> ssl.SSLContext:
    """A server context with a self-signed certificate for 127.0.0.1."""
    with tempfile.TemporaryDirectory() as folder:
        return own(Path(folder) / "untrusted.pem")


def own(pem: Path) -> ssl.SSLContext:
    """The same, with the certificate and its key left in a file, by which it can be trusted."""
    pem.write_bytes(self_signed(x509.IPAddress(ip_address("127.0.0.1"))))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context
