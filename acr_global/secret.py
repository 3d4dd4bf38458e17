"""Values that nobody may see: written out in a setting, or `{"$secret": "NAME"}`.

A reference names an environment setting and is resolved at the time of sending, so that a new
value is used without a restart and no state that is kept ever holds it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import PlainValidator, SecretStr

from acr_global.errors import RenderError

REFERENCE_KEY = "$secret"
UNRESOLVED_PREFIX = "@Microsoft.KeyVault("
"""A Key Vault reference that could not be resolved stands in the environment as written.
Source: learn.microsoft.com/azure/app-service/app-service-key-vault-references, troubleshooting.
"""

MIN_KEY_BYTES = 24
MAX_KEY_BYTES = 64
"""Bounds of a signing key. Source: the Standard Webhooks specification, `Signature scheme`."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_USUAL = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_KEY_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret by the name of the environment setting that holds it."""

    name: str


def _read(value: object) -> SecretStr | SecretRef:
    if isinstance(value, SecretStr | SecretRef):
        return value
    if isinstance(value, str) and value.strip():
        return SecretStr(value.strip())
    if isinstance(value, dict) and value.keys() == {REFERENCE_KEY}:
        name = value[REFERENCE_KEY]
        if isinstance(name, str) and _NAME.fullmatch(name):
            return SecretRef(name)
        raise ValueError("$secret must be the name of a setting: letters, digits, underscores")
    raise ValueError('must be text or {"$secret": "NAME"}')


Secret = Annotated[SecretStr | SecretRef, PlainValidator(_read)]
"""A field that holds a secret, masked in repr and in error texts."""


def resolve(value: SecretStr | SecretRef, secrets: Mapping[str, str]) -> str:
    """The secret itself, without surrounding blanks.

    Raises RenderError `secret-unset`, which names the setting, never a value. A name that is not
    in capitals is not said: it may be the secret itself, put where its name belongs.
    """
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    found = secrets.get(value.name, "").strip()
    name = f"setting {value.name}" if _USUAL.fullmatch(value.name) else "a setting named in $secret"
    if not found:
        raise RenderError(f"{name} is not set", reason="secret-unset")
    if found.startswith(UNRESOLVED_PREFIX):
        raise RenderError(
            f"{name} is a Key Vault reference that could not be resolved",
            reason="secret-unset",
        )
    return found


def signing_key(secret: str) -> bytes:
    """The key in a Standard Webhooks secret: base64, with or without the prefix `whsec_`.

    Raises RenderError `secret-invalid`.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise RenderError(
            "a signing secret must be whsec_ and the base64 form of 24 to 64 bytes",
            reason="secret-invalid",
        )
    return key
