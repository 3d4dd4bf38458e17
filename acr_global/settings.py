"""Settings from a mapping (in Azure: the app settings), each with its default and its help.

`load_settings` never raises: it returns the right values and a `Problem` for each wrong one. A
problem costs what it names and no more: a default is in force, a wrong target is not told, and a
webhook is refused only where the regions of its registry cannot be known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from acr_global import proxies, retry
from acr_global import setting_values as read
from acr_global.errors import Problem
from acr_global.lenient import Wrong
from acr_global.lenient import read as read_fields
from acr_global.model import Action
from acr_global.notify.setting import parse_targets, secret_names
from acr_global.notify.target import Target
from acr_global.patterns import hides_untagged
from acr_global.policy import Override, Policy
from acr_global.registry_setting import ALL_HEAR, REFUSED, parse_registries, problem_of
from acr_global.setting_names import PREFIX, name_problems
from acr_global.surroundings import bare, quoted, unresolved

AUTH_IS_ON = "WEBSITE_AUTH_ENABLED"
"""Says whether App Service Authentication is on. Only then does the platform take its own headers
off what comes from outside; the Functions host, too, goes by it. Sources: learn.microsoft.com/
azure/app-service/reference-app-settings, `Authentication & Authorization`; azure-functions-host,
AuthenticationLevelHandler.cs and EnvironmentExtensions.IsEasyAuthEnabled."""

HOST_NAME = "WEBSITE_HOSTNAME"
"""Set on App Service, and by `func` on a developer's machine."""

MAX_LOOKS = 200
"""Before one deadline: each costs an activity, and a history is read anew in each episode."""


