"""Query and body of one request → the push events in it, or a typed error.

No I/O and no Azure: everything the answer depends on comes in as a plain value. One request
carries one event of the registry, or an envelope with several; each event has its own result,
so a bad one loses no good one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from acr_global import payload
from acr_global.errors import RejectedError, SettingsError
from acr_global.json_text import nests_deeper
from acr_global.model import Action, Artifact, PushEvent
from acr_global.patterns import is_region, matches, normalize_region
from acr_global.policy import Policy
from acr_global.settings import Settings
from acr_global.urls import parse_host

MAX_BODY_BYTES = 256 * 1024
"""The registry's own bodies stay under 2 KiB; envelopes of a busy registry are larger."""

MAX_EVENTS = 500
"""In one envelope: as many of the smallest real ones as a body has room for. Each of them, wrong
ones too, costs an answer and a line in the log."""

MAX_NESTING = 100
"""Levels of objects and lists in a body; an envelope has 4. Python's JSON may fail to write what it
could just read, and an event that cannot be kept is written to the log."""

CAUGHT_UP = "caught_up"
"""Marks, in the query, an event that was not delivered at its time but read in the registry's
log."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""The SDK puts ids unquoted into request paths, and the engine allows 100 characters."""

_EMPTY = (
    "The body is empty. A proxy before this app must pass bodies on with their Content-Length: "
    "of those in chunks the Functions host hands over nothing."
)
"""Source: azure-functions-host#4926 and #7930, and its GrpcMessageConversionExtensions.cs."""

_NO_EVENT_GRID = " Event Grid's events are not read: it must be a webhook of the registry's own."
_EVENT_GRID_FIELDS = {"eventType", "specversion"}
"""In its own form, and in that of CloudEvents."""

_BLOB = re.compile(
    r"application/(?:octet-stream|vnd\.oci\.image\.layer\.\S*"
    r"|vnd\.docker\.(?:container\.)?image\.rootfs\.\S*)"
)
"""The media types in a distribution registry's events about layers, which are no pushes: mostly the
first, and one of the others in its own documentation. A type of configs is none of them, for it
might be said of a manifest. Sources: distribution's docs/content/about/notifications.md,
`Envelope`; distribution/distribution-library-image#93."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A valid event that is not watched; `reason` is a stable slug."""

    reason: str


Refusal = RejectedError | SettingsError


@dataclass(frozen=True, slots=True)
class Stray:
    """A push from a region that the settings do not expect. A push that began under other
    settings may still wait for it; only the engine knows."""

    event: PushEvent
    otherwise: Refusal


Result = PushEvent | Stray | Ignored | Refusal


@dataclass(frozen=True, slots=True)
class Received:
    """The results of one request, in the order of its events."""

    results: tuple[Result, ...]
    envelope: bool
    """True: the body was an envelope and wants one result per event in the answer."""
    documents: tuple[Any, ...]
    """The event of each result, as it was received."""


def receive(query: Mapping[str, str], body: bytes, settings: Settings) -> Received:
    """Read one request. Raises RejectedError where the request as a whole is wrong."""
    if len(body) > MAX_BODY_BYTES:
        raise RejectedError(
            f"The body is larger than {MAX_BODY_BYTES} bytes.", reason="body-too-large", status=413
        )
    query = spelled(query)
    region = _once(normalize_region(query.get("region", "")))
    if not region:
        raise RejectedError(
            "Name the region in the querystring: ?region=westeurope.", reason="region-missing"
        )
    document = _document(body)
    host = _registry_in_query(query)
    if "events" not in document or "action" in document:
        result = _single(document, region, host, settings)
        return Received((result,), envelope=False, documents=(document,))
    results = _many(document["events"], region, host, settings)
    return Received(tuple(results), envelope=True, documents=tuple(document["events"]))


def spelled(query: Mapping[str, str]) -> dict[str, str]:
    """A querystring's parameters by their names as they are meant: the registry posts an event
    once, and so `Region`, or `amp;region` where a URL was copied from a page's source, must not
    cost it. An empty one is none, as for the Functions worker."""
    said = {name: value for name, value in query.items() if value.strip()}
    return {name.lower().removeprefix("amp;"): value for name, value in said.items()} | said


def is_caught_up(query: Mapping[str, str]) -> bool:
    """Whether a request says that its event was not delivered at its time."""
    return spelled(query).get(CAUGHT_UP, "").strip().lower() == "true"


