"""What is wrong with the app, seen from outside and from inside. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from acr_global import api
from acr_global.doctor.facts import Answer, App, Unknown
from acr_global.doctor.finding import Finding, fine, unknown, wrong
from acr_global.functions.durable import names
from acr_global.model import Evidence
from acr_global.version import VERSION

MAX_SKEW = timedelta(seconds=10)
"""Between two clocks, including the answer's way. Synchronised clocks differ by less; a larger
difference falsifies comparisons across machines (lags, ages of events)."""

FAILED = "check failed: "
LOG = "look into the app's log stream, or the table FunctionAppLogs"
KEY = "set FUNCTION_APP_KEY to a host key of the app, or use --key-file or --key-stdin"


def check_app(app: App) -> Iterator[Finding]:
    """All findings on the app, in order of importance."""
    yield reached(app)
    yield door(app)
    yield from functions(app)
    yield from settings(app)
    if isinstance(app.diagnosis, Unknown):
        for check in ("version", "clock", "engine", "targets", "evidence"):
            yield unknown(check, app.diagnosis.why, app.diagnosis.mend)
        return
    yield version(app.diagnosis)
    yield clock(app.diagnosis, app)
    yield from engine(app.diagnosis)
    for expected in app.diagnosis.expected:
        yield targets(expected)
        yield from evidence(expected)


def reached(app: App) -> Finding:
    """Whether the app answers at all."""
    health, check = app.health, "app"
    if health.status is None:
        mend = "is this its URL, does it run, and do its access restrictions let this machine in?"
        return wrong(check, f"{app.host} is not reached: {health.failed}", mend)
    if health.body.get("status") in ("ok", "degraded", "error"):
        return fine(check, f"{app.host} answers, {health.body['status']}")
    if health.status == 403:
        mend = "its access restrictions keep this machine out; the registry's posts may be let in"
        return wrong(check, f"{app.host} refuses (status 403)", mend)
    if health.status == 404:
        mend = f"publish again; an import error gives no functions, and no word of it: {LOG}"
        return wrong(check, f"{app.host} has no function Health (status 404)", mend)
    said = f"{app.host} does not answer as the app does (status {health.status})"
    return wrong(check, said, f"it is stopped, or starting, or another app: {LOG}")


def door(app: App) -> Finding:
    """Whether the registry's posts can get in, tried by a ping of our own."""
    if isinstance(app.ping, Unknown):
        return unknown("door", app.ping.why, app.ping.mend)
    said, mend = refusal(app.ping)
    if said and app.ping.reason != "region-unknown":  # an answer of the app itself, too
        return wrong("door", f"{names.IMAGE_PUSH} {said}", mend)
    return fine("door", f"{names.IMAGE_PUSH} takes a ping with this key")


def refusal(answer: Answer) -> tuple[str, str]:
    """Why a ping was refused, and what to do; empty where it was accepted."""
    match answer.status:
        case None:
            return f"gave no answer: {answer.failed}", "see the line of the app"
        case 200 if answer.reason == "ping":
            return "", ""
        case 401:
            return "does not take the key (status 401)", KEY
        case 403:
            return "refuses this machine (status 403)", "the app's access restrictions"
        case 404:
            return "is not there (status 404)", f"publish again, or enable it: {LOG}"
        case 400 if answer.reason == "region-unknown":
            return "does not expect its region (status 400)", "see the lines of the regions"
        case _:
            about = f"status {answer.status}" + (f", {answer.reason}" if answer.reason else "")
            return f"does not take a ping ({about})", LOG


def functions(app: App) -> Iterator[Finding]:
    """Whether the host has all functions of the release, and none is disabled."""
    if isinstance(app.functions, Unknown):
        yield unknown("functions", app.functions.why, app.functions.mend)
        return
    known = app.diagnosis.functions if isinstance(app.diagnosis, api.Diagnosis) else names.always()
    listed = {function.name: function.enabled for function in app.functions}
    missing = [name for name in known if name not in listed]
    disabled = [name for name in known if listed.get(name) is False]
    if missing:
        said = f"the host does not list {', '.join(missing)}"
        yield wrong("functions", said, f"publish again; if they are still not there: {LOG}")
    if disabled:
        said = f"disabled: {', '.join(disabled)}"
        setting = f"AzureWebJobs.{disabled[0]}.Disabled"
        yield wrong("functions", said, f"remove the app setting {setting}, and any like it")
    if not missing and not disabled:
        yield fine("functions", f"all {len(known)} are listed and enabled")


