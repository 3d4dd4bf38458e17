"""What the fields of models mean, read from their docstrings: for pages and schemas."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from pydantic import BaseModel


def with_parts(kinds: Iterable[type[BaseModel]]) -> list[type[BaseModel]]:
    """The models, followed by those in their fields, each once."""
    known = dict.fromkeys(kinds)
    for kind in [*known]:
        parts = (_models(field.annotation) for field in kind.model_fields.values())
        known |= dict.fromkeys(with_parts(part for found in parts for part in found))
    return [*known]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


def meanings(kind: type[BaseModel]) -> dict[str, str]:
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
