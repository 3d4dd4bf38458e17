"""What a scenario file may say. Pure.

Every number has a bound, so that a typing error starts nothing endless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from acr_global.model import VerdictType
from acr_global.patterns import is_region, normalize_region, parse_names
from acr_global.urls import parse_host
from acr_global_rig.simulation.lag import Lag, Part, Seconds

MAX_PUSHES = 10_000
"""In one scenario; a push of several platforms counts once."""

_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}"
"""A tag, with room for a number behind it. Source: the OCI distribution specification."""
_REPOSITORY = r"[a-z0-9]+([._/-]+[a-z0-9]+)*"


def _regions(value: object) -> tuple[str, ...]:
    names = tuple(normalize_region(name) for name in parse_names(value))
    if not all(map(is_region, names)):
        raise ValueError("must name regions, such as westeurope, eastus")
    return tuple(dict.fromkeys(names))


def _some_regions(value: object) -> tuple[str, ...]:
    if not (names := _regions(value)):
        raise ValueError("must name one region at least")
    return names


def _chosen(value: object) -> float | tuple[str, ...]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _regions(value)
    if not 0 <= value <= 1:
        raise ValueError("must be a chance between 0 and 1, or a list of regions")
    return float(value)


def _lags(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return {normalize_region(str(name)): lag for name, lag in value.items()}


def _host(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a host name, such as myregistry.azurecr.io")
    return parse_host(value)


_NAMES: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_NAMES_OR_TEXT: dict[str, Any] = {"anyOf": [_NAMES, {"type": "string"}]}
Regions = Annotated[tuple[str, ...], BeforeValidator(_some_regions), WithJsonSchema(_NAMES_OR_TEXT)]
Patterns = Annotated[tuple[str, ...], BeforeValidator(parse_names), WithJsonSchema(_NAMES_OR_TEXT)]
Chosen = Annotated[
    float | tuple[str, ...],
    BeforeValidator(_chosen),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, *_NAMES_OR_TEXT["anyOf"]]}
    ),
]
"""Which regions something happens to: a chance for each, or their names."""


class App(Part):
    """The app's own settings on which verdicts depend."""

    timeout: Seconds = Field(
        default=600.0, description="ACR_GLOBAL_TIMEOUT, 10m where it is not set."
    )
    late_window: Seconds = Field(
        default=86_400.0, description="ACR_GLOBAL_LATE_WINDOW, 1d where it is not set."
    )
    correlation: Literal["id", "content"] = Field(
        default="id", description="ACR_GLOBAL_CORRELATION."
    )
    exclude: Patterns = Field(
        default=(), description="ACR_GLOBAL_EXCLUDE: `*:` leaves out what has no tag, children too."
    )