def _once(region: str) -> str:
    """A region that was said twice, which arrives as `eastus,eastus`. Source:
    azure-functions-host#1154."""
    said = set(filter(None, region.split(",")))
    return said.pop() if len(said) == 1 else region


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except ValueError:
        said = "The body is not JSON." if body else _EMPTY
        raise RejectedError(said, reason="body-not-json") from None
    except RecursionError:
        raise _too_deep() from None
    if nests_deeper(document, MAX_NESTING):
        raise _too_deep()
    if not isinstance(document, dict):
        raise RejectedError(
            "The body is not a JSON object, as those of the registry's own webhooks are."
            f"{_NO_EVENT_GRID if isinstance(document, list) else ''}",
            reason="body-not-object",
        )
    return document


def _too_deep() -> RejectedError:
    said = f"The body is nested deeper than {MAX_NESTING} levels."
    return RejectedError(said, reason="body-too-deep")


def _registry_in_query(query: Mapping[str, str]) -> str | None:
    if not query.get("registry", "").strip():
        return None
    try:
        return parse_host(query["registry"])
    except ValueError:
        raise RejectedError(
            "The registry in the querystring is not a host name.", reason="registry-invalid"
        ) from None


def _many(events: Any, region: str, host: str | None, settings: Settings) -> list[Result]:
    if not isinstance(events, list):
        raise RejectedError("The field events is not a list.", reason="field-invalid")
    if len(events) > MAX_EVENTS:
        raise RejectedError(
            f"The envelope holds more than {MAX_EVENTS} events.",
            reason="too-many-events",
            status=413,
        )
    results: list[Result] = []
    for document in events:
        try:
            if not isinstance(document, dict):
                raise RejectedError("An event is not a JSON object.", reason="body-not-object")
            results.append(_single(document, region, host, settings))
        except RejectedError as error:
            results.append(error)
    return results


def _single(document: dict[str, Any], region: str, host: str | None, settings: Settings) -> Result:
    """Read one event; of several mistakes it names the one that a person would mend first."""
    event = _parse(document)
    if not event.action:
        more = _NO_EVENT_GRID if _EVENT_GRID_FIELDS & document.keys() else ""
        raise RejectedError(f"The event names no action.{more}", reason="action-missing")
    unknown = RejectedError(
        "This region is not one of those expected; see ACR_GLOBAL_REGIONS, or what "
        "ACR_GLOBAL_REGISTRIES says of this registry.",
        reason="region-unknown",
    )
    if not is_region(region):
        raise unknown
    if event.action == "ping":
        if region in settings.all_regions():
            return Ignored("ping")
        return unknown if settings.knows_all_regions() else SettingsError()
    host = host or (event.request.host if event.request else None)
    policy = settings.policy(host)
    result = _wanted(event, region, host, settings, policy, payload.dropped(document, event))
    if region in policy.regions:
        return result
    refusal = unknown if settings.knows_regions(host) else SettingsError(registry=bool(host))
    return Stray(result, refusal) if isinstance(result, PushEvent) else refusal


def _wanted(
    event: payload.Event,
    region: str,
    host: str | None,
    settings: Settings,
    policy: Policy,
    dropped: tuple[str, ...],
) -> PushEvent | Ignored:
    """The event, if its action and its image are watched."""
    target, action = event.target or payload.NO_TARGET, event.action or ""
    if _BLOB.fullmatch(target.media_type or "") and action in settings.actions:
        return Ignored("not-a-manifest")
    if why := not_watched(settings, policy, action, target.repository, target.tag):
        return Ignored(why)
    return PushEvent(
        id=_valid_id(event.id),
        region=region,
        action=Action(action),
        artifact=_artifact(target, host),
        timestamp=event.timestamp,
        dropped=dropped,
    )


def not_watched(
    settings: Settings, policy: Policy, action: str, repository: str | None, tag: str | None
) -> str | None:
    """Why the settings take no event of this kind, a slug; None where they do."""
    if action not in settings.actions:
        return "action-not-watched"
    if not matches(policy.include, repository, tag) or matches(policy.exclude, repository, tag):
        return "filtered"
    return None


def _parse(document: dict[str, Any]) -> payload.Event:
    try:
        return payload.Event.model_validate(document)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise RejectedError(
            f"The field {where} is not what the registry sends there.", reason="field-invalid"
        ) from None


def _valid_id(given: str | None) -> str:
    if not given:
        raise RejectedError("The event has no id.", reason="id-missing")
    if not _ID.fullmatch(given):
        raise RejectedError(
            "The id is not 1 to 100 letters, digits, dots, underscores or hyphens, "
            "beginning with a letter or digit.",
            reason="id-invalid",
        )
    return given


def _artifact(target: payload.EventTarget, host: str | None) -> Artifact:
    """Absent, null and empty all mean absent: pushes by digest have been seen with each."""
    return Artifact(
        registry=host,
        repository=target.repository or None,
        tag=target.tag or None,
        digest=target.digest or None,
        media_type=target.media_type or None,
        name=target.name or None,
        version=target.version or None,
    )
