"""How long after a push a region's webhook comes: fixed, or drawn from a distribution. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from acr_global.durations import MAX_DURATION, parse_duration

_MAX = MAX_DURATION.total_seconds()


def seconds(value: object) -> float:
    """A number of seconds, or a duration as settings have it. Raises ValueError."""
    if isinstance(value, str):
        return parse_duration(value).total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number of seconds, or a duration such as 90s or 2m")
    if not 0 <= value <= _MAX:  # also for NaN
        raise ValueError(f"must be between 0 and {_MAX:.0f} seconds")
    return float(value)


Seconds = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": _MAX},
                {"type": "string", "pattern": r"^\s*(0|([0-9]+[dhms]\s*)+|[Pp].+)$"},
            ]
        }
    ),
]
"""Seconds: a number, with fractions, or a duration in the form of the settings (`90s`, `2m`)."""


class Part(BaseModel):
    """A part of a scenario: immutable; an unknown field is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Lognormal(Part):
    """Lags of which most are near the median, and a few much longer."""

    median: Seconds = Field(description="Half of them are shorter.")
    sigma: float = Field(
        gt=0, le=5, allow_inf_nan=False, description="How far they scatter; 0.5 is a little."
    )


class Lag(Part):
    """How long after a push a region's webhook comes: a number of seconds, or one of these."""

    fixed: Seconds | None = Field(default=None, description="Always the same.")
    uniform: tuple[Seconds, Seconds] | None = Field(
        default=None, description="Any between two, each as likely."
    )
    exponential: Seconds | None = Field(
        default=None, description="Of this mean; a few are much longer."
    )
    lognormal: Lognormal | None = Field(
        default=None, description="Most near the median; a few are much longer."
    )

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        """Read a number or a duration as a fixed lag."""
        if isinstance(value, Mapping | Lag):
            return value
        return {"fixed": seconds(value)}

    @model_validator(mode="after")
    def _check(self) -> Lag:
        named = [getattr(self, name) for name in self.model_fields_set]
        if len(named) != 1 or None in named:
            raise ValueError("must say one of fixed, uniform, exponential, lognormal")
        if self.uniform and self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform must name the shorter first")
        return self

    def draw(self, random: Random) -> float:
        """One lag, in seconds; none is longer than 5 days."""
        if self.uniform:
            return random.uniform(*self.uniform)
        if self.exponential is not None:
            return min(random.expovariate(1.0) * self.exponential, _MAX)
        if self.lognormal:
            factor = math.exp(min(random.gauss(0.0, self.lognormal.sigma), 50.0))
            return min(self.lognormal.median * factor, _MAX)
        return self.fixed or 0.0

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema of the mapping, or of a number or duration alone."""
        schema = handler.resolve_ref_schema(handler(core))
        mapping = schema | {"minProperties": 1, "maxProperties": 1}
        alone = {"type": ["number", "string"], "title": "fixed"}
        return {"title": "Lag", "description": cls.__doc__, "anyOf": [alone, mapping]}
