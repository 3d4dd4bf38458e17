"""What is known of an app and its registry, or why it is not. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from acr_global import api
from acr_global.registration.model import Function, Registry, Replica, Webhook, WebhookEvent


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that could not be found out."""

    why: str
    """One plain phrase; names the right or the key that is missing."""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a request to the app."""

    status: int | None = None
    """None where there was no answer."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """Empty where it was no JSON object."""
    failed: str = ""
    """Why there was no answer, in plain words."""

    @property
    def reason(self) -> str:
        """The app's reason slug; empty in an answer of the host itself."""
        said = self.body.get("reason")
        return said if isinstance(said, str) else ""


@dataclass(frozen=True, slots=True)
class App:
    """The app, asked from outside and by its own routes."""

    host: str
    """Host, and port where it is not a default one."""
    health: Answer
    ping: Answer | Unknown
    """The answer to a ping as the registry would send it, with our key."""
    diagnosis: api.Diagnosis | Unknown
    answered_at: datetime | None = None
    """When its diagnosis arrived, by the clock of this machine."""
    functions: tuple[Function, ...] | Unknown = Unknown("the resource manager was not asked")
    hosts: tuple[str, ...] = ()
    """Where it answers besides, as behind a domain of its own."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook of ours, with what the registry and the app say of it."""

    webhook: Webhook
    """With URI and headers, if they could be had."""
    callback: Unknown | None = None
    """Why they could not be read."""
    events: tuple[WebhookEvent, ...] | Unknown = ()
    knock: Answer | Unknown = Unknown("not tried")
    """What the app answers to a ping that is posted as this webhook posts it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts."""

    app: App
    registry: Registry | Unknown
    replicas: tuple[Replica, ...] | Unknown
    hooks: tuple[Hook, ...] | Unknown
    """Ours only, in any region."""
