"""The setting ACR_GLOBAL_TARGETS → targets, and a problem for each that is wrong.

Reading never raises and never shows a value: mistakes are returned as a `Problem` per target.
A target that only waits for the operator (a secret not set yet, or with a wrong value; a package
not installed) is returned beside its problem: its deliveries wait. An invalid
target is not returned, and gets no messages until it is right.
"""

from __future__ import annotations

import difflib
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from acr_global.errors import Problem, RenderError
from acr_global.json_text import SAID_TWICE, TWICE, leaves, marked, not_json
from acr_global.lenient import unknown_field, where_in
from acr_global.notify.channels import KINDS, channel
from acr_global.notify.target import NAME, BaseTarget, HttpTarget, LibraryTarget, Target, secrets_of
from acr_global.secret import SecretRef, resolve, setting_of
from acr_global.surroundings import unresolved

SETTING = "ACR_GLOBAL_TARGETS"

_IN_JSON = {"tuple_type": "must be a JSON list", "dict_type": "must be a JSON object"}
"""What JSON calls the types that pydantic calls otherwise, by its kind of error."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_REFERENCE = re.compile(r'"\$secret"\s*:\s*"([A-Za-z_][A-Za-z0-9_]*)"')


def parse_targets(
    raw: str, environ: Mapping[str, str]
) -> tuple[tuple[Target, ...], tuple[Problem, ...]]:
    """The targets in the JSON list `raw`, and what is wrong with the others.

    Of two targets with one name the first counts. An empty text is an empty list.
    """
    try:
        items = json.loads(raw, object_pairs_hook=marked) if raw.strip() else []
    except (ValueError, RecursionError) as error:
        return (), (Problem(SETTING, not_json(raw, error)),)
    if not isinstance(items, list):
        return (), (Problem(SETTING, "must be a JSON list of targets: [{...}, {...}]"),)
    targets: dict[str, Target] = {}
    problems: list[Problem] = []
    for number, item in enumerate(items, start=1):
        target, wrong = _read(item)
        if target and target.name in targets:
            target, wrong = None, ["another target has this name already"]
        if target:
            found = list(_value_problems(target, environ))
            wrong = [text for text, _ in found]
            if all(waits for _, waits in found):
                targets[target.name] = target
        label = _label(item, number)
        problems += [Problem(SETTING, f"{label}: {text}") for text in wrong]
    return tuple(targets.values()), tuple(problems)


def _label(item: object, number: int) -> str:
    """The target's name if it is valid, otherwise its number: a wrong value is not shown."""
    name = item.get("name") if isinstance(item, dict) else None
    valid = isinstance(name, str) and NAME.fullmatch(name)
    return f"target '{name}'" if valid else f"target #{number}"


def _read(item: object) -> tuple[Target | None, list[str]]:
    if not isinstance(item, dict):
        return None, ["must be a JSON object"]
    if unread := list(_not_said(item)):
        return None, unread
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        near = difflib.get_close_matches(kind[:50], KINDS, n=1) if isinstance(kind, str) else []
        hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(KINDS)}"
        return None, [f"{'unknown kind' if 'kind' in item else 'kind is missing'}; {hint}"]
    model = channel(kind)
    try:
        target = model.model_validate(item)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        return None, [_sentence(dict(detail), model) for detail in details]
    reserved = _reserved_headers(target)
    return (None, reserved) if reserved else (target, [])


def _not_said(item: dict[str, Any]) -> Iterator[str]:
    """Problems of names that stand twice, and of references that nobody resolved."""
    for way, value in leaves(item):
        said = unresolved(value, inside=True) if isinstance(value, str) else None
        if value is TWICE:
            said = SAID_TWICE
        if said:
            yield f"{where_in(way) or 'an unknown field'}: {said}"


def _sentence(detail: dict[str, Any], model: type[BaseTarget]) -> str:
    """One of pydantic's errors in plain words; its input is never part of it."""
    if detail["type"] == "extra_forbidden":
        return unknown_field(detail["loc"][-1], model)
    where = where_in(detail["loc"])
    if detail["type"] == "missing":
        return f"{where} is missing"
    said = _IN_JSON.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")
    return f"{where}: {said}"


def _reserved_headers(target: Target) -> list[str]:
    if not isinstance(target, HttpTarget):
        return []
    bad = [h for h in target.headers if not _TOKEN.fullmatch(h)]
    own = [h for h in target.headers if h.lower() in target.reserved]
    one_spelling = {h.lower() for h in target.headers}
    twice = [f"headers: one {SAID_TWICE}"] if len(one_spelling) < len(target.headers) else []
    return [
        *("headers: not a header name" for _ in bad),
        *(f"headers: {name} is set by this kind of target itself" for name in own),
        *twice,
    ]


def _value_problems(target: Target, environ: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Problems of the values, and whether the target only waits until they are right.

    A value that stands behind a reference can be put right while the target stays as it is, and
    so can a package that is not installed.
    """
    for value in dict.fromkeys(secrets_of(target)):
        try:
            resolved = resolve(value, environ)
        except RenderError as error:
            yield error.message, True
            continue
        try:
            target.check_value(value, resolved)
        except RenderError as error:
            if isinstance(value, SecretRef):
                yield f"{setting_of(value)}: {error.message}", True
            else:
                yield error.message, False
    if isinstance(target, LibraryTarget) and importlib.util.find_spec(target.package) is None:
        yield f"needs the package {target.package}, which is not installed", True


def secret_names(raw: str) -> frozenset[str]:
    """The environment settings that the setting's text reads secrets from.

    Found in the text alone, so that those of an invalid target are known as well.
    """
    return frozenset(_REFERENCE.findall(raw))
