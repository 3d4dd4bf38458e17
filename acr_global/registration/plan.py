"""Compares the wanted webhooks with the existing ones: what has to be done. Pure.

One webhook for each region that the registry is in. A webhook is ours by its tag, or, where it has
none, by the host and path that it posts to: so one that was made by hand, or under a former name,
is taken over rather than duplicated. Webhooks of others are never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs

from acr_global.errors import AcrGlobalError
from acr_global.model import Action
from acr_global.registration.model import SUCCEEDED, App, Replica, Usage, Webhook
from acr_global.registry.firings import host_and_path
from acr_global.registry.naming import (
    KEY_HEADER,
    PATH,
    TAG,
    app_name,
    distinct_name,
    owner,
    webhook_name,
)
from acr_global.urls import parse_host, split_url

WEBHOOKS = "Webhooks"
"""The name of their limit in the registry's list of usages."""
_BROKEN = ("failed", "canceled")
_CHARTS = {Action.CHART_PUSH, Action.CHART_DELETE}


class Kind(StrEnum):
    """What has to be done about one webhook."""

    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"
    KEEP = "keep"
    WAIT = "wait"
    """It cannot be made yet."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The properties that each webhook should have."""

    app: App
    key: str | None = field(default=None, repr=False)
    """The function key; empty where it has yet to be made; None where it is not known, and any key
    in a webhook's header then counts as right."""
    actions: tuple[str, ...] = ("push",)
    scope: str = ""
    registry: str = ""
    """The registry's login server."""


@dataclass(frozen=True, slots=True)
class Step:
    """What has to be done about one webhook, and why."""

    kind: Kind
    region: str
    name: str
    fields: tuple[str, ...] = ()
    """The changed ones of `uri`, `key`, `actions`, `scope`, `enabled`, `tag`, `state`."""
    reason: str = ""
    """Why it is removed, or cannot be made."""
    webhook: Webhook | None = None
    """The webhook as it should be; None where it is removed."""


class NoRoomError(AcrGlobalError):
    """The registry's limit is below the number of webhooks needed."""

    status = 409
    reason = "webhook-limit"


def plan(
    wanted: Wanted, replicas: Sequence[Replica], webhooks: Iterable[Webhook]
) -> tuple[Step, ...]:
    """A step for each region, in the order of the replicas, and for each surplus webhook of ours.
    The webhooks that are asked_for need their URI and headers."""
    there = list(webhooks)
    ours = [w for w in there if is_ours(w, wanted.app)]
    kept = {r.region: _best(ours, wanted.app, r.region) for r in replicas}
    extra = [w for w in ours if w not in kept.values()]
    taken = {w.name.lower() for w in there if w not in extra}
    steps = [_step(wanted, r, kept[r.region], taken) for r in replicas]
    return (*steps, *(_removal(w, kept) for w in sorted(extra, key=_place)))


def plan_removal(app: App, webhooks: Iterable[Webhook]) -> tuple[Step, ...]:
    """A step for every webhook of ours, to remove it."""
    ours = sorted((w for w in webhooks if is_ours(w, app)), key=_place)
    return tuple(Step(Kind.REMOVE, w.location, w.name, reason="asked for") for w in ours)


def may_be_ours(webhook: Webhook, app: App) -> bool:
    """Whether its URI must be read; never where it has another app's tag."""
    return owner(webhook.tags) in (None, _id(app))


def is_ours(webhook: Webhook, app: App) -> bool:
    """Whether it is ours: by the tag, or without one by host and path of its URI."""
    if (marked := owner(webhook.tags)) is not None:
        return marked == _id(app)
    return posts_to(app, webhook.uri)


def posts_to(app: App, uri: str | None) -> bool:
    """Whether a URI is the app's, by its host and path."""
    places = (app.url, *(f"https://{host}" for host in app.hosts))
    to = host_and_path(uri)
    return to is not None and to in {host_and_path(place + PATH) for place in places}


def check_room(steps: Iterable[Step], usages: Iterable[Usage]) -> None:
    """Raises NoRoomError where the steps would exceed the registry's limit."""
    kinds = [step.kind for step in steps]
    more = kinds.count(Kind.CREATE) - kinds.count(Kind.REMOVE)
    for usage in usages:
        if usage.name.lower() == WEBHOOKS.lower() and usage.value + more > usage.limit:
            raise NoRoomError(
                f"the registry may have {usage.limit} webhooks and has {usage.value}, and "
                f"{more} more are needed; nothing was changed"
            )


