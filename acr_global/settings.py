"""Settings from a mapping (in Azure: the app settings), each with its default and its help.

`load_settings` never raises: it returns what is right and a `Problem` for each thing that is
wrong, so that a typo answers 503 and a log line instead of taking the app down, and instances
in flight still find their targets.
"""

from __future__ import annotations

import difflib
import importlib.util
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from acr_global import retry
from acr_global.durations import parse_duration
from acr_global.errors import Problem, RenderError
from acr_global.model import Action, Frozen
from acr_global.patterns import parse_host, parse_names, parse_regions, parse_some
from acr_global.target_setting import parse_targets, secret_names, unknown_field, where_in
from acr_global.targets import Target, check_url

PREFIX = "ACR_GLOBAL_"

SHORTEST_INTERVAL = timedelta(seconds=10)
EVENT_LOG_PACKAGES = ("azure.identity", "azure.mgmt.containerregistry")

MOST_LOOKS = 200
"""Before one deadline: each costs an activity, and a history is read anew in each episode."""


def _positive(value: object) -> timedelta:
    duration = _duration(value)
    if not duration:
        raise ValueError("must be longer than 0")
    return duration


def _duration(value: object) -> timedelta:
    return parse_duration(_text(value))


def _interval(value: object) -> timedelta:
    duration = _duration(value)
    if timedelta(0) < duration < SHORTEST_INTERVAL:
        raise ValueError("must be at least 10s, or 0")
    return duration


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value.strip()


class _TwiceError(ValueError):
    pass


def _object(value: object) -> dict[str, Any]:
    try:
        parsed = json.loads(value, object_pairs_hook=_once) if isinstance(value, str) else value
    except _TwiceError:
        raise
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(parsed, dict):
        raise ValueError("not a JSON object")
    return parsed


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no name stands twice: only one of the two would count."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _TwiceError("one name stands in it twice, maybe in two spellings")
        found[name] = value
    return found


def _origin(value: object) -> str:
    """Scheme, host and port of a URL that the app itself asks, and may show its identity to."""
    url = _text(value).rstrip("/")
    try:
        check_url(url, insecure=False)
    except RenderError as error:
        # A target's way out is none here.
        said = error.message.partition(", or say")[0]
        raise ValueError(said) from None
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("url must hold no user and no password")
    if parts.path or "?" in url or "#" in url:
        raise ValueError("url must be no more than https://HOST or https://HOST:PORT")
    return url


def _endpoints(value: object) -> dict[str, str]:
    return _once((parse_regions(k)[0], _origin(v)) for k, v in _object(value).items())


def _evidence(value: object) -> tuple[str, ...]:
    kinds = parse_names(value)
    if set(kinds) - {"event-log", "manifest"}:
        raise ValueError("knows only event-log and manifest")
    if "event-log" in kinds and not all(map(_installed, EVENT_LOG_PACKAGES)):
        raise ValueError("event-log needs the packages that requirements.txt holds commented out")
    return kinds


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # not even the package above it
        return False


def _schedule(value: object) -> tuple[timedelta, ...]:
    return retry.parse_schedule(_text(value))