class Settings(Policy):
    """All settings. `targets` are kept apart from their names so that secrets stay in one place.

    `regions` set but empty means that they are not known: the setting is wrong.
    """

    actions: Annotated[tuple[Action, ...], BeforeValidator(read.words)] = Field(
        default=(Action.PUSH, Action.CHART_PUSH),
        description="Which events count as a push: `push`, `chart_push`, `delete`, "
        "`chart_delete`, `quarantine`.",
    )
    targets: tuple[Target, ...] = Field(
        default=(),
        repr=False,
        description="JSON list of receivers: see docs/channels.md. Unset: verdicts go to the log.",
    )
    registries: dict[str, Override] = Field(
        default_factory=dict,
        description='JSON object by registry host, for more than one registry: `{"name.'
        'azurecr.io": {"regions": [...], "timeout": "5m"}}`. Keys: regions, timeout, '
        "late_window, evidence, check_every, correlation, include, exclude, badge, alarm_group, "
        "registry_id, region_endpoints, targets (names). What is not said is as in the plain "
        "settings.",
    )
    retry_schedule: Annotated[tuple[timedelta, ...], BeforeValidator(read.schedule)] = Field(
        default_factory=lambda: retry.parse_schedule(retry.DEFAULT_SCHEDULE),
        description="Pauses between the attempts to deliver one notification, each ±20 %.",
    )
    arm_endpoint: Annotated[str, BeforeValidator(read.origin)] = Field(
        default="https://management.azure.com",
        description="Resource manager of the cloud, for event logs; another one in sovereign "
        "clouds.",
    )

    catch_up: Annotated[timedelta, BeforeValidator(read.timer)] = Field(
        default=timedelta(minutes=5),
        description="How often the registry's event logs are read for webhooks that it could not "
        "deliver, which are then taken in: whole minutes, at most `1h`; `0` is off. Works where "
        "the registry's ARM id is known: see docs/catching-up.md.",
    )

    keep: Annotated[timedelta, BeforeValidator(read.keep)] = Field(
        default=timedelta(days=30),
        description="How long what has ended is kept: pushes, deliveries, rows of the list; at "
        "least `14d`. `0`: nothing is removed. See docs/upkeep.md.",
    )

    keep_dead_letters: Annotated[timedelta, BeforeValidator(read.keep)] = Field(
        default=timedelta(days=90),
        description="The same for dead letters, and for pushes that were given up. `0`: they stay.",
    )

    ui: Annotated[Literal["key", "app-service", "off"], BeforeValidator(read.word)] = Field(
        default="key",
        description="The pages at /api/ui: who signs in is asked for a `key` of the app, or by "
        "`app-service` Authentication; `off`: there are none. See docs/pages.md.",
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

    def knows_regions(self, registry: str | None) -> bool:
        """False where nobody can know which regions report this registry's pushes: a wrong
        setting hides them, or which registry it is.

        A registry that is not listed, while regions are given only for listed ones, has none.
        """
        if registry is None:
            return bool(self.regions)
        return bool(self.policy(registry).regions) or (
            registry not in self.registries and self._unlisted_have_none()
        )

    def knows_all_regions(self) -> bool:
        """Whether the regions of every registry are known."""
        listed = all(self.knows_regions(host) for host in self.registries)
        return listed and (bool(self.regions) or self._unlisted_have_none())

    def watched(self) -> tuple[Override, ...]:
        """The policies of registries whose event logs can be asked for, one for each ARM id, with
        the regions of all who name it."""
        found: dict[str, Override] = {}
        for policy in map(self.policy, (None, *self.registries)):
            if policy.registry_id and policy.regions:
                own = found.setdefault(policy.registry_id.lower(), policy)
                regions = dict.fromkeys((*own.regions, *policy.regions))
                found[policy.registry_id.lower()] = own.model_copy(
                    update={"regions": tuple(regions)}
                )
        return tuple(found.values())

    def has_badges(self) -> bool:
        """Whether some image has a badge that everybody may see."""
        return bool(self.badge or any(own.badge for own in self.registries.values()))

    def catches_up(self) -> bool:
        """Whether the timer that reads event logs runs."""
        return bool(self.catch_up and self.watched()) and read.has_event_log()

    def _unlisted_have_none(self) -> bool:
        return "regions" not in self.model_fields_set and bool(self.all_regions())


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings that could be read, and the problems of the others."""

    settings: Settings
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are more than a warning."""
        return tuple(p for p in self.problems if p.severity == "error")


def known_names() -> tuple[str, ...]:
    """Every setting's environment name, in the order of the docs."""
    return tuple(PREFIX + name.upper() for name in Settings.model_fields)


def app_service_signs_in(environ: Mapping[str, str]) -> bool:
    """Whether App Service Authentication is known to be on."""
    return environ.get(AUTH_IS_ON, "").strip().lower() == "true"


def load_settings(environ: Mapping[str, str]) -> Loaded:
    """Read every ACR_GLOBAL_* setting; an empty value counts as not set."""
    known = known_names()
    given = {name: text for name in known if (text := bare(environ.get(name, "")))}
    unread = {name: said for name, text in given.items() if (said := _not_said(name, text))}
    receivers, hosts = (
        "" if name in unread else given.get(name, "") for name in (_TARGETS, _REGISTRIES)
    )
    targets, problems = parse_targets(receivers, environ)
    registries = parse_registries(hosts or "{}")
    problems += tuple(name_problems(environ, known, secret_names(receivers)))
    raw: dict[str, Any] = {
        _field(name): value
        for name, value in given.items()
        if name not in unread and name not in (_TARGETS, _REGISTRIES)
    }
    settings, wrong = read_fields(Settings, raw)
    wrong += tuple(Wrong(_field(name), said) for name, said in unread.items())
    apart: dict[str, Any] = {"targets": targets, "registries": registries.policies}
    if any(w.field in ("regions", "registries") for w in wrong):
        apart["regions"] = ()
    settings = settings.model_copy(update=apart)
    problems += (*map(_problem, wrong), *registries.problems)
    if not (registries.policies or registries.problems or "regions" in settings.model_fields_set):
        todo = "is not set: name the regions, such as westeurope,eastus; webhooks are answered 503"
        problems += (Problem(_REGIONS, todo),)
    problems += tuple(_not_apart(given.get(_REGIONS, ""), settings.regions))
    if settings.ui == "app-service" and HOST_NAME in environ and not app_service_signs_in(environ):
        said = "asks for App Service Authentication, which is not on; nobody can see the pages"
        problems += (Problem(PREFIX + "UI", said),)
    settings, wrong_together = _cross_check(settings, registries.places)
    return Loaded(settings, problems + wrong_together + proxies.problems(environ))


_REGIONS, _TARGETS, _REGISTRIES = (PREFIX + n for n in ("REGIONS", "TARGETS", "REGISTRIES"))


def _not_apart(text: str, regions: tuple[str, ...]) -> Iterator[Problem]:
    """Names that may be several without a comma between them: Azure's have three words at most, and
    a fourth only for what is not for everybody."""
    for name in text.split(","):
        words = len(name.split())
        long = words > 3 + name.strip().upper().endswith(("EUAP", "STG"))
        if long or (words > 1 and len(regions) == 1):
            said = "has several words in one name; put commas between regions"
            yield Problem(_REGIONS, said, "warning")


def _field(name: str) -> str:
    return name.removeprefix(PREFIX).lower()


def _not_said(name: str, text: str) -> str | None:
    """Why a setting's text cannot be a value, whatever the setting."""
    if text.startswith(("{", "[")):
        return None  # what stands in a part of it costs that part
    # Of the registries, quoted or not, the text shows which it speaks of.
    return unresolved(text) or (None if name == _REGISTRIES else quoted(text))


def _problem(wrong: Wrong) -> Problem:
    """What is wrong with a plain setting, and what is in force instead."""
    if wrong.field == "regions":
        instead = "webhooks of a registry that says no regions of its own are answered 503"
    elif wrong.field == "registries":
        instead = "until then webhooks are answered 503: it may name regions of any registry"
    elif wrong.field == "targets":
        instead = "until then verdicts go to the log only"
    else:
        default = Settings.model_fields[wrong.field].get_default(call_default_factory=True)
        value = read.shown(default)
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        instead = "until then " + (f"the default is in force, {text}" if text else "it is not set")
    return Problem(PREFIX + wrong.field.upper(), f"{wrong.message}; {instead}")


def _cross_check(
    settings: Settings, places: Mapping[str, int]
) -> tuple[Settings, tuple[Problem, ...]]:
    """Problems that only several settings together show; consequences of a wrong one are not
    named."""
    problems: list[Problem] = []
    if _looks_too_often(settings):
        settings = settings.model_copy(update=_NO_LOOKS)
        problems.append(Problem(PREFIX + "CHECK_EVERY", _TOO_MANY))
    registries = dict(settings.registries)
    for host, number in places.items():
        registries[host], wrong = _check_registry(settings, host)
        problems += [problem_of(number, text) for text in wrong]
    settings = settings.model_copy(update={"registries": registries})
    return settings, (*problems, *_of_policies(settings), *_of_catching_up(settings))


def _of_policies(settings: Settings) -> Iterator[Problem]:
    """What is wrong with the policies that are in force: of all registries, and of each."""
    policies = [settings.policy(host) for host in (None, *settings.registries)]
    if any(p.check_every >= p.timeout for p in policies):
        said = "is no shorter than a timeout, so no check comes before that"
        yield Problem(PREFIX + "CHECK_EVERY", said, "warning")
    hidden = any(hides_untagged(p.include, p.exclude) for p in policies)
    if Action.DELETE in settings.actions and hidden:
        said = "has delete, but patterns hide what has no tag, and so every deletion"
        yield Problem(PREFIX + "ACTIONS", said, "warning")
    if any("event-log" in p.evidence and p.regions and not p.registry_id for p in policies):
        said = "is not set, and the evidence event-log fails without"
        yield Problem(PREFIX + "REGISTRY_ID", said)


def _of_catching_up(settings: Settings) -> Iterator[Problem]:
    """What catching up lacks. Where nobody has asked for it, it may lack a registry's id."""
    if "catch_up" in settings.model_fields_set and settings.catch_up and not settings.watched():
        said = "needs ACR_GLOBAL_REGISTRY_ID, and does nothing without"
        yield Problem(PREFIX + "CATCH_UP", said, "warning")
    elif settings.catch_up and settings.watched() and not read.has_event_log():
        said = "needs the packages that the evidence event-log needs, and does nothing without"
        yield Problem(PREFIX + "CATCH_UP", said, "warning")


def _check_registry(settings: Settings, host: str) -> tuple[Override, list[str]]:
    """A registry's own policy as it is in force beside the other settings, and what is wrong."""
    own, wrong = settings.registries[host], list[str]()
    if "regions" not in own.model_fields_set | settings.model_fields_set:
        wrong.append(f"no regions; {REFUSED}")
    known = {target.name for target in settings.targets}.intersection(own.targets or ())
    if set(own.targets or ()) - known:
        said = "until then the others hear of it" if known else ALL_HEAR
        wrong.append(f"targets: names an unknown one; {said}")
        own = own if known else own.model_copy(update={"targets": None})
    if _looks_too_often(settings.policy(host)):
        theirs = "" if "check_every" in own.model_fields_set else f"{PREFIX}CHECK_EVERY "
        wrong.append(f"{theirs or 'check_every: '}{_TOO_MANY}")
        own = own.model_copy(update=_NO_LOOKS)
    return own, wrong


_NO_LOOKS = {"check_every": timedelta(0)}
_TOO_MANY = f"makes more than {MAX_LOOKS} looks in one timeout; until then it is 0s"


def _looks_too_often(policy: Policy) -> bool:
    return bool(policy.check_every) and policy.timeout / policy.check_every > MAX_LOOKS
