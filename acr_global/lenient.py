"""A model of which each wrong field costs only itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from acr_global.target_setting import unknown_field, where_in

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with a field, or a field that is none; never its value."""

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
