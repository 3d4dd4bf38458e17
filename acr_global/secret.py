"""Values that nobody may see: written out in a setting, or `{"$secret": "NAME"}`.

A reference names an environment setting and is resolved at the time of sending, so that a new
value is used without a restart and no state that is kept ever holds it.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import PlainValidator, SecretStr

from acr_global.errors import RenderError
from acr_global.setting_names import letters

REFERENCE_KEY = "$secret"
MIN_KEY_BYTES = 24
MAX_KEY_BYTES = 64
"""Bounds of a signing key. Source: the Standard Webhooks specification, `Signature scheme`."""

_QUOTES = "\"'`\u00b4\u201a\u201e\uff02\uff07"
"""And all that Unicode calls opening or closing quotes: see _is_quote. In pairs or not, files of
settings, shells and word processors put them around values."""

_BLANK = " \t\r\n\f\v\xa0\u200b\u200c\u200d\u2060\ufeff"
_UNRESOLVED = re.compile(r"@Microsoft\.([a-z]{1,30})\s*\(", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"\$\{.*\}|\$\([^()]*\)|\{\{.*\}\}|#\{.*\}#|%\w+%|<.*>|\[.*\]|\*{3,}", re.DOTALL
)
_SCHEME = re.compile(
    r"(bearer|basic|token|digest|apikey|authorization)(?:\s+|\s*:(?!/))", re.IGNORECASE
)
_ESCAPED = re.compile(r"\\[rnt]\Z")
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


def bare(text: str) -> str:
    """Without what is never part of a secret: blanks, line ends and byte order marks around it.
    Files, pipes and portals leave them there."""
    return text.strip(_BLANK).strip()


def unresolved(text: str, *, inside: bool = False) -> str | None:
    """What to say of a text that holds a reference of the platform's, in place of its value.

    One that could not be resolved stands in the environment as written; it is resolved only where
    it is the whole of an app setting, not `inside` another text. Sources, both at
    learn.microsoft.com/azure/app-service: app-service-key-vault-references (troubleshooting),
    app-service-configuration-references.
    """
    found = _UNRESOLVED.search(text)
    if not found:
        return None
    kind, role = {
        "keyvault": ("a Key Vault reference", "Key Vault Secrets User"),
        "appconfiguration": ("an App Configuration reference", "App Configuration Data Reader"),
    }.get(found[1].lower(), ("a reference", "that it needs"))
    if inside or bare(text[: found.start()]):
        return (
            f"holds {kind} inside another text, where the platform resolves none: it must be the "
            "whole of an app setting (of which a target says the name, by $secret)"
        )
    return (
        f"is {kind} that the platform has not resolved: the portal shows its status beside the app "
        "setting (Environment variables), and the reason; most often the app's identity, the one "
        f"that keyVaultReferenceIdentity names, lacks the role {role}"
    )


def around(text: str) -> str | None:
    """What to say of a secret that has something around it, or is only a secret's place."""
    if _is_quote(text[:1]) or _is_quote(text[-1:]):
        return "has quotes around it; give it without them"
    if scheme := _SCHEME.match(text):
        return f"begins with the word {scheme[1].capitalize()}; give it without"
    return _wrapping(text)


def _is_quote(char: str) -> bool:
    return bool(char) and (char in _QUOTES or unicodedata.category(char) in ("Pi", "Pf"))


def quoted(text: str) -> str | None:
    """What to say of a text that has quotes around it."""
    whole = len(text) > 1 and _is_quote(text[0]) and _is_quote(text[-1])
    return "has quotes around it; give it without them" if whole else None


def _wrapping(text: str) -> str | None:
    if said := quoted(text):
        return said
    if _PLACEHOLDER.fullmatch(text):
        return "is a placeholder, or stands in brackets; put the value there alone"
    if _ESCAPED.search(text):
        return "ends in a line end that is written out, as \\n; give it without"
    return None


def check_alone(what: str, value: str, reason: str) -> None:
    """Raise RenderError where a secret has something around it. Never shows the value."""
    if said := around(value):
        raise RenderError(f"{what} {said}", reason=reason)


def check_unwrapped(what: str, value: str, reason: str) -> None:
    """The same of a value that may begin with a word of its own, or end in a quote."""
    if said := _wrapping(value):
        raise RenderError(f"{what} {said}", reason=reason)


def setting_of(value: SecretRef) -> str:
    """How the setting that holds a secret is called. A name that is not in capitals is not said:
    it may be the secret itself, put where its name belongs."""
    return f"setting {value.name}" if _USUAL.fullmatch(value.name) else "a setting named in $secret"


def _nearly(name: str, secrets: Mapping[str, str]) -> str:
    """What to add where the name is there in another spelling."""
    same = (n for n, value in secrets.items() if value.strip() and letters(n) == letters(name))
    return "; another spelling of that name is" if any(same) else ""


def resolve(value: SecretStr | SecretRef, secrets: Mapping[str, str]) -> str:
    """The secret itself, without what is never part of one.

    Raises RenderError `secret-unset`, which names the setting, never a value.
    """
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    found, name = bare(secrets.get(value.name, "")), setting_of(value)
    if not found:
        raise RenderError(f"{name} is not set{_nearly(value.name, secrets)}", reason="secret-unset")
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
