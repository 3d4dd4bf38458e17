"""What governs the pushes of one registry: the plain settings, or its own."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from acr_global import setting_values as read
from acr_global.grouping import AlarmGroup
from acr_global.model import Frozen
from acr_global.patterns import check_patterns, parse_names, parse_regions, parse_some

Patterns = Annotated[tuple[str, ...], AfterValidator(check_patterns)]


class Policy(Frozen):
    """What governs the pushes of one registry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    regions: Annotated[tuple[str, ...], BeforeValidator(parse_regions)] = Field(
        default=(),
        description="The regions that must report each push, comma-separated: `West Europe, "
        "eastus`. Needed, unless every registry in ACR_GLOBAL_REGISTRIES says its own.",
    )
    timeout: Annotated[timedelta, BeforeValidator(read.positive)] = Field(
        default=timedelta(minutes=10),
        description="How long to wait for all regions before a push is overdue: `90s`, `10m`, "
        "`PT1M`. At most 5 days.",
    )
    late_window: Annotated[timedelta, BeforeValidator(read.duration)] = Field(
        default=timedelta(hours=24),
        description="How long to go on listening after an alarm; `0` ends with the alarm.",
    )
    evidence: Annotated[tuple[str, ...], BeforeValidator(read.evidence)] = Field(
        default=(),
        description="What to ask the registry before an alarm: `event-log`, `manifest`, or both. "
        "Each needs rights of its own: see docs/evidence.md.",
    )
    check_every: Annotated[timedelta, BeforeValidator(read.interval)] = Field(
        default=timedelta(0),
        description="Ask for evidence at this interval already before the deadline, so that a "
        "lost webhook heals early; `0` asks only at the deadline.",
    )
    correlation: Annotated[Literal["id", "content"], BeforeValidator(read.word)] = Field(
        default="id",
        description="What makes events belong together: `id` (the notification id) or `content` "
        "(registry, action, repository, digest and tag), for registries whose regions send "
        "different ids.",
    )
    include: Annotated[Patterns, BeforeValidator(parse_some)] = Field(
        default=("*",),
        description="Watch only what matches one of these patterns over `repository:tag`, "
        "comma-separated: `team/*:v*`.",
    )
    exclude: Annotated[Patterns, BeforeValidator(parse_names)] = Field(
        default=(),
        description="Ignore what matches one of these patterns; `*:` is everything untagged, "
        "`*:sha256-*` the signatures.",
    )
    badge: Annotated[Patterns, BeforeValidator(parse_names)] = Field(
        default=(),
        description="Everybody may see where the images are that match one of these patterns, as a "
        "badge for a README; unset: none. See docs/badge.md.",
    )
    alarm_group: Annotated[AlarmGroup, BeforeValidator(read.alarm_group)] = Field(
        default=AlarmGroup(),
        description="From when on alarms are one: so many pushes overdue in the same regions "
        "within a time, `5 in 10m`; `0` is off. See docs/grouping.md.",
    )
    registry_id: Annotated[str | None, BeforeValidator(read.registry_id)] = Field(
        default=None,
        description="ARM resource id of the registry, whose event logs can then be read (evidence "
        "`event-log`, catching up): "
        "`/subscriptions/.../registries/name`.",
    )
    region_endpoints: Annotated[dict[str, str], BeforeValidator(read.endpoints)] = Field(
        default_factory=dict,
        description="JSON object, region to base URL, for the evidence `manifest` where it is not "
        "`https://<registry>.<region>.geo.azurecr.io`.",
    )


class Override(Policy):
    """One registry's own policy in ACR_GLOBAL_REGISTRIES; omitted fields are the plain settings.

    `regions` set but empty means that they are not known: the setting is wrong.
    """

    targets: Annotated[tuple[str, ...] | None, BeforeValidator(parse_names)] = None
    """Names of the targets that hear of this registry; all of them if left out."""
