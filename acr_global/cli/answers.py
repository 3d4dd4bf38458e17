"""The app's answers, as models."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from acr_global.cli.exits import AppError

M = TypeVar("M", bound=BaseModel)


def understood(kind: type[M], answer: dict[str, Any]) -> M:
    """The answer as a model of acr_global.api. Raises AppError."""
    try:
        return kind.model_validate(answer)
    except ValidationError:
        raise AppError(
            f"the answer is none of this kind ({kind.__name__}): is the app of another release?"
        ) from None
