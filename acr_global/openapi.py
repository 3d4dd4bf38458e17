"""The app's interface as an OpenAPI 3.1 document, made of its operations and models. Pure.

`python -m acr_global.openapi > docs/openapi.json`. Source: spec.openapis.org/oas/v3.1.0.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from acr_global import api
from acr_global.meanings import meanings, with_parts
from acr_global.operations import (
    OPERATIONS,
    Events,
    JsonSchema,
    Operation,
    Parameter,
    PostedEvent,
)
from acr_global.version import VERSION

JSON = "application/json"
ENVELOPE = "application/vnd.docker.distribution.events.v1+json"
"""The distribution registry's own. Source: its docs/content/about/notifications.md."""

_PLACE = "#/components/schemas/"
_NO_KEY = {"description": "The function key is missing, or wrong: the host's answer, without body."}
_MEANING = {
    200: "As asked.",
    304: "It is the same still.",
    202: "It is kept, and goes on.",
    400: "The request is wrong in itself.",
    404: "There is no such thing.",
    409: "It is not in the state for that.",
    413: "The body is too large, or has too many events.",
    503: "The app's storage, or a setting that is needed, is not there.",
}


@cache
def document() -> JsonSchema:
    """The whole document."""
    paths: dict[str, JsonSchema] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    keys = {
        "header": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
        "query": {"type": "apiKey", "in": "query", "name": "code"},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "acr-global",
            "version": VERSION,
            "description": "One truthful notification when a pushed image has arrived in every "
            "region of a geo-replicated registry. New fields may come in any answer.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in keys],
        "paths": paths,
        "components": {"securitySchemes": keys, "schemas": _schemas()},
    }


def text() -> str:
    """The document as it is served, and stands in docs/."""
    return json.dumps(document(), indent=2) + "\n"


def _operation(operation: Operation) -> JsonSchema:
    text = {"type": "string", "minLength": 1}
    parameters = [
        *(
            {"name": name, "in": "path", "required": True, "schema": text}
            for name in operation.in_path
        ),
        *(_parameter(parameter) for parameter in operation.parameters),
    ]
    found: JsonSchema = {
        "operationId": operation.function,
        "summary": operation.said,
        "parameters": parameters,
        "responses": dict(_responses(operation)),
    }
    if operation.function == "ImagePush":
        content = {JSON: {"schema": _ref(PostedEvent)}, ENVELOPE: {"schema": _ref(Events)}}
        found["requestBody"] = {"required": True, "content": content}
    return found if operation.key else found | {"security": []}


def _parameter(parameter: Parameter) -> JsonSchema:
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.said,
        "required": parameter.required,
        "schema": parameter.form,
    }


def _responses(operation: Operation) -> Iterator[tuple[str, JsonSchema]]:
    for status in operation.bare:
        yield str(status), {"description": _MEANING[status]}
    for status in sorted({*operation.answers, *operation.errors} or {200}):
        refs = [_ref(kind) for kind in operation.answers.get(status, ())]
        refs += [_ref(api.Error)] if status in operation.errors else []
        schema = {"anyOf": refs} if len(refs) > 1 else refs[0] if refs else {}
        content = {operation.media: {"schema": schema}}
        said: JsonSchema = {"description": _MEANING[status], "content": content}
        links = dict(_links(operation, status))
        yield str(status), said | {"links": links} if links else said
    if operation.key:
        yield "401", _NO_KEY


def _links(operation: Operation, status: int) -> Iterator[tuple[str, JsonSchema]]:
    for link in operation.links:
        for other in OPERATIONS:
            if link.status == status and other.function in link.functions:
                values = dict.fromkeys(other.in_path, f"$response.body#{link.pointer}")
                yield other.function, {"operationId": other.function, "parameters": values}


def _ref(kind: type[BaseModel]) -> JsonSchema:
    return {"$ref": f"{_PLACE}{kind.__name__}"}


def _schemas() -> JsonSchema:
    kinds: list[type[BaseModel]] = [api.Error, *answered(), PostedEvent, Events]
    asked: Any = [(kind, "validation") for kind in kinds]
    _, made = models_json_schema(asked, ref_template=f"{_PLACE}{{model}}")
    found: JsonSchema = made["$defs"]
    named = {kind.__name__: kind for kind in with_parts(kinds)}
    for name, schema in found.items():
        if name in named:
            _explain(schema, named[name])
    return found


def answered() -> list[type[BaseModel]]:
    """What is answered where all is well, each model once."""
    kinds = (kind for o in OPERATIONS for kinds in o.answers.values() for kind in kinds)
    return [*dict.fromkeys(kinds)]


def _explain(schema: JsonSchema, kind: type[BaseModel]) -> None:
    """Add what fields mean. One with a default other than null is in each answer."""
    schema["description"] = " ".join((kind.__doc__ or "").split())
    said, fields = meanings(kind), schema.get("properties", {})
    for name, field in fields.items():
        field.pop("title", None)
        if name in said:
            field["description"] = said[name]
    always = [name for name, field in fields.items() if field.get("default") is not None]
    required = [name for name in fields if name in {*schema.get("required", ()), *always}]
    if required:
        schema["required"] = required


if __name__ == "__main__":  # pragma: no cover - a test runs it in a process of its own
    sys.stdout.write(text())
