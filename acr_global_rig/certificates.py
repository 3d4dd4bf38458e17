"""Certificates for servers on this machine, made for each run: the repository holds no key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def self_signed(place: x509.GeneralName, *, ca: bool = False) -> bytes:
    """Key and certificate for one place, in PEM, good for a day and signed by itself.

    `ca`: it is marked as a certificate authority, which some libraries require of a certificate
    that they are told to trust.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([place]), critical=False)
    )
    if ca:
        limits = x509.BasicConstraints(ca=True, path_length=0)
        certificate = certificate.add_extension(limits, critical=True)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    signed = certificate.sign(key, hashes.SHA256())
    return private + signed.public_bytes(serialization.Encoding.PEM)
