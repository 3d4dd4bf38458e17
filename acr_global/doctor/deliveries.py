"""What the registry's event logs say of the last posts, and which correlation fits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from acr_global import api
from acr_global.doctor.facts import Facts, Hook, Unknown
from acr_global.doctor.finding import Finding, State, fine, unknown, wrong
from acr_global.registration.model import WebhookEvent
from acr_global.registry.firings import accepted

LAST = 20
"""Posts of a region that are examined."""

SAME_PUSH = timedelta(hours=1)
"""Events of one content within this time are taken for one push."""

PING = "`webhooks ping` has each webhook post once"
_MENDED = (400, 401, 403, 404)
"""Refusals that are over once a newer post was accepted. Others come and go, and each costs a
post; but for a ping, with which nothing is lost."""
_MEANINGS = {
    401: ("the key was not taken", "`webhooks apply` puts the right one into the header"),
    403: ("the app's access restrictions kept it out", "let the registry's region in: `inbound`"),
    404: ("the function was not there", "publish again; the app has lost its functions"),
    504: (
        "no answer within 5 s, as at a cold start",
        "keep one instance ready (`alwaysReadyHttp` in infra/); `acr-global catch-up` takes in what"
        " was lost",
    ),
}


def check_deliveries(facts: Facts, expected: api.Expected | Unknown) -> Iterator[Finding]:
    """A line for each region, then one on the correlation."""
    if isinstance(facts.hooks, Unknown):
        yield unknown("deliveries", facts.hooks.why, facts.hooks.mend)
        yield unknown("correlation", facts.hooks.why, facts.hooks.mend)
        return
    by_region: dict[str, list[WebhookEvent]] = {}
    unread: Unknown | None = None
    for hook in facts.hooks:
        yield _last(hook)
        if isinstance(hook.events, Unknown):
            unread = hook.events
        else:
            by_region.setdefault(hook.webhook.location, []).extend(hook.events)
    found = correlation(by_region, expected)
    if unread and found.state is State.UNKNOWN:
        found = unknown("correlation", unread.why, unread.mend)
    yield found


def _last(hook: Hook) -> Finding:
    region, check = hook.webhook.location, "deliveries"
    if isinstance(hook.events, Unknown):
        return unknown(check, f"{region}: {hook.events.why}", hook.events.mend)
    posted = sorted((e for e in hook.events if e.status is not None), key=_when, reverse=True)
    if not posted:
        return unknown(check, f"{region}: nothing was posted yet", PING)
    last = posted[:LAST]
    posts = "the last post" if len(last) == 1 else f"the last {len(last)} posts"
    well = accepted(last[0].status)
    refused = [e for e in last if not accepted(e.status) and not (well and _is_over(e))]
    if not refused:
        newest = last[0].at
        at = f", the newest at {newest:%Y-%m-%d %H:%M:%SZ}" if newest else ""
        return fine(check, f"{region}: {posts} taken{at}")
    meaning, mend = _MEANINGS.get(refused[0].status or 0, ("", "the app's log says why"))
    some = posts if len(refused) == len(last) else f"{len(refused)} of {posts}"
    said = f"{region}: {some} refused, with {refused[0].status}"
    return wrong(check, said + (f": {meaning}" if meaning else ""), mend)


def _is_over(event: WebhookEvent) -> bool:
    """Whether a refusal is of no account once a newer post was accepted."""
    return event.status in _MENDED or event.request_body.get("action") == "ping"


def correlation(
    by_region: Mapping[str, Iterable[WebhookEvent]], expected: api.Expected | Unknown
) -> Finding:
    """Whether the regions' events of one push share an id, and so which correlation is needed."""
    check = "correlation"
    shared, compared = compare_ids(by_region)
    if not compared:
        return unknown(check, "no push is in the logs of two regions yet", "push an image")
    ids = "share an id" if shared else "have ids of their own"
    seen = f"the regions' events of one push {ids}"
    if isinstance(expected, Unknown):
        return unknown(check, f"{seen}: `{'id' if shared else 'content'}` fits; {expected.why}")
    if not shared and expected.correlation == "id":
        return wrong(check, f"{seen}: each push ends overdue", "ACR_GLOBAL_CORRELATION=content")
    other = "; `id` would do" if shared and expected.correlation == "content" else ""
    return fine(check, f"{seen}, and `{expected.correlation}` is set{other}")


def compare_ids(by_region: Mapping[str, Iterable[WebhookEvent]]) -> tuple[int, int]:
    """Of the pushes that two or more regions have reported: how many have a shared id, and how many
    there are. Events of one content in the same hour count as one push; of several such pushes,
    one shared id is enough."""
    pushes: dict[tuple[str, ...], list[tuple[datetime, str, str]]] = {}
    for region, events in by_region.items():
        for event in events:
            content, event_id = _content(event), event.request_body.get("id")
            if content and event.at and isinstance(event_id, str):
                pushes.setdefault(content, []).append((event.at, region, event_id.lower()))
    shared = compared = 0
    for reports in pushes.values():
        newest = max(at for at, _, _ in reports)
        near = [(region, one) for at, region, one in reports if newest - at <= SAME_PUSH]
        regions_of: dict[str, set[str]] = {}
        for region, event_id in near:
            regions_of.setdefault(event_id, set()).add(region)
        if len({region for region, _ in near}) > 1:
            compared += 1
            shared += any(len(regions) > 1 for regions in regions_of.values())
    return shared, compared


def _content(event: WebhookEvent) -> tuple[str, ...] | None:
    body = event.request_body
    target = body.get("target")
    if not isinstance(target, Mapping) or not target.get("digest"):
        return None
    parts = (body.get("action"), target.get("repository"), target.get("digest"), target.get("tag"))
    return tuple(str(part or "") for part in parts)


def _when(event: WebhookEvent) -> datetime:
    return event.at or datetime.min.replace(tzinfo=UTC)
