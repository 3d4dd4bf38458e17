"""Plan, apply, remove and ping, for one app at one registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from acr_global.registration.arm import Arm
from acr_global.registration.model import App, Registry, Webhook
from acr_global.registration.pinging import Ponged, ping_all
from acr_global.registration.plan import Step, Wanted, is_ours, plan, plan_removal
from acr_global.registration.refusal import ArmError
from acr_global.registration.rights import READ_KEYS
from acr_global.registration.settle import Done, Settled, settle
from acr_global.registration.survey import app_at, webhooks_of


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for."""

    registry: str
    """Its name or ARM id."""
    url: str
    """The app's URL, without a final slash."""
    app_id: str | None = None
    """Its ARM id, where it is given."""
    key: str | None = field(default=None, repr=False)
    """The function key, where it is given; otherwise the app's own is used."""
    actions: tuple[str, ...] = ("push",)
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be done."""

    steps: tuple[Step, ...]
    key_compared: bool = True
    """False: the caller may not read the app's keys, so any key of a webhook counts as right."""


class Registrar:
    """Works for one app at one registry, both of which are looked up when it is made."""

    def __init__(self, arm: Arm, order: Order):
        """Raises ArmError."""
        self._arm = arm
        self._order = order
        self.app: App = app_at(arm, order.url, order.app_id)
        self.registry: Registry = arm.registry(order.registry)

    def plan(self) -> Planned:
        """What apply would do. A key that the app lacks is not made. Raises ArmError."""
        try:
            return Planned(self._steps(self._key(create=False) or ""))
        except ArmError as error:
            if error.right != READ_KEYS:
                raise
        return Planned(self._steps(None), key_compared=False)

    def apply(self, tell: Callable[[Done], None]) -> Settled:
        """Do it. The key is read anew for each round, because another caller may have made it.
        Raises ArmError, NoRoomError."""
        return settle(self._arm, self.registry, lambda: self._steps(self._key(create=True)), tell)

    def plan_removal(self) -> tuple[Step, ...]:
        """What remove would do. Raises ArmError."""
        return plan_removal(self.app, self._webhooks())

    def remove(self, tell: Callable[[Done], None]) -> Settled:
        """Remove every webhook of ours. Raises ArmError."""
        return settle(self._arm, self.registry, self.plan_removal, tell)

    def ping(self, seconds: float) -> Iterable[Ponged]:
        """Ping each webhook of ours, and name the regions that have none. Raises ArmError."""
        ours = [w for w in self._webhooks() if is_ours(w, self.app)]
        regions = [replica.region for replica in self._arm.replicas(self.registry)]
        there = {webhook.location for webhook in ours}
        yield from (Ponged(region, None) for region in regions if region not in there)
        yield from ping_all(self._arm, self.registry, ours, seconds)

    def _steps(self, key: str | None) -> tuple[Step, ...]:
        order, host = self._order, self.registry.login_server
        wanted = Wanted(self.app, key, order.actions, order.scope, host)
        return plan(wanted, self._arm.replicas(self.registry), self._webhooks())

    def _key(self, *, create: bool) -> str | None:
        if self._order.key is not None:
            return self._order.key
        return self._arm.function_key(self.app.id, self.registry.name.lower(), create=create)

    def _webhooks(self) -> tuple[Webhook, ...]:
        return webhooks_of(self._arm, self.registry, self.app)