class Policy(Frozen):
    """What governs the pushes of one registry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    regions: Annotated[tuple[str, ...], BeforeValidator(parse_regions)] = Field(
        default=(),
        description="The regions that must report each push, comma-separated: `West Europe, "
        "eastus`. Needed, unless every registry in ACR_GLOBAL_REGISTRIES says its own.",
    )
    timeout: Annotated[timedelta, BeforeValidator(_positive)] = Field(
        default=timedelta(minutes=10),
        description="How long to wait for all regions before a push is overdue: `90s`, `10m`, "
        "`PT1M`. At most 5 days.",
    )
    late_window: Annotated[timedelta, BeforeValidator(_duration)] = Field(
        default=timedelta(hours=24),
        description="How long to go on listening after an alarm; `0` ends with the alarm.",
    )
    evidence: Annotated[tuple[str, ...], BeforeValidator(_evidence)] = Field(
        default=(),
        description="What to ask the registry before an alarm: `event-log`, `manifest`, or both. "
        "Each needs rights of its own: see docs/evidence.md.",
    )
    check_every: Annotated[timedelta, BeforeValidator(_interval)] = Field(
        default=timedelta(0),
        description="Ask for evidence at this interval already before the deadline, so that a "
        "lost webhook heals early; `0` asks only at the deadline.",
    )
    correlation: Annotated[Literal["id", "content"], BeforeValidator(_text)] = Field(
        default="id",
        description="What makes events belong together: `id` (the notification id) or `content` "
        "(registry, action, repository, digest and tag), for registries whose regions send "
        "different ids.",
    )
    include: Annotated[tuple[str, ...], BeforeValidator(parse_some)] = Field(
        default=("*",),
        description="Watch only what matches one of these patterns over `repository:tag`, "
        "comma-separated: `team/*:v*`.",
    )
    exclude: Annotated[tuple[str, ...], BeforeValidator(parse_names)] = Field(
        default=(),
        description="Ignore what matches one of these patterns; `*:` is everything untagged, "
        "`*:sha256-*` the signatures.",
    )
    registry_id: Annotated[str | None, BeforeValidator(_text)] = Field(
        default=None,
        description="ARM resource id of the registry, for the evidence `event-log`: "
        "`/subscriptions/.../registries/name`.",
    )
    region_endpoints: Annotated[dict[str, str], BeforeValidator(_endpoints)] = Field(
        default_factory=dict,
        description="JSON object, region to base URL, for the evidence `manifest` where it is not "
        "`https://<registry>.<region>.geo.azurecr.io`.",
    )


class Override(Policy):
    """One registry's own policy in ACR_GLOBAL_REGISTRIES; what it leaves out is the plain one."""

    targets: Annotated[tuple[str, ...] | None, BeforeValidator(parse_names)] = None
    """Names of the targets that hear of this registry; all of them if left out."""


def _registries(value: object) -> dict[str, Any]:
    return _once((parse_host(host), own) for host, own in _object(value).items())


class Settings(Policy):
    """All settings. `targets` are kept apart from their names so that secrets stay in one place."""

    actions: Annotated[tuple[Action, ...], BeforeValidator(parse_some)] = Field(
        default=(Action.PUSH, Action.CHART_PUSH),
        description="Which events count as a push: `push`, `chart_push`, `delete`, "
        "`chart_delete`, `quarantine`.",
    )
    targets: tuple[Target, ...] = Field(
        default=(),
        repr=False,
        description="JSON list of receivers: see docs/channels.md. Unset: verdicts go to the log.",
    )
    registries: Annotated[dict[str, Override], BeforeValidator(_registries)] = Field(
        default_factory=dict,
        description='JSON object by registry host, for more than one registry: `{"name.'
        'azurecr.io": {"regions": [...], "timeout": "5m"}}`. Keys: regions, timeout, '
        "late_window, evidence, check_every, correlation, include, exclude, registry_id, "
        "region_endpoints, targets (names). What is not said is as in the plain settings.",
    )
    retry_schedule: Annotated[tuple[timedelta, ...], BeforeValidator(_schedule)] = Field(
        default_factory=lambda: retry.parse_schedule(retry.DEFAULT_SCHEDULE),
        description="Pauses between the attempts to deliver one notification, each ±20 %.",
    )
    arm_endpoint: Annotated[str, BeforeValidator(_origin)] = Field(
        default="https://management.azure.com",
        description="Resource manager of the cloud, for the evidence `event-log`; another one "
        "in sovereign clouds.",
    )

    def policy(self, registry: str | None) -> Override:
        """The policy for one registry host: its own, else the plain one."""
        own = self.registries.get(registry) if registry else None
        plain = {name: getattr(self, name) for name in Policy.model_fields}
        if own:
            plain |= {n: getattr(own, n) for n in own.model_fields_set}
        return Override.model_construct(**plain)

    def target_names(self, policy: Override) -> tuple[str, ...]:
        """The names of the targets that hear of a registry's pushes."""
        return tuple(
            t.name for t in self.targets if policy.targets is None or t.name in policy.targets
        )

    def all_regions(self) -> frozenset[str]:
        """Every region that some registry expects."""
        return frozenset(self.regions).union(*(r.regions for r in self.registries.values()))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What could be read, and what is wrong with the rest."""

    settings: Settings
    problems: tuple[Problem, ...]


def known_names() -> tuple[str, ...]:
    """Every setting's environment name, in the order of the docs."""
    return tuple(PREFIX + name.upper() for name in Settings.model_fields)


