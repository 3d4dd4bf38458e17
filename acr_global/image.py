"""An image as people name it: `registry/repository:tag@digest`, or a part of that. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from acr_global.urls import parse_host

_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
"""Source: the OCI image specification, descriptor.md, `Digests`."""

_NO_SIGNS = frozenset("/:")
"""In no tag."""


@dataclass(frozen=True, slots=True)
class Image:
    """What was named; at least a repository or a digest."""

    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None


def parse_image(text: str) -> Image:
    """The parts of an image's name, or a digest alone.

    The first part is the registry where it has a dot or a port, or is `localhost`, as with
    docker. Blanks around it are no part of it. Raises ValueError with one sentence.
    """
    text = text.strip()
    if "://" in text:
        raise ValueError("must be without oci:// or https:// before it, such as team/app:v2")
    if _DIGEST.fullmatch(text):
        return Image(digest=text)
    name, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise ValueError("what follows the @ is no digest, such as sha256:0123...")
    registry = None
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, name = parse_host(first), rest
    repository, colon, tag = name.partition(":")
    if not repository or (colon and not tag) or not _NO_SIGNS.isdisjoint(tag):
        raise ValueError("must be REGISTRY/REPOSITORY:TAG or @DIGEST, such as team/app:v2")
    if repository != repository.lower():
        raise ValueError(
            "must have no capitals in the repository: registries know it in small letters only"
        )
    return Image(registry, repository, tag or None, digest or None)
