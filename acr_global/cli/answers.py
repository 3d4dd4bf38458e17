"""The app's answers, as models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from acr_global.cli.exits import AppError, Exit
from acr_global.cli.output import print_json

M = TypeVar("M", bound=BaseModel)


def understood(kind: type[M], answer: dict[str, Any]) -> M:
    """The answer as a model of acr_global.api. Raises AppError."""
    try:
        return kind.model_validate(answer)
    except ValidationError:
        raise AppError(
            f"the answer is none of this kind ({kind.__name__}): is the app of another release?"
        ) from None


def shown(
    kind: type[M], answer: dict[str, Any], as_text: Callable[[M], None], *, as_json: bool
) -> int:
    """Print an answer: as the app sent it, or by `as_text`. Raises AppError."""
    if as_json:
        print_json(answer)
    else:
        as_text(understood(kind, answer))
    return Exit.FINE