def load_settings(environ: Mapping[str, str]) -> Loaded:
    """Read every ACR_GLOBAL_* setting; an empty value counts as not set."""
    given = {k: v for k, v in environ.items() if k.startswith(PREFIX) and v.strip()}
    receivers = given.pop(PREFIX + "TARGETS", "[]")
    targets, problems = parse_targets(receivers, environ)
    allowed = set(known_names()) | secret_names(receivers)
    problems += tuple(_unknown(name) for name in sorted(given) if name not in allowed)
    raw: dict[str, Any] = {
        name.removeprefix(PREFIX).lower(): v for name, v in given.items() if name in known_names()
    }
    settings, wrong = _validate(raw)
    settings = settings.model_copy(update={"targets": targets})
    return Loaded(settings, problems + wrong + _cross_checks(settings, {p.setting for p in wrong}))


def _validate(raw: dict[str, Any]) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings with each wrong one left at its default, and a problem for each of those."""
    problems: tuple[Problem, ...] = ()
    while True:
        try:
            return Settings.model_validate(raw), problems
        except ValidationError as error:
            problems += tuple(_problem(e, raw) for e in error.errors(include_input=False))
            for name in {str(e["loc"][0]) for e in error.errors()}:
                raw.pop(name)


def _problem(error: Any, raw: Mapping[str, Any]) -> Problem:
    """One of pydantic's errors in plain words. A registry is said by its place, not its host:
    the health check, which anybody can ask, shows this."""
    setting, *inside = error["loc"]
    cause = error.get("ctx", {}).get("error")
    message = str(cause) if isinstance(cause, ValueError) else str(error["msg"])
    registry = ""
    if setting == "registries" and inside:
        registry = _nth(list(_registries(raw[setting])), inside.pop(0))
    if error["type"] == "extra_forbidden":
        message = unknown_field(inside.pop(), Override)
    said = (registry, where_in(inside), message)
    return Problem(PREFIX + setting.upper(), ": ".join(part for part in said if part))


def _nth(hosts: list[str], host: str) -> str:
    return f"registry {hosts.index(host) + 1}"


def _unknown(name: str) -> Problem:
    near = difflib.get_close_matches(name, known_names(), n=1, cutoff=0)[0]
    return Problem(name, f"no such setting; did you mean {near}?")


def _cross_checks(settings: Settings, wrong: set[str]) -> tuple[Problem, ...]:
    """What only several settings together show; those already named are not named again."""
    problems = []
    names = {t.name for t in settings.targets}
    hosts = list(settings.registries)
    no_regions = not settings.regions and PREFIX + "REGIONS" not in wrong
    for host, own in settings.registries.items():
        if not own.regions and no_regions:
            problems.append(Problem(PREFIX + "REGISTRIES", f"{_nth(hosts, host)}: no regions"))
        if own.targets and set(own.targets) - names:
            problems.append(
                Problem(PREFIX + "REGISTRIES", f"{_nth(hosts, host)}: names an unknown target")
            )
    if no_regions and not hosts and PREFIX + "REGISTRIES" not in wrong:
        problems.append(
            Problem(PREFIX + "REGIONS", "is not set: name the regions, such as westeurope,eastus")
        )
    policies = [settings.policy(host) for host in (None, *hosts)]
    if any(p.check_every and p.timeout / p.check_every > MOST_LOOKS for p in policies):
        problems.append(
            Problem(PREFIX + "CHECK_EVERY", f"makes more than {MOST_LOOKS} looks in one timeout")
        )
    if any("event-log" in p.evidence and p.regions and not p.registry_id for p in policies):
        problems.append(
            Problem(PREFIX + "REGISTRY_ID", "is not set, and the evidence event-log needs it")
        )
    return tuple(problems)
