"""Secret values: written out in a setting, or `{"$secret": "NAME"}`.

A reference names an environment setting and is resolved at the time of sending, so that a new
value is used without a restart, and no stored state ever holds it.
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
from acr_global.setting_names import letters
from acr_global.surroundings import around, bare, unresolved, wrapped

REFERENCE_KEY = "$secret"
MIN_KEY_BYTES = 24
MAX_KEY_BYTES = 64
"""Bounds of a signing key. Source: the Standard Webhooks specification, `Signature scheme`."""
CUT_CHARS = 50
"""No shorter name is cut off by App Service on Linux: 53 characters have been seen to be left, and
64. Sources: azure-functions-host#6855, MicrosoftDocs/azure-docs#36178."""

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
    if isinstance(value, str) and bare(value):
        return SecretStr(bare(value))
    if isinstance(value, dict) and value.keys() == {REFERENCE_KEY}:
        name = value[REFERENCE_KEY]
        if isinstance(name, str) and _NAME.fullmatch(name):
            return SecretRef(name)
        raise ValueError("$secret must be the name of a setting: letters, digits, underscores")
    raise ValueError('must be text or {"$secret": "NAME"}')


Secret = Annotated[SecretStr | SecretRef, PlainValidator(_read)]
"""A field that holds a secret, masked in repr and in error texts."""


def check_alone(what: str, value: str, reason: str) -> None:
    """Raise RenderError where a secret has something around it. Never shows the value."""
    if said := around(value):
        raise RenderError(f"{what} {said}", reason=reason)


def check_unwrapped(what: str, value: str, reason: str) -> None:
    """The same of a value that may begin with a word of its own, or end in a quote."""
    if said := wrapped(value):
        raise RenderError(f"{what} {said}", reason=reason)


def setting_of(value: SecretRef) -> str:
    """The name of the setting that holds a secret. A name that is not in capitals is not shown: it
    may be the secret itself, put where its name belongs."""
    return f"setting {value.name}" if is_usual(value) else "a setting named in $secret"


def is_usual(value: SecretRef) -> bool:
    """Whether the name is in capitals, as a setting's is, so that it may be shown."""
    return bool(_USUAL.fullmatch(value.name))


def _nearly(name: str, environ: Mapping[str, str]) -> str:
    """What to add where the name is there in another spelling, or cut off."""
    there = [n for n, value in environ.items() if value.strip()]
    if any(letters(n) == letters(name) for n in there):
        return "; another spelling of that name is"
    if any(len(n) >= CUT_CHARS and name.startswith(n) for n in there):
        return (
            "; the beginning of that name is: App Service cuts long ones, so give it a shorter one"
        )
    return ""


def resolve(value: SecretStr | SecretRef, environ: Mapping[str, str]) -> str:
    """The secret itself, without what is never part of one.

    Raises RenderError `secret-unset`, which names the setting, never a value.
    """
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    found, name = bare(environ.get(value.name, "")), setting_of(value)
    if not found:
        raise RenderError(f"{name} is not set{_nearly(value.name, environ)}", reason="secret-unset")
    if said := unresolved(found):
        raise RenderError(f"{name} {said}", reason="secret-unset")
    return found


def signing_key(secret: str) -> bytes:
    """The key in a Standard Webhooks secret: base64, with or without the prefix `whsec_`.

    Raises RenderError `secret-invalid`.
    """
    check_alone("a signing secret", secret, "secret-invalid")
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
