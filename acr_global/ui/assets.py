"""The stylesheet, the script and the symbol. Their addresses name their content, so that a browser
keeps them until a release changes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = "/api/ui-assets"
"""Apart from the pages' addresses, which one function answers, whatever follows."""

FOLDER = Path(__file__).with_name("static")

KINDS = {
    "style.css": "text/css; charset=utf-8",
    "script.js": "text/javascript; charset=utf-8",
    "signin.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""Each file and its media type."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    body: bytes
    kind: str
    mark: str
    """Of its content."""


@cache
def find(name: str) -> Asset | None:
    """A file by its name; None where there is none."""
    if name not in KINDS:
        return None
    body = (FOLDER / name).read_bytes()
    return Asset(body, KINDS[name], hashlib.sha256(body).hexdigest()[:12])


def path(name: str) -> str:
    """Its address. Raises KeyError where there is none, which is a template's mistake."""
    asset = find(name)
    if asset is None:
        raise KeyError(name)
    return f"{ROOT}/{name}?v={asset.mark}"
