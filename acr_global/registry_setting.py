"""The setting ACR_GLOBAL_REGISTRIES → each registry's own policy, and a problem for what is wrong.

A mistake costs only what it names: for a wrong field the plain setting is in force; of an entry
that cannot be read, the regions cannot be known. Then the webhooks of that registry, and of no
other, must be refused: with regions that were not meant for it, it would be called complete too
early. Problems name a registry by its place, not its host: anybody can ask the health check.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from acr_global.errors import Problem
from acr_global.json_text import SAID_TWICE, TWICE, leaves, marked
from acr_global.lenient import Wrong, read
from acr_global.policy import Override
from acr_global.setting_values import json_object
from acr_global.surroundings import unresolved
from acr_global.urls import parse_host

SETTING = "ACR_GLOBAL_REGISTRIES"

REFUSED = "its webhooks are answered 503"
ALL_HEAR = "until then all targets hear of it"

_BARE = (
    "has a name without a dot, which is matched with the host in each event: say its login server, "
    "such as myregistry.azurecr.io"
)
"""The resource's name is not the login server's, which may even hold a hash. Source:
Azure/azure-cli#30404."""

_NOT_KNOWN = Override.model_construct(regions=())
_HOST_LIKE = re.compile(r"[a-z0-9.:\[\]-]+")


@dataclass(slots=True)
class Registries:
    """The registries that the setting lists."""

    policies: dict[str, Override] = field(default_factory=dict)
    """By host."""
    places: dict[str, int] = field(default_factory=dict)
    """By host: its position in the setting, from 1; empty where the setting cannot be read."""
    problems: list[Problem] = field(default_factory=list)


def parse_registries(raw: str) -> Registries:
    """The registries' own policies in the JSON object `raw`. Never raises."""
    found = Registries()
    try:
        entries = json_object(raw, marked)
    except ValueError as error:
        todo = (
            f"{error}; until then webhooks of a registry whose host stands in it are answered "
            "503, those of all others go by the plain settings"
        )
        return Registries(dict.fromkeys(_hosts_in(raw), _NOT_KNOWN), {}, [Problem(SETTING, todo)])
    for number, (name, entry) in enumerate(entries.items(), start=1):
        try:
            host = parse_host(name)
            found.policies[host], wrong = _read(TWICE if host in found.places else entry)
            found.places[host] = number
            if _is_bare(host):
                found.problems.append(problem_of(number, _BARE, "warning"))
        except ValueError as error:
            # Of whichever registry is meant the regions are not known.
            found.policies = dict.fromkeys(_hosts_in(name), _NOT_KNOWN) | found.policies
            wrong = [f"{error}; until then webhooks of a registry in its name are answered 503"]
        found.problems += [problem_of(number, text) for text in wrong]
    return found


def problem_of(number: int, text: str, severity: Literal["error", "warning"] = "error") -> Problem:
    """What is wrong with the nth registry."""
    return Problem(SETTING, f"registry {number}: {text}", severity)


def _is_bare(host: str) -> bool:
    """Whether it is more likely a registry's name in Azure than the host of a registry."""
    return not set(host) & set(".:") and host != "localhost"


def _hosts_in(raw: str) -> Iterator[str]:
    """Every host that a text that cannot be read may name. Some may be no hosts, which does no
    harm: no webhook comes from them."""
    for found in _HOST_LIKE.finditer(raw.lower()):
        try:
            yield parse_host(found[0].rstrip(".:"))
        except ValueError:
            continue


def _read(entry: object) -> tuple[Override, list[str]]:
    if not isinstance(entry, dict):
        what = _not_said(entry) or "must be a JSON object"
        return _NOT_KNOWN, [f"{what}; {REFUSED}"]
    unread = {field: said for field, value in entry.items() if (said := _not_said(value))}
    own, wrong = read(Override, {k: v for k, v in entry.items() if k not in unread})
    wrong += tuple(Wrong(field, said) for field, said in unread.items())
    if "regions" not in own.model_fields_set and any(_means_regions(w.field) for w in wrong):
        own = own.model_copy(update={"regions": ()})
    return own, [_sentence(w, own) for w in wrong]


def _not_said(value: object) -> str | None:
    """Why a field's value cannot be used."""
    if value is TWICE:
        return SAID_TWICE
    texts = (unresolved(part, inside=True) for _, part in leaves(value) if isinstance(part, str))
    return next(filter(None, texts), None)


def _means_regions(field: str) -> bool:
    """Whether a field is `regions`, or was probably meant to be."""
    return difflib.get_close_matches(field.lower()[:50], Override.model_fields, n=1) == ["regions"]


def _sentence(wrong: Wrong, own: Override) -> str:
    """What is wrong with a field, and what it costs."""
    known = wrong.field in Override.model_fields
    said = f"{wrong.field}: {wrong.message}" if known else wrong.message
    if _means_regions(wrong.field):
        return said if own.regions else f"{said}; {REFUSED}"
    if not known:
        return said
    if wrong.field == "targets":
        return f"{said}; {ALL_HEAR}"
    return f"{said}; until then the plain setting is in force"
