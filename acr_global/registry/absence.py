"""What is asked for at a region's endpoint, and what its answer proves. Pure.

A registry answers 404 to whoever does not name the manifest's own media type in Accept: to GET it
says why (`OCI manifest found, but accept header does not support OCI manifests`, distribution
2.8), to HEAD it says nothing. So every type is named, the pushed one's own first; and a 404 proves
absence only where the registry says so in its own words.

Sources: OCI distribution spec 1.1, `Error Codes`; OCI image spec 1.1 and 1.1-rc2 (artifact
manifest); distribution's spec of manifest v2 schema 1 and 2; ORAS artifact spec.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from acr_global.model import Action
from acr_global.registry.guard import CheckFailedError, Seen
from acr_global.registry.question import Question

MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.artifact.manifest.v1+json",
    "application/vnd.cncf.oras.artifact.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.docker.distribution.manifest.v1+json",
)

_OWN_TYPE = re.compile(r"application/vnd\.[a-z0-9][a-z0-9.+-]{0,98}")
"""A media type from a webhook's body, which may hold anything, is used where it looks like one of
a manifest."""
_ABSENT = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN"})
_THERE = re.compile(
    r"found, but|accept header|client accepts|media ?type|acceptable", re.IGNORECASE
)
"""In a MANIFEST_UNKNOWN's message: it is there, but not in a form that was asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A registry's answer about one manifest."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""
    """Of an error, its beginning; HEAD has none."""


def own_type(question: Question) -> str | None:
    """The pushed manifest's media type, as the event says it; None where it is of no use."""
    kind = (question.media_type or "").split(";")[0].strip().lower()
    return kind if _OWN_TYPE.fullmatch(kind) else None


def accept_all(question: Question) -> str:
    """Every type that a manifest may have, its own first, without weights: some registries
    compare the words as they are."""
    own = own_type(question)
    return ", ".join(dict.fromkeys((*((own,) if own else ()), *MANIFEST_TYPES, "*/*")))


def judge_answer(question: Question, answer: Answer) -> Seen:
    """What an answer means for the push, or for the deletion.

    Raises CheckFailedError where nothing can be said.
    """
    deleted = question.action == Action.DELETE
    if answer.status == 200:
        if not _is_manifest(question, answer.headers):
            raise CheckFailedError("answered 200, but not with this manifest")
        if deleted:
            return Seen(False, "still readable there", absent=True)
        return Seen(True, "readable there")
    if answer.status == 404:
        absent = proves_absence(answer)
        if not deleted:
            return Seen(False, "not readable there (404)", absent=absent)
        if not absent:
            raise CheckFailedError("answered 404, but not that it has no such manifest")
        return Seen(True, "gone there (404)")
    raise CheckFailedError(f"answered {answer.status}")


def proves_absence(answer: Answer) -> bool:
    """Whether a 404 is a registry's own word that it has no such manifest, or no such repository.

    Without a body the mark of the distribution API counts. A 404 that no registry gave, or that
    speaks of something else (a layer, a right, the form that was asked for), proves nothing.
    """
    if not answer.body.strip():
        return answer.headers.get("docker-distribution-api-version") == "registry/2.0"
    errors = _errors(answer.body)
    return bool(errors) and all(
        str(error.get("code")).upper() in _ABSENT and not _THERE.search(str(error.get("message")))
        for error in errors
    )


def _is_manifest(question: Question, headers: Mapping[str, str]) -> bool:
    named = headers.get("docker-content-digest")
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    known = kind in MANIFEST_TYPES or kind == own_type(question)
    return named == question.digest if named else known


def _errors(body: bytes) -> list[dict[str, Any]]:
    try:
        errors = json.loads(body)["errors"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    if not isinstance(errors, list) or not all(isinstance(error, dict) for error in errors):
        return []
    return errors
