"""A model of which each wrong field costs only itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)

_FIELD = re.compile(r"[a-z_]{1,30}")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with a field, or an unknown field; never its value."""

    field: str
    message: str


def read(model: type[M], given: Mapping[str, Any]) -> tuple[M, tuple[Wrong, ...]]:
    """The model with each wrong field left out, and what is wrong with those."""
    rest, wrong = dict(given), list[Wrong]()
    while True:
        try:
            return model.model_validate(rest), tuple(wrong)
        except ValidationError as error:
            found = [_wrong(dict(e), model) for e in error.errors(include_input=False)]
            wrong += found
            for field in {w.field for w in found}:
                del rest[field]


def _wrong(error: dict[str, Any], model: type[BaseModel]) -> Wrong:
    """One of pydantic's errors in plain words."""
    field, *inside = error["loc"]
    if error["type"] == "extra_forbidden":
        return Wrong(field, unknown_field(field, model))
    cause = error.get("ctx", {}).get("error")
    message = str(cause) if isinstance(cause, ValueError) else str(error["msg"])
    return Wrong(field, ": ".join(filter(None, (where_in(inside), message))))


def where_in(loc: Iterable[object]) -> str:
    """The path of a field. Names that may be a value in a wrong place are left out."""
    return ".".join(str(p) for p in loc if isinstance(p, int) or _FIELD.fullmatch(str(p)))


def unknown_field(name: object, model: type[BaseModel]) -> str:
    """What to say of an unknown field; a name that does not look like one is not shown."""
    if not _FIELD.fullmatch(str(name)):
        return "an unknown field"
    near = difflib.get_close_matches(str(name), model.model_fields, n=1)
    return f"unknown field '{name}'" + (f"; did you mean '{near[0]}'?" if near else "")