class Listener(Part):
    """One receiver of the app's messages, at /NAME of the address of --listen."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,49}$", description="The path of the target's URL."
    )
    refusals: int = Field(
        default=0,
        ge=0,
        le=20,
        description="How often it answers 503 to a message before it takes it.",
    )
    verdicts: tuple[VerdictType, ...] = Field(
        default=(VerdictType.COMPLETE, VerdictType.OVERDUE, VerdictType.RECOVERED),
        description="Those that its target asks for (`on`); without incomplete, as by default.",
    )


class Pushes(Part):
    """One image, pushed once or several times, and how its webhooks come."""

    image: str = Field(
        pattern=f"^{_REPOSITORY}:{_TAG}$",
        max_length=300,
        description="`repository:tag`. Where it is pushed more than once, a number follows.",
    )
    note: str = Field(default="", max_length=40, description="A word or two, for the table.")
    count: int = Field(default=1, ge=1, le=MAX_PUSHES, description="How many pushes.")
    begins: Seconds = Field(default=0.0, description="When the first is pushed, after the start.")
    rate: float = Field(
        default=1.0, gt=0, le=1_000, allow_inf_nan=False, description="Pushes a second, evenly."
    )
    lag: Lag = Field(
        default_factory=lambda: Lag(exponential=1.0),
        description="How long after the push each region's webhook comes.",
    )
    region_lags: Annotated[dict[str, Lag], BeforeValidator(_lags)] = Field(
        default_factory=dict, description="The lag of single regions, by name."
    )
    order: Annotated[tuple[str, ...], BeforeValidator(_regions), WithJsonSchema(_NAMES_OR_TEXT)] = (
        Field(default=(), description="All regions, in the order in which they report; else any.")
    )
    lose: Chosen = Field(
        default=0.0,
        description="Which regions' webhooks never come: a chance for each, or their names.",
    )
    repeat: Chosen = Field(
        default=0.0, description="Which regions send their webhook twice: a chance, or their names."
    )
    repeat_lag: Lag = Field(
        default_factory=lambda: Lag(uniform=(0.0, 3.0)),
        description="How long after the first the second comes.",
    )
    late: Chosen = Field(
        default=0.0,
        description="Which regions report after the deadline only: a chance, or their names.",
    )
    late_by: Lag = Field(
        default_factory=lambda: Lag(fixed=10.0), description="How long after the deadline."
    )
    ids: Literal["same", "own"] = Field(
        default="same", description="Whether all regions send one notification id, or each its own."
    )
    platforms: int = Field(
        default=0,
        ge=0,
        le=20,
        description="Child manifests, without a tag, that are pushed before the image: an index.",
    )


class Scenario(Part):
    """What is pushed to a simulated registry, how its webhooks come, and how the app is set up."""

    seed: int | None = Field(
        default=None,
        ge=0,
        description="The same seed, the same lags and losses; else any, and it is said.",
    )
    registry: Annotated[str, BeforeValidator(_host)] = Field(
        default="simulated.azurecr.io", description="The login server that the events name."
    )
    regions: Regions = Field(description="Its replicas' regions: those that the app expects.")
    app: App = Field(default=App(), description="What the app's own settings say.")
    receivers: tuple[Listener, ...] = Field(
        default=(Listener(name="simulate"),),
        min_length=1,
        description="Who is told, with --listen; one called simulate where none is named.",
    )
    settle: Seconds = Field(
        default=3.0,
        description="How long to go on listening when all has been told, for a word too many.",
    )
    pushes: tuple[Pushes, ...] = Field(min_length=1, description="What is pushed.")


Place = tuple[str | int, ...]
"""The path of a field: names, and positions in lists."""


def problems(scenario: Scenario) -> Iterator[tuple[Place, str]]:
    """Mistakes that only several fields together show."""
    names = [receiver.name for receiver in scenario.receivers]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield ("receivers", number, "name"), f"another receiver is called {name}"
    if scenario.app.timeout < 1:
        yield ("app", "timeout"), "must be one second at least"
    if sum(pushes.count for pushes in scenario.pushes) > MAX_PUSHES:
        yield ("pushes",), f"must be no more than {MAX_PUSHES} in all"
    for number, pushes in enumerate(scenario.pushes):
        for field, said in _of_regions(pushes, scenario.regions):
            yield ("pushes", number, field), said


def _of_regions(pushes: Pushes, regions: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for field in ("lose", "repeat", "late", "order", "region_lags"):
        value = getattr(pushes, field)
        named = () if isinstance(value, float) else tuple(value)
        if strange := [name for name in named if name not in regions]:
            yield field, f"names {', '.join(strange)}, which is not among the regions"
    if pushes.order and set(pushes.order) != set(regions):
        yield "order", "must name every region, once"
    if pushes.order and pushes.region_lags:
        yield "order", "decides who is first, and so cannot stand beside region_lags"
    if not isinstance(pushes.lose, float) and not isinstance(pushes.late, float):
        for name in set(pushes.lose) & set(pushes.late):
            yield "late", f"names {name}, whose webhook is lost"
