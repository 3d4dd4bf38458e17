"""docs/api.md, made of the models: `python -m acr_global.cli.api_reference > docs/api.md`."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from acr_global import api
from acr_global.cli.console import open_streams, run
from acr_global.cli.exits import Exit
from acr_global.model import Attempt

ANSWERS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("POST /api/ImagePush", "202", api.Accepted),
    ("POST /api/ImagePush", "200", api.Ignored),
    ("POST /api/ImagePush", "200, 202, 400, 503", api.Envelope),
    ("GET /api/health", "200, 503", api.Health),
    ("GET /api/diagnosis", "200", api.Diagnosis),
    ("GET /api/deadletters", "200", api.DeadLetters),
    ("GET /api/deadletters/{id}", "200", api.DeadLetterDetails),
    ("POST /api/deadletters/{id}/replay", "202", api.Replay),
    ("POST /api/targets/{name}/test", "200", Attempt),
    ("GET /api/pushes", "200", api.Pushes),
    ("GET /api/pushes/{id}", "200", api.PushDetails),
    ("POST /api/pushes/{id}/retry", "202", api.Retry),
    ("GET /api/regions", "200", api.Regions),
)
"""Each request with the model of its answer; any may answer with an Error instead."""

_INTRODUCTION = """\
# What the app answers

JSON. All but `/api/health` want a function key, in the header `x-functions-key` or as `?code=`. A
field that stands here is not taken away and keeps its meaning; new ones may come, so pass over what
you do not know. What is not in each answer is marked so. Times are UTC, as
`2026-05-04T10:00:00Z`.

| Request | Status | Answer |
| --- | --- | --- |
"""
_ERRORS = """\
| each but `/api/health` | 400, 404, 409, 413, 503 | [Error](#error) |

`GET /api/deadletters` goes on with `?after=` and the `next` of the page before; so does
`GET /api/pushes`, with the same parameters besides:

| Parameter | Only pushes |
| --- | --- |
| `state` | `waiting`, `interrupted`, or a verdict as the newest one |
| `image` | `REGISTRY/REPOSITORY:TAG@DIGEST`, or a part of that; a digest alone, too |
| `registry`, `repository` | of this one, whole and as the event named it |
| `missing` | that lack this region, as far as was said last |
| `since` | whose first arrival came at this time or later |

`GET /api/regions` takes `registry`, `repository` and `since`, which is a day ago if it is not
said. It counts the newest 5,000 pushes of that time; where there are more, `cut` is true, and
`since` the time of the oldest one that is counted.

A page may hold few pushes, or none, and a `next` still. What waits stands on the first page only; a
push that began less than 40 s ago on another machine may be missing there. One that has been purged
may be listed, and is 404. An envelope of
several events is answered 503 where something good in it was not kept (send it again), else 202
where anything was kept, else 200, or 400 where nothing in it was any good.
"""
_FOOT = "\n<!-- Made by `python -m acr_global.cli.api_reference > docs/api.md`. -->\n"


def reference() -> str:
    """The page as it stands in docs/api.md."""
    rows = [
        f"| `{route}` | {status} | {_link(kind.__name__)} |\n" for route, status, kind in ANSWERS
    ]
    kinds = _with_parts([api.Error, *(kind for _, _, kind in ANSWERS)])
    sections = [_section(kind) for kind in kinds]
    return "".join([_INTRODUCTION, *rows, _ERRORS, *sections, _FOOT])


def _with_parts(kinds: list[type[BaseModel]]) -> list[type[BaseModel]]:
    """The models, followed by those in their fields, each once."""
    known = dict.fromkeys(kinds)
    for kind in [*known]:
        parts = (_models(field.annotation) for field in kind.model_fields.values())
        known |= dict.fromkeys(_with_parts([part for found in parts for part in found]))
    return [*known]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


def _section(kind: type[BaseModel]) -> str:
    schema, meanings = kind.model_json_schema(), _meanings(kind)
    named = schema.get("required", ())
    parts = schema.get("$defs", {})
    rows = [
        f"| `{name}` | {_type(field, parts)} | {_always(name, field, named)} | "
        f"{meanings.get(name, '')} |\n"
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


def _meanings(kind: type[BaseModel]) -> dict[str, str]:
    """The docstring of each field, including those of base classes. Pydantic could read them, but
    only at each start of the app."""
    found: dict[str, str] = {}
    for own in reversed(kind.__mro__):
        if issubclass(own, BaseModel) and own is not BaseModel:
            (tree,) = ast.parse(inspect.getsource(own)).body
            lines = getattr(tree, "body", [])
            for field, text in pairwise(lines):
                if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                    said = ast.literal_eval(text.value)
                    found[ast.unparse(field.target)] = " ".join(said.split())
    return found


def main() -> int:
    """Print the page."""
    sys.stdout.write(reference())
    return Exit.FINE


if __name__ == "__main__":
    open_streams()
    sys.exit(run(main))
