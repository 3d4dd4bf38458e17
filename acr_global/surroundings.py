"""Text around a value in a setting, or in its place, that is not part of it. Pure.

Settings files are no shells, and pipelines can fail to fill in: quotes, words, placeholders and
references arrive as they were written. Each function returns what is wrong, in words that follow
the name of the value, and never shows the value.
"""

from __future__ import annotations

import re
import unicodedata

_QUOTES = "\"'`\u00b4\u201a\u201e\uff02\uff07"
"""Besides all that Unicode calls opening or closing quotes: see _is_quote. Settings files, shells
and word processors put them around values, in pairs or not."""

_BLANK = " \t\r\n\f\v\xa0\u200b\u200c\u200d\u2060\ufeff"
_UNRESOLVED = re.compile(r"@Microsoft\.([a-z]{1,30})\s*\(", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"\$\{.*\}|\$\([^()]*\)|\{\{.*\}\}|#\{.*\}#|%\w+%|<.*>|\[.*\]|\*{3,}", re.DOTALL
)
_SCHEME = re.compile(
    r"(bearer|basic|token|digest|apikey|authorization)(?:\s+|\s*:(?!/))", re.IGNORECASE
)
_ESCAPED = re.compile(r"\\[rnt]\Z")


def bare(text: str) -> str:
    """The text without blanks, line ends and byte order marks around it, which are never part of a
    secret. Files, pipes and portals leave them there."""
    return text.strip(_BLANK).strip()


def unresolved(text: str, *, inside: bool = False) -> str | None:
    """What to say of a text that holds a reference of the platform's, in place of its value.

    One that could not be resolved stands in the environment as written; it is resolved only where
    it is the whole of an app setting, not `inside` another text. Sources, both at
    learn.microsoft.com/azure/app-service: app-service-key-vault-references (troubleshooting),
    app-service-configuration-references. Without its end: Azure/azure-cli#8506.
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
    if ")" not in text:
        return f"is {kind} without its closing parenthesis, which some shells take away"
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
    return wrapped(text)


def _is_quote(char: str) -> bool:
    return bool(char) and (char in _QUOTES or unicodedata.category(char) in ("Pi", "Pf"))


def quoted(text: str) -> str | None:
    """What to say of a text that has quotes around it."""
    whole = len(text) > 1 and _is_quote(text[0]) and _is_quote(text[-1])
    return "has quotes around it; give it without them" if whole else None


def wrapped(text: str) -> str | None:
    """The same of a text that may begin with a word of its own, or end in a quote."""
    if said := quoted(text):
        return said
    if _PLACEHOLDER.fullmatch(text):
        return "is a placeholder, or stands in brackets; put the value there alone"
    if _ESCAPED.search(text):
        return "ends in a line end that is written out, as \\n; give it without"
    return None
