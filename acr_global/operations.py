"""What can be asked of the app over HTTP, and how it answers: docs/api.md and the OpenAPI document
are made of it. The functions do not read it; a test holds it to them. Pure.
"""

import re
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field

from acr_global import api, payload
from acr_global.model import Attempt, VerdictType

JsonSchema = dict[str, Any]

_EMPTY = {"const": ""}
"""Empty is as if the parameter were not there."""


class PostedEvent(payload.Event):
    """One event, as the registry posts it. Other fields are passed over."""

    id: payload.Text | None = None
    """Needed where it counts as a push: 1 to 100 letters, digits, dots, underscores and hyphens.
    The same from every region, unless pushes are told apart by content."""
    action: Annotated[str, Field(min_length=1, max_length=payload.MAX_FIELD_CHARS)]
    """Of others than push, chart_push, delete, chart_delete and quarantine nothing is kept."""
    timestamp: Any = None
    """When it happened; what is no time is passed over."""
    request: Any = None
    """Its field `host` names the registry, unless the query does."""


class Events(BaseModel):
    """Events, as an OCI distribution registry posts them: each is taken or refused by itself."""

    events: list[dict[str, Any]]


class Parameter(NamedTuple):
    """One parameter of a query or a path."""

    name: str
    said: str
    form: JsonSchema = {"type": "string"}  # noqa: RUF012 # read only
    required: bool = False


class Link(NamedTuple):
    """Where a part of an answer leads."""

    pointer: str
    """To the part, as a JSON pointer."""
    functions: tuple[str, ...]
    """Those that take it in their path."""
    status: int = 200


class Operation(NamedTuple):
    """One request, and what may be answered."""

    function: str
    """As in the portal."""
    method: str
    path: str
    said: str
    answers: dict[int, tuple[type[BaseModel], ...]]
    """By status."""
    parameters: tuple[Parameter, ...] = ()
    """Of the query. Those of the path are what stands there in braces."""
    errors: tuple[int, ...] = ()
    """Statuses with an Error."""
    links: tuple[Link, ...] = ()
    media: str = "application/json"
    """Of what is answered where no model is named."""
    bare: tuple[int, ...] = ()
    """Statuses without a body."""
    key: bool = True
    """Whether it wants a function key."""

    @property
    def in_path(self) -> tuple[str, ...]:
        """The parameters of the path."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @property
    def line(self) -> str:
        """As people write it."""
        return f"{self.method} {self.path}"


AFTER = Parameter("after", "The `next` of the page before.")
_OF_ONE = (
    Parameter("registry", "Only pushes to this registry."),
    Parameter("repository", "Only pushes to this repository, whole and as the event named it."),
)
_SINCE = Parameter(
    "since",
    "Only pushes whose first arrival came at this time or later.",
    {"anyOf": [{"type": "string", "format": "date-time"}, _EMPTY]},
)
_STATES = [api.PushState.WAITING, *VerdictType, api.PushState.INTERRUPTED]
PUSHES = (
    Parameter(
        "state",
        "Only pushes that wait, are interrupted, or have this verdict as the newest one.",
        {"enum": [*(state.value for state in _STATES), ""]},
    ),
    Parameter(
        "image",
        "Only pushes of `REGISTRY/REPOSITORY:TAG@DIGEST`, or a part of that; a digest alone, too.",
    ),
    *_OF_ONE,
    Parameter("missing", "Only pushes that lack this region, as far as was said last."),
    _SINCE,
)
REGIONS = (*_OF_ONE, _SINCE._replace(said=f"{_SINCE.said} A day ago, if it is not said."))

OPERATIONS = (
    Operation(
        "ImagePush",
        "POST",
        "/api/ImagePush",
        "One region's webhook, or an envelope of several events.",
        {
            202: (api.Accepted, api.Envelope),
            200: (api.Ignored, api.Envelope),
            400: (api.Envelope,),
            503: (api.Envelope,),
        },
        (
            Parameter("region", "The region that posts it.", required=True),
            Parameter("registry", "The registry, where the event does not name it."),
            Parameter(
                "caught_up",
                "The event was not delivered at its time; it counts at its own timestamp.",
            ),
        ),
        errors=(400, 413, 503),
        links=(Link("/push", ("Push",), 202),),
    ),
    Operation(
        "Health",
        "GET",
        "/api/health",
        "Whether the settings are right.",
        {200: (api.Health,), 503: (api.Health,)},
        key=False,
    ),
    Operation(
        "Diagnosis",
        "GET",
        "/api/diagnosis",
        "The state of the app, seen from inside.",
        {200: (api.Diagnosis,)},
        errors=(503,),
        links=(Link("/expected/0/targets/0", ("TryTarget",)),),
    ),
    Operation(
        "DeadLetters",
        "GET",
        "/api/deadletters",
        "Notifications that some target did not get, a page of them.",
        {200: (api.DeadLetters,)},
        (AFTER,),
        errors=(400, 503),
        links=(Link("/deadletters/0/id", ("DeadLetter", "ReplayDeadLetter")),),
    ),
    Operation(
        "DeadLetter",
        "GET",
        "/api/deadletters/{id}",
        "One dead letter, with every attempt.",
        {200: (api.DeadLetterDetails,)},
        errors=(404, 503),
    ),
    Operation(
        "ReplayDeadLetter",
        "POST",
        "/api/deadletters/{id}/replay",
        "Send it anew to those who did not get it.",
        {202: (api.Replay,)},
        errors=(404, 409, 503),
    ),
    Operation(
        "TryTarget",
        "POST",
        "/api/targets/{name}/test",
        "Send one target a marked test message.",
        {200: (Attempt,)},
        errors=(404,),
    ),
    Operation(
        "Pushes",
        "GET",
        "/api/pushes",
        "Where images are, newest first; a page of them.",
        {200: (api.Pushes,)},
        (*PUSHES, AFTER),
        errors=(400, 503),
        links=(Link("/pushes/0/id", ("Push", "RetryPush")),),
    ),
    Operation(
        "Push",
        "GET",
        "/api/pushes/{id}",
        "One push: each region's way, what was said, every attempt to tell somebody.",
        {200: (api.PushDetails,)},
        errors=(404, 503),
    ),
    Operation(
        "RetryPush",
        "POST",
        "/api/pushes/{id}/retry",
        "Try again what was given up of it.",
        {202: (api.Retry,)},
        errors=(404, 409, 503),
    ),
    Operation(
        "Regions",
        "GET",
        "/api/regions",
        "Each region's lags and missed webhooks, over the pushes of some time.",
        {200: (api.Regions,)},
        REGIONS,
        errors=(400, 503),
    ),
    Operation(
        "OpenApi",
        "GET",
        "/api/openapi.json",
        "This document.",
        {},
    ),
    Operation(
        "Badge",
        "GET",
        "/api/badge/{registry}/{image}.svg",
        "Where the newest push of an image is, as a picture; only where ACR_GLOBAL_BADGE names it. "
        "The image is `repository`, `repository:tag` or `repository@digest`, slashes and all.",
        {},
        media="image/svg+xml",
        bare=(304, 404),
        key=False,
    ),
)
