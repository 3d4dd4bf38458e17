"""Finds the facts out: asks the app and the resource manager, side by side.

What cannot be asked is Unknown, with the missing right or key, and raises nothing. The resource
manager's SDK waits in threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp

from acr_global import api, outgoing
from acr_global.doctor import asking
from acr_global.doctor.aside import aside
from acr_global.doctor.asking import ask
from acr_global.doctor.facts import Answer, App, Facts, Hook, Unknown
from acr_global.registration import survey
from acr_global.registration.arm import Arm
from acr_global.registration.model import App as OurApp
from acr_global.registration.model import Function, Registry, Webhook
from acr_global.registration.plan import is_ours, may_be_ours, posts_to
from acr_global.registration.refusal import ArmError
from acr_global.registry.naming import KEY_HEADER, PATH, app_name, former_name, webhook_name
from acr_global.urls import split_url

SIGN_IN = "`az login`, as somebody who has that right: docs/doctor.md, Rights"
WHICH_REGISTRY = Unknown(
    "which registry is not known", "give --registry, or set ACR_GLOBAL_REGISTRY_ID"
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Where:
    """Whom to ask."""

    url: str = field(repr=False)
    """The app's base URL, without a slash at its end."""
    key: str | None = field(repr=False)
    """A host key of the app."""
    registry: str | None
    """Name or ARM id; None: the one of the app's settings, where they name one alone."""
    app_id: str | None = None
    """The app's ARM id; None: it is found by its host."""
    timeout: float = 100.0
    """Seconds for one answer of the app."""


async def gather(where: Where, arm: Arm | Unknown) -> Facts:
    """Gather all facts that can be known."""
    limits = aiohttp.ClientTimeout(total=where.timeout)
    async with outgoing.new_session(timeout=limits) as session:
        asked = _Asked(where, arm, session)
        app, site = await asyncio.gather(asked.app(), asked.site())
        functions = await asked.functions(site)
        hosts = () if isinstance(site, Unknown) else site.hosts
        app = replace(app, functions=functions, hosts=hosts)
        registry = await asked.registry(app.diagnosis)
        if isinstance(registry, Unknown):
            return Facts(app, registry, registry, registry)
        replicas, hooks = await asyncio.gather(
            asked.arm(lambda arm: arm.replicas(registry)), asked.hooks(registry, site)
        )
        return Facts(app, registry, replicas, hooks)


