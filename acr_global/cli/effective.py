"""Each setting as it is in force: its value, the value's source, and whether it is wrong. Pure.

No value holds a secret: in a target, each secret is `***` or the name of the setting that holds it,
and its URL is as `targets preview` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from acr_global.cli.environment import FILE
from acr_global.notify.preview import MASK, masked_url
from acr_global.notify.target import BaseTarget, Target
from acr_global.policy import Override
from acr_global.secret import REFERENCE_KEY, SecretRef, is_usual
from acr_global.setting_names import PREFIX
from acr_global.setting_values import shown
from acr_global.settings import Loaded
from acr_global.surroundings import bare

ENVIRONMENT, DEFAULT = "environment", "default"


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting."""

    setting: str
    value: object
    """As JSON has it."""
    source: str
    """`environment`, `local.settings.json`, or `default` where it is not set."""
    wrong: bool
    """Whether the given value is not, or not fully, in force."""


def effective(
    loaded: Loaded, environ: Mapping[str, str], file: Mapping[str, str]
) -> Iterator[Effective]:
    """Every setting, in the order of the docs. The environment overrides the file."""
    wrong = {problem.setting for problem in loaded.errors}
    for field in type(loaded.settings).model_fields:
        name = PREFIX + field.upper()
        source = _source(name, environ, file)
        value = _value(getattr(loaded.settings, field))
        yield Effective(name, value, source, name in wrong and source != DEFAULT)


def _source(name: str, environ: Mapping[str, str], file: Mapping[str, str]) -> str:
    """The source of a value. An empty text counts as not set, and hides the file's."""
    if name in environ:
        return ENVIRONMENT if bare(environ[name]) else DEFAULT
    return FILE if bare(file.get(name, "")) else DEFAULT


def _value(value: Any) -> object:
    match value:
        case tuple() if any(isinstance(one, BaseTarget) for one in value):
            return [_target(one) for one in value]
        case dict():
            return {key: _value(part) for key, part in value.items()}
        case Override():
            return {name: _value(getattr(value, name)) for name in sorted(value.model_fields_set)}
        case _:
            return shown(value)


def _target(target: Target) -> dict[str, object]:
    """The fields of a target, without those that are None."""
    said = {name: getattr(target, name) for name in type(target).model_fields}
    url = said["url"]
    if isinstance(url, SecretStr):
        said["url"] = masked_url(url.get_secret_value(), target)
    return {name: _masked(value) for name, value in said.items() if value is not None}


def _masked(value: Any) -> object:
    match value:
        case SecretStr():
            return MASK
        case SecretRef():
            return {REFERENCE_KEY: value.name if is_usual(value) else MASK}
        case dict():
            return {key: _masked(part) for key, part in value.items()}
        case tuple():
            return [_masked(part) for part in value]
        case _:
            return value if isinstance(value, str) else shown(value)
