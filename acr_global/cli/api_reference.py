"""docs/api.md, made of the models: `python -m acr_global.cli.api_reference > docs/api.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from acr_global import api
from acr_global.cli.console import open_streams, run
from acr_global.cli.exits import Exit
from acr_global.meanings import meanings, with_parts
from acr_global.openapi import JSON, answered
from acr_global.operations import OPERATIONS, PUSHES, Parameter

_INTRODUCTION = """\
# What the app answers

JSON. All but `/api/health` and [badges](badge.md) want a function key, in the header
`x-functions-key` or as `?code=`. A field that stands here is not taken away and keeps its meaning;
new ones may come, so pass over what you do not know. What is not in each answer is marked so. Times
are UTC, as `2026-05-04T10:00:00Z`.

| Request | Status | Answer |
| --- | --- | --- |
"""
_LISTS = """
`GET /api/deadletters` goes on with `?after=` and the `next` of the page before; so does
`GET /api/pushes`, with the same parameters besides:

"""
_REST = """
A parameter that is empty counts as not said; unknown ones are passed over. A page may hold few
pushes, or none, and a `next` still. What waits stands on the first page only; a push that began
less than 40 s ago on another machine may be missing there. One that has been purged
may be listed, and is 404.

`GET /api/regions` takes `registry`, `repository` and `since`, which is a day ago if it is not
said. It counts the newest 5,000 pushes of that time; where there are more, `cut` is true, and
`since` the time of the oldest one that is counted.

An envelope of several events is answered 503 where something good in it was not kept (send it
again), else 202 where anything was kept, else 200, or 400 where nothing in it was any good.

All of this for programs, as OpenAPI 3.1: [openapi.json](openapi.json), or from the app itself.
"""
_FOOT = "\n<!-- Made by `python -m acr_global.cli.api_reference > docs/api.md`. -->\n"


def reference() -> str:
    """The page as it stands in docs/api.md."""
    lists = [_LISTS, *_parameters(PUSHES), _REST]
    sections = [_section(kind) for kind in with_parts([api.Error, *answered()])]
    return "".join([_INTRODUCTION, *_answers(), *lists, *sections, _FOOT])


def _answers() -> Iterator[str]:
    """A row for each request and what it may be answered with."""
    for operation in OPERATIONS:
        statuses: dict[str, list[str]] = {}
        for status, kinds in sorted(operation.answers.items()):
            for kind in kinds:
                statuses.setdefault(_link(kind.__name__), []).append(str(status))
        whole = "the document" if operation.media == JSON else "a picture"
        for what, found in statuses.items() or {whole: ["200"]}.items():
            yield f"| `{operation.line}` | {', '.join(found)} | {what} |\n"
    errors = sorted({status for operation in OPERATIONS for status in operation.errors})
    yield f"| each with a key | {', '.join(map(str, errors))} | {_link('Error')} |\n"


def _parameters(parameters: Iterable[Parameter]) -> Iterator[str]:
    yield "| Parameter | Meaning |\n| --- | --- |\n"
    for parameter in parameters:
        yield f"| `{parameter.name}` | {parameter.said} |\n"


def _section(kind: type[BaseModel]) -> str:
    schema, said = kind.model_json_schema(), meanings(kind)
    named = schema.get("required", ())
    parts = schema.get("$defs", {})
    rows = [
        f"| `{name}` | {_type(field, parts)} | {_always(name, field, named)} | "
        f"{said.get(name, '')} |\n"
        for name, field in schema["properties"].items()
    ]
    what = " ".join((kind.__doc__ or "").split())
    head = f"\n## {kind.__name__}\n\n{what}\n\n| Field | Type | Always | Meaning |\n"
    return "".join([head, "| --- | --- | --- | --- |\n", *rows])


def _always(name: str, field: dict[str, Any], required: Sequence[str]) -> str:
    """Whether a field is in each answer; one with a default other than null is, too."""
    return "yes" if name in required or field.get("default") is not None else "no"


def _type(field: dict[str, Any], parts: dict[str, Any]) -> str:
    """A field's JSON Schema in words."""
    match field:
        case {"$ref": str(place)}:
            name = place.rpartition("/")[2]
            return _type(parts[name], parts) if "enum" in parts[name] else _link(name)
        case {"anyOf": [*kinds]}:
            return " or ".join(_type(k, parts) for k in kinds if k.get("type") != "null")
        case {"enum": [*values]}:
            return ", ".join(f"`{value}`" for value in values)
        case {"const": value}:
            return f"`{value}`"
        case {"type": "array", "items": items}:
            return f"list of {_type(items, parts)}"
        case {"format": "date-time"}:
            return "time"
        case _:
            return str(field["type"])


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def main() -> int:
    """Print the page."""
    sys.stdout.write(reference())
    return Exit.FINE


if __name__ == "__main__":
    open_streams()
    sys.exit(run(main))