def uri_for(app: App, region: str, registry: str = "") -> str:
    """Where the webhook of a region posts to, with the registry where that has to be said."""
    return f"{app.url}{PATH}?region={region}" + (f"&registry={registry}" if registry else "")


def _registry(wanted: Wanted, uri: str | None) -> str:
    """The registry that a URI has to name: the one that it names already, or that of charts, whose
    events name none. Source: ACR webhook reference, `Chart push event`."""
    try:
        return parse_host(parse_qs(split_url(uri or "").query)["registry"][0])
    except (KeyError, ValueError):
        return wanted.registry if _CHARTS & set(wanted.actions) else ""


def key_of(headers: Mapping[str, str] | None) -> str | None:
    """The function key among custom headers, whose names have no case."""
    return next((v for k, v in (headers or {}).items() if k.lower() == KEY_HEADER), None)


def _id(app: App) -> str:
    return app.id.rstrip("/").lower()


def _place(webhook: Webhook) -> tuple[str, str]:
    return webhook.location, webhook.name


def _names(app: App, region: str) -> tuple[str, str]:
    return webhook_name(app_name(app.id), region), distinct_name(app.id, region)


def _best(ours: Sequence[Webhook], app: App, region: str) -> Webhook | None:
    """The webhook that a region keeps: by its name, then by its tag, then an enabled one."""
    here = [w for w in ours if w.location == region]
    names = _names(app, region)

    def rank(webhook: Webhook) -> tuple[bool, bool, bool, str]:
        named = webhook.name.lower() in names
        return not named, owner(webhook.tags) is None, not webhook.enabled, webhook.name

    return min(here, key=rank, default=None)


def _step(wanted: Wanted, replica: Replica, found: Webhook | None, taken: set[str]) -> Step:
    region = replica.region
    if found is not None:
        should = _as_wanted(wanted, found, region)
        fields = tuple(_differing(wanted, found, should))
        return Step(Kind.CHANGE if fields else Kind.KEEP, region, found.name, fields, "", should)
    free = [name for name in _names(wanted.app, region) if name not in taken]
    name = free[0] if free else _names(wanted.app, region)[0]
    if not free:
        return Step(Kind.WAIT, region, name, reason="its names are taken by webhooks of others")
    if replica.provisioning_state not in ("", SUCCEEDED):
        state = replica.provisioning_state
        return Step(Kind.WAIT, region, name, reason=f"its replica is {state}, not {SUCCEEDED}")
    new = Webhook(name, region, (), "", headers={})
    return Step(Kind.CREATE, region, name, webhook=_as_wanted(wanted, new, region))


def _as_wanted(wanted: Wanted, found: Webhook, region: str) -> Webhook:
    """The found webhook with all that is wanted; tags and headers of others stay."""
    tags = {k: v for k, v in found.tags.items() if k.lower() != TAG}
    headers = {k: v for k, v in (found.headers or {}).items() if k.lower() != KEY_HEADER}
    key = key_of(found.headers) if wanted.key is None else wanted.key
    return Webhook(
        name=found.name,
        location=region,
        actions=wanted.actions,
        scope=wanted.scope,
        tags={**tags, TAG: wanted.app.id},
        uri=uri_for(wanted.app, region, _registry(wanted, found.uri)),
        headers={**headers, KEY_HEADER: key or ""},
    )


def _differing(wanted: Wanted, found: Webhook, should: Webhook) -> Iterator[str]:
    if found.uri != should.uri:
        yield "uri"
    key = key_of(found.headers)
    if not key or wanted.key not in (None, key):
        yield "key"
    if set(found.actions) != set(should.actions):
        yield "actions"
    if found.scope != should.scope:
        yield "scope"
    if not found.enabled:
        yield "enabled"
    if owner(found.tags) is None:
        yield "tag"
    if found.provisioning_state.lower() in _BROKEN:
        yield "state"


def _removal(webhook: Webhook, kept: Mapping[str, Webhook | None]) -> Step:
    elsewhere = webhook.location not in kept
    reason = "the registry is not in this region" if elsewhere else "a second one of its region"
    return Step(Kind.REMOVE, webhook.location, webhook.name, reason=reason)
