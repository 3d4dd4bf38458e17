"""Checks our webhooks: one for each region, as it must be for its posts to count. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl

from acr_global import api
from acr_global.doctor.app import refusal
from acr_global.doctor.facts import Answer, Facts, Hook, Unknown
from acr_global.doctor.finding import Finding, fine, unknown, wrong
from acr_global.patterns import is_region, normalize_region
from acr_global.registration.model import SUCCEEDED, Webhook
from acr_global.registration.plan import key_of
from acr_global.registry.firings import host_and_path
from acr_global.registry.naming import KEY_HEADER, PATH
from acr_global.urls import shown_url, split_url

APPLY = "`webhooks apply` makes it so"
KEY_PARAMETER = "code"
"""The parameter in which the host accepts a key. Source: function-keys-how-to, `Use access
keys`."""


def check_hooks(facts: Facts, expected: api.Expected | Unknown) -> Iterator[Finding]:
    """A line for each thing that is wrong with a region's webhook, or one for the region."""
    hooks = facts.hooks
    if isinstance(hooks, Unknown):
        yield unknown("webhooks", hooks.why, hooks.mend)
        return
    actions = ("push",) if isinstance(expected, Unknown) else expected.actions
    regions, hosts = _regions(facts, expected), (facts.app.host, *facts.app.hosts)
    for region in regions:
        here = [hook for hook in hooks if hook.webhook.location == region]
        if not here:
            yield wrong("webhooks", f"{region}: there is none of ours", APPLY)
        for hook in here:
            name = hook.webhook.name
            found = [*_of_one(hook, hosts, actions)]
            only = f", for {hook.webhook.scope} only" if hook.webhook.scope else ""
            yield from found or [fine("webhooks", f"{region}: {name} is as it should be{only}")]
    yield from _scopes([h.webhook for h in hooks if h.webhook.location in regions])


def _regions(facts: Facts, expected: api.Expected | Unknown) -> Sequence[str]:
    """The regions that need a webhook: those that the app expects, or else the registry's."""
    if not isinstance(expected, Unknown):
        return expected.regions
    if not isinstance(facts.replicas, Unknown):
        return [replica.region for replica in facts.replicas]
    hooks = () if isinstance(facts.hooks, Unknown) else facts.hooks
    return [*dict.fromkeys(hook.webhook.location for hook in hooks)]


def _scopes(webhooks: Sequence[Webhook]) -> Iterator[Finding]:
    """Findings on different scopes: what only some regions report can never be complete."""
    scopes = sorted({webhook.scope or "everything" for webhook in webhooks})
    if len(scopes) > 1:
        said = f"the regions report different things: {', '.join(scopes)}"
        yield wrong("webhooks", said, f"give all of them one scope: {APPLY}")


def _of_one(hook: Hook, hosts: Sequence[str], actions: Sequence[str]) -> Iterator[Finding]:
    webhook = hook.webhook
    label = f"{webhook.location}: {webhook.name}"
    if not webhook.enabled:
        yield wrong("webhooks", f"{label} is disabled", APPLY)
    if webhook.provisioning_state != SUCCEEDED:
        yield wrong("webhooks", f"{label} is {webhook.provisioning_state}", APPLY)
    lacking = [action for action in actions if action not in webhook.actions]
    # Charts of the old kind, which nobody pushes any more, need not be reported.
    if "push" in lacking or len(lacking) == len(actions):
        yield wrong("webhooks", f"{label} does not report {', '.join(lacking)}", APPLY)
    if hook.callback:
        said = f"{label}: where it posts to is not known: {hook.callback.why}"
        yield unknown("webhooks", said, hook.callback.mend)
        return
    elsewhere = [*_address(hook, label, hosts)]
    yield from elsewhere or _taken(hook, label)
    yield from _key(hook, label)


def _address(hook: Hook, label: str, hosts: Sequence[str]) -> Iterator[Finding]:
    """Of a URL no more than its host is shown, and a region: the rest may be a key."""
    uri, region = hook.webhook.uri or "", hook.webhook.location
    if host_and_path(uri) not in [f"{host}{PATH}".lower() for host in hosts]:
        said = f"{label} posts to {shown_url(uri)}, and not to {hosts[0]}{PATH}"
        yield wrong("webhooks", said, APPLY)
        return
    if split_url(uri).in_clear:
        yield wrong("webhooks", f"{label} posts in clear, key and all: its URL is http", APPLY)
    said = normalize_region(dict(_query(uri)).get("region", ""))
    if said != region:
        which = f"for the region {said}" if is_region(said) else "without a region"
        yield wrong("webhooks", f"{label} posts {which}", APPLY)


def _key(hook: Hook, label: str) -> Iterator[Finding]:
    if any(name == KEY_PARAMETER for name, _ in _query(hook.webhook.uri or "")):
        said = f"{label} has the key in its URL, where the event log shows it"
        yield wrong("webhooks", said, f"put it into the header {KEY_HEADER}: {APPLY}")
    elif not key_of(hook.webhook.headers):
        yield wrong("webhooks", f"{label} has no key in the header {KEY_HEADER}", APPLY)


def _taken(hook: Hook, label: str) -> Iterator[Finding]:
    """Whether the app accepts posts like this webhook's."""
    if isinstance(hook.knock, Answer):
        said, mend = refusal(hook.knock)
        if said:
            mend = APPLY if hook.knock.status == 401 else mend
            yield wrong("webhooks", f"{label}: asked as it asks, the app {said}", mend)


def _query(uri: str) -> list[tuple[str, str]]:
    """The parameters of a URL; none of one that cannot be parsed."""
    try:
        return parse_qsl(split_url(uri).query, keep_blank_values=True)
    except ValueError:
        return []