class _Asked:
    """The requests, each with its answer or Unknown."""

    def __init__(self, where: Where, arm: Arm | Unknown, session: aiohttp.ClientSession) -> None:
        self._where, self._arm, self._session = where, arm, session
        self._headers = {KEY_HEADER: where.key} if where.key else {}
        self._places = asyncio.Semaphore(survey.AT_ONCE)

    async def arm(self, question: Callable[[Arm], T]) -> T | Unknown:
        """Make one request to the resource manager."""
        arm = self._arm
        if isinstance(arm, Unknown):
            return arm
        try:
            async with self._places:
                return await aside(lambda: question(arm))
        except ArmError as error:
            return Unknown(error.message, SIGN_IN if error.right else "")

    async def app(self) -> App:
        """The app's own routes."""
        url, key = self._where.url, self._where.key
        health, inside = await asyncio.gather(
            ask(self._session, "GET", f"{url}/api/health", {}), self._diagnosis()
        )
        diagnosis, at = inside
        region = "doctor"  # it could be a region's name, but is not
        if isinstance(diagnosis, api.Diagnosis) and diagnosis.expected:
            region = diagnosis.expected[0].regions[0]
        ping: Answer | Unknown = asking.NO_KEY
        if key:
            ping = await self._post(f"{url}{PATH}?region={region}", self._headers)
        return App(split_url(url).place, health, ping, diagnosis, at)

    async def _diagnosis(self) -> tuple[api.Diagnosis | Unknown, datetime]:
        if not self._where.key:
            return asking.NO_KEY, datetime.now(UTC)
        url = f"{self._where.url}/api/diagnosis"
        answer = await ask(self._session, "GET", url, self._headers)
        return asking.read_diagnosis(answer), datetime.now(UTC)

    def _post(self, url: str, headers: dict[str, str]) -> Awaitable[Answer]:
        return ask(self._session, "POST", url, headers, asking.ping())

    async def site(self) -> OurApp | Unknown:
        """The app, as the resource manager knows it."""
        where = self._where
        return await self.arm(lambda arm: survey.app_at(arm, where.url, where.app_id))

    async def functions(self, site: OurApp | Unknown) -> tuple[Function, ...] | Unknown:
        """The functions that the host lists."""
        return site if isinstance(site, Unknown) else await self.arm(lambda a: a.functions(site.id))

    async def registry(self, diagnosis: api.Diagnosis | Unknown) -> Registry | Unknown:
        """The named registry, or else the only one of the app's settings."""
        known = [] if isinstance(diagnosis, Unknown) else [*diagnosis.expected]
        ids = {e.registry_id.lower(): e.registry_id for e in known if e.registry_id}
        if self._where.registry is None and len(ids) > 1:
            names = ", ".join(one.rsplit("/", 1)[-1] for one in ids.values())
            return Unknown(f"which registry is not known: the app has {names}", "give --registry")
        name = self._where.registry or next(iter(ids.values()), None)
        return WHICH_REGISTRY if name is None else await self.arm(lambda arm: arm.registry(name))

    async def hooks(self, registry: Registry, site: OurApp | Unknown) -> tuple[Hook, ...] | Unknown:
        """Our webhooks, each with everything that can be known of it."""
        webhooks = await self.arm(lambda arm: arm.webhooks(registry))
        if isinstance(webhooks, Unknown):
            return webhooks
        app = OurApp("", self._where.url) if isinstance(site, Unknown) else site
        candidates = [webhook for webhook in webhooks if _may_be(webhook, app)]
        found = await asyncio.gather(*(self._hook(registry, one, app) for one in candidates))
        return tuple(hook for hook in found if hook)

    async def _hook(self, registry: Registry, webhook: Webhook, app: OurApp) -> Hook | None:
        """One that may be ours; None where it is not."""
        whole = await self.arm(lambda arm: arm.callback(registry, webhook))
        if not (_is_named(webhook, app) if isinstance(whole, Unknown) else _is(whole, app)):
            return None
        events = self.arm(lambda arm: arm.events(registry, webhook.name))
        if isinstance(whole, Unknown):
            return Hook(webhook, whole, await events)
        return Hook(whole, None, *await asyncio.gather(events, self._knock(whole, app)))

    async def _knock(self, webhook: Webhook, app: OurApp) -> Answer | Unknown:
        """What the app answers to a ping that is posted as this webhook posts. Its key is shown to
        the app alone, and over TLS unless the app is on this machine."""
        uri = webhook.uri or ""
        if not posts_to(app, uri) or split_url(uri).in_clear:
            return Unknown("it does not post to the app")
        return await self._post(uri, dict(webhook.headers or {}))


def _may_be(webhook: Webhook, app: OurApp) -> bool:
    """Whether a webhook may be ours; where the app's ARM id is not known, any tag may be."""
    return not app.id or may_be_ours(webhook, app)


def _is(webhook: Webhook, app: OurApp) -> bool:
    """Whether a webhook whose URI is known is ours: by its tag or its URI."""
    return is_ours(webhook, app) or posts_to(app, webhook.uri)


def _is_named(webhook: Webhook, app: OurApp) -> bool:
    """Whether a webhook whose URI is not known is ours: by its tag or its name."""
    name = app_name(app.id) if app.id else split_url(app.url).host.partition(".")[0]
    names = (webhook_name(name, webhook.location), former_name(webhook.location))
    return is_ours(webhook, app) or webhook.name.lower() in names
