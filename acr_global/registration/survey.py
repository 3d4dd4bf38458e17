"""Reads what a plan needs: the existing webhooks, and which of them may be ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from acr_global.arm_ids import SITES, parse_id
from acr_global.registration.arm import Arm
from acr_global.registration.model import App, Registry, Webhook
from acr_global.registration.plan import may_be_ours
from acr_global.registration.refusal import ArmError
from acr_global.registration.rights import READ_SITE
from acr_global.urls import split_url

AT_ONCE = 8
"""Requests side by side; a limit of our own. Forty regions one by one would take a minute."""

A = TypeVar("A")
B = TypeVar("B")


def side_by_side(work: Callable[[A], B], over: Sequence[A]) -> Iterable[B]:
    """The results of `work` for each, in order, as they come. After an error or Ctrl+C no further
    one is begun."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        yield from pool.map(work, over)
    finally:
        pool.shutdown(cancel_futures=True)


def webhooks_of(arm: Arm, registry: Registry, app: App) -> tuple[Webhook, ...]:
    """The registry's webhooks; those that may be ours with URI and headers. Raises ArmError."""

    def whole(webhook: Webhook) -> Webhook:
        try:
            return arm.callback(registry, webhook) if may_be_ours(webhook, app) else webhook
        except ArmError as error:
            if error.answered == 404:  # removed since the list was made
                return webhook
            raise

    return tuple(side_by_side(whole, arm.webhooks(registry)))


def app_at(arm: Arm, url: str, app_id: str | None) -> App:
    """The app that answers at `url` (without a final slash). With its ARM id, nothing is asked.
    Raises ArmError."""
    at = split_url(url)
    url = f"{at.scheme}://{at.place.lower()}{at.path}"
    if app_id is not None:
        if parse_id(app_id, SITES) is None:
            raise ArmError(
                "that is no function app's ARM id, which is /subscriptions/…/providers/"
                "Microsoft.Web/sites/NAME",
                status=400,
            )
        return App(app_id.rstrip("/"), url)
    host = at.place.lower()
    for site in arm.sites():
        if host in site.hosts:
            return App(site.id, url, site.hosts)
    raise ArmError(
        f"no app of the subscription answers at {host}: it is called otherwise, or in another "
        f"one, or the right {READ_SITE} is missing; its ARM id may be given instead",
        status=404,
    )
