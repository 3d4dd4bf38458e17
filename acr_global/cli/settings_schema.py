"""JSON Schema of the settings.

`python -m acr_global.cli.settings_schema > docs/settings.schema.json` makes it, for editors, of the
file local.settings.json. Its `$defs` are for other uses: `settings` (names and texts, as app
settings are), `targets` and `registries` (the JSON in two of the texts). It is a help for
writing them; whether they are right is decided by `settings check`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import (
    BeforeValidatorFunctionSchema,
    PlainValidatorFunctionSchema,
    TimedeltaSchema,
)

from acr_global.cli.console import open_streams, run
from acr_global.cli.environment import FILE
from acr_global.cli.exits import Exit
from acr_global.grouping import AlarmGroup
from acr_global.model import Action
from acr_global.notify.channels import KINDS, channel
from acr_global.policy import Override
from acr_global.secret import REFERENCE_KEY
from acr_global.setting_names import PREFIX
from acr_global.setting_values import shown
from acr_global.settings import Settings

_TEXT = {"type": "string"}
_DURATION = r"^\s*(\d+\s*[DdHhMmSs]\s*)+$|^\s*[Pp](\d+[Dd])?([Tt](\d+[HhMmSs])+)?\s*$|^\s*0\s*$"
"""Roughly what durations.py accepts: units in any order, without an upper bound."""
_ALARMS = r"^\s*(0|\d+\s*[Ii][Nn]\s*\S.*)\s*$"
"""`5 in 10m`, or 0."""
_ACTIONS = "|".join(Action)
_BY_JSON = ("targets", "registries")
"""Settings whose text is JSON: a part of `$defs` says what is in it."""


class _Written(GenerateJsonSchema):
    """Generates what an operator may write; pydantic's own describes the result of reading it."""

    def timedelta_schema(self, schema: TimedeltaSchema) -> dict[str, Any]:
        """`90s`."""
        return {"type": "string", "pattern": _DURATION}

    def function_plain_schema(self, schema: PlainValidatorFunctionSchema) -> dict[str, Any]:
        """A secret: no other field is read by a function alone."""
        name = {"type": "string", "pattern": r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"}
        reference = {
            "type": "object",
            "properties": {REFERENCE_KEY: name},
            "required": [REFERENCE_KEY],
            "additionalProperties": False,
        }
        return {"anyOf": [_TEXT, reference]}

    def function_before_schema(self, schema: BeforeValidatorFunctionSchema) -> dict[str, Any]:
        """A list may be comma-separated text; a model that is read from a text is one."""
        if schema["schema"].get("cls") is AlarmGroup:
            return {"type": "string", "pattern": _ALARMS}
        inner = super().function_before_schema(schema)
        return {"anyOf": [_TEXT, inner]} if inner.get("type") == "array" else inner


def _model(model: Any) -> dict[str, Any]:
    """The schema of a model as it is written, without class names, and without defaults that mean
    `not set`."""
    found: dict[str, Any] = _bare(model.model_json_schema(schema_generator=_Written))
    return found


def _bare(part: Any) -> Any:
    if isinstance(part, dict):
        dropped = ("title", "default")
        return {
            name: {key: _bare(one) for key, one in value.items()}
            if name in ("properties", "$defs")
            else _bare(value)
            for name, value in part.items()
            if name not in dropped
        }
    return [_bare(one) for one in part] if isinstance(part, list) else part


def _target(kind: str) -> dict[str, Any]:
    found = _model(channel(kind))
    return found | {"required": ["kind", *found["required"]]}


def _setting(name: str, field: FieldInfo) -> dict[str, Any]:
    """One setting as text."""
    said: dict[str, Any] = {"type": "string", "description": field.description}
    default = shown(field.get_default(call_default_factory=True))
    if text := ",".join(default) if isinstance(default, list) else default:
        said["default"] = text
    if name in _BY_JSON:
        where = {"$ref": f"#/$defs/{name}"}
        return said | {"contentMediaType": "application/json", "contentSchema": where}
    if field.annotation is timedelta:
        return said | {"pattern": _DURATION}
    if field.annotation is AlarmGroup:
        return said | {"pattern": _ALARMS}
    if get_origin(field.annotation) is Literal:
        return said | {"enum": list(get_args(field.annotation))}
    if name == "actions":
        return said | {"pattern": rf"^\s*({_ACTIONS})\s*(,\s*({_ACTIONS})?\s*)*$"}
    return said


def schema() -> Mapping[str, Any]:
    """The whole schema."""
    kinds = {f"target-{kind}": _target(kind) for kind in KINDS}
    parts: dict[str, Any] = {}
    for found in kinds.values():
        parts |= found.pop("$defs", {})
    fields = Settings.model_fields.items()
    value = {"type": ["string", "number", "boolean"]}
    settings = {
        "description": "App settings, or the environment. Of other names nothing is said.",
        "type": "object",
        "properties": {PREFIX + name.upper(): _setting(name, field) for name, field in fields},
        "additionalProperties": value,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{FILE} of acr-global",
        "type": "object",
        "properties": {"Values": {"$ref": "#/$defs/settings"}},
        "$defs": {
            "settings": settings,
            "targets": {
                "type": "array",
                "items": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in kinds]},
            },
            "registries": {"type": "object", "additionalProperties": _model(Override)},
            **kinds,
            **parts,
        },
    }


def schema_json() -> str:
    """The schema as it stands in docs/settings.schema.json."""
    return json.dumps(schema(), indent=2) + "\n"


def main() -> int:
    """Print it."""
    sys.stdout.write(schema_json())
    return Exit.FINE


if __name__ == "__main__":
    open_streams()
    sys.exit(run(main))