def settings(app: App) -> Iterator[Finding]:
    """The wrong settings, by the app's diagnosis; without a key, by its public health check."""
    problems: list[Any]
    if isinstance(app.diagnosis, api.Diagnosis):
        problems = [problem.model_dump() for problem in app.diagnosis.problems]
    elif isinstance(app.health.body.get("problems"), list):
        problems = [p for p in app.health.body["problems"] if isinstance(p, dict)]
    else:
        yield unknown("settings", "the app does not say")
        return
    for problem in problems:
        kind = "" if problem.get("severity") == "error" else " (a warning)"
        said = f"{problem.get('setting')}{kind}: {problem.get('reason')}"
        yield wrong("settings", said, "change this app setting; docs/settings.md")
    if not problems:
        yield fine("settings", "none is wrong")


def version(said: api.Diagnosis) -> Finding:
    """Which release runs there."""
    ours = "" if said.version == VERSION else f"; this command is of {VERSION}"
    return fine("version", f"release {said.version}, Python {said.python}{ours}")


def clock(said: api.Diagnosis, app: App) -> Finding:
    """The difference between the app's clock and this machine's."""
    if app.answered_at is None:
        return unknown("clock", "it is not known when the answer came")
    apart = (said.now - app.answered_at).total_seconds()
    if abs(apart) <= MAX_SKEW.total_seconds():
        return fine("clock", f"within {MAX_SKEW.seconds} s of this machine's")
    way = "ahead of" if apart > 0 else "behind"
    mend = "one of the two is wrong: look at the time service of this machine first"
    return wrong("clock", f"{abs(apart):.0f} s {way} this machine's", mend)


def engine(said: api.Diagnosis) -> Iterator[Finding]:
    """Whether the engine works, and has every activity."""
    probe = said.probe
    match probe.state:
        case "engine-unavailable":
            mend = (
                "does the identity have its roles on the storage, and can the app reach it? "
                "docs/deploying.md, Where you may not assign roles"
            )
            yield wrong("engine", "its storage does not answer", mend)
        case "not-begun":
            mend = f"an idle app may have to start a host first: ask once more; then {LOG}"
            said_so = f"nothing was taken from its queue within {probe.seconds:.0f} s"
            yield wrong("engine", said_so, mend)
        case "not-ended":
            at = f"{probe.at} did not come back" if probe.at else "a probe did not come to its end"
            mend = f"the host may not have it: is it listed, is it disabled? {LOG}"
            yield wrong("engine", f"{at} within {probe.seconds:.0f} s", mend)
        case "done" if probe.failed:
            mend = f"the host cannot call them: are they disabled? {LOG}"
            yield wrong("engine", f"ended in an error: {', '.join(probe.failed)}", mend)
        case "done":
            newest = said.newest_turn
            turn = f"; newest turn of a push here {newest:%Y-%m-%d %H:%M:%SZ}" if newest else ""
            yield fine("engine", f"called each activity within {probe.seconds:g} s{turn}")


def targets(expected: api.Expected) -> Finding:
    """Whether there is a target."""
    whose = of(expected)
    if not expected.targets:
        mend = "set ACR_GLOBAL_TARGETS: docs/channels.md"
        return wrong("targets", f"nobody is told{whose}: verdicts go to the log only", mend)
    return fine("targets", f"told{whose}: {', '.join(expected.targets)}; `targets test` tries one")


def evidence(expected: api.Expected) -> Iterator[Finding]:
    """Whether the app's identity may ask the registry about missing regions."""
    whose = of(expected)
    if not expected.evidence:
        yield fine("evidence", f"none is asked for{whose} (ACR_GLOBAL_EVIDENCE)")
    for kind in expected.evidence:
        asked = [one for one in expected.asked if one.kind == kind]
        yield from _of_kind(kind, whose, asked)


def _of_kind(kind: str, whose: str, asked: list[Evidence]) -> Iterator[Finding]:
    reasons: dict[str, list[str]] = {}
    for one in asked:
        if one.detail.startswith(FAILED):
            reasons.setdefault(one.detail.removeprefix(FAILED), []).append(one.region)
    for reason, regions in reasons.items():
        said = f"{kind}{whose} cannot be asked in {', '.join(regions)}: {reason}"
        yield wrong("evidence", said, "docs/evidence.md, Rights")
    if not reasons and asked:
        yield fine("evidence", f"{kind}{whose} can be asked in all {len(asked)} regions")
    elif not asked:
        yield unknown("evidence", f"{kind}{whose} was not asked for in any region")


def of(expected: api.Expected) -> str:
    """A phrase that names the registry, where there are settings for several."""
    return f" of {expected.registry}" if expected.registry else ""
