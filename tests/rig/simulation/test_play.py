"""Scenarios played to the app on devhost, in virtual time: its verdicts are those that the
independent rule expects."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acr_global.api import PushDetails
from acr_global.durations import format_duration
from acr_global.grouping import GroupState
from acr_global.notify.group import trial_group
from acr_global_rig.loopback import serving
from acr_global_rig.receivers import listening, webhook_targets
from acr_global_rig.simulation.asking import asked
from acr_global_rig.simulation.judge import Judgement, judge
from acr_global_rig.simulation.play import Simulation
from acr_global_rig.simulation.reading import read_scenario
from acr_global_rig.simulation.receivers import receivers
from acr_global_rig.simulation.scenario import Listener
from acr_global_rig.simulation.state import Answer, GroupReceipt, Receipt, Record, record_of
from acr_global_rig.world import world

HEAD = """
regions: [westeurope, northeurope, eastus]
receivers:
  - {name: steady, verdicts: [complete, overdue, recovered, incomplete]}
  - {name: flaky, refusals: 2}
"""
FINE = Judgement((), ())


async def played(
    text: str, *, wait: float = 60.0, otherwise: Mapping[str, str] = {}, ask: bool = False
) -> Record:
    """One run against an app that is set as the scenario says, or otherwise; judged by what the
    receivers get, or by what the app lists."""
    scenario = read_scenario(text)
    listeners = (asked(scenario.receivers),) if ask else ()
    record = record_of(scenario, 7, "run", listeners)
    happened: list[Answer | Receipt] = []
    simulation = Simulation(record, "", None, happened.append)
    there = receivers(scenario.receivers, (lambda _: None) if ask else simulation.hear)
    on = {one.name: [v.value for v in one.verdicts] for one in scenario.receivers}
    app = scenario.app
    said: dict[str, Any] = {
        "REGIONS": ",".join(scenario.regions),
        "TIMEOUT": format_duration(timedelta(seconds=app.timeout)),
        "LATE_WINDOW": format_duration(timedelta(seconds=app.late_window)),
        "CORRELATION": app.correlation,
        "EXCLUDE": ",".join(app.exclude),
        "RETRY_SCHEDULE": "1s,2s,3s",
    }
    async with (
        listening(*there),
        world(
            targets=lambda _: [
                target | {"on": on[target["name"]]}
                for target in webhook_targets(there, group=False)
            ],
            **said | {**otherwise},
        ) as w,
    ):
        simulation.app_url = w.host.url

        async def details(push_id: str) -> PushDetails | None:
            status, answer = await w.call("GET", f"pushes/{push_id}")
            return PushDetails.model_validate(answer) if status == 200 else None

        simulation.ask = details if ask else None
        await simulation.run(wait, scenario.settle)
    answers = sum(map(len, record.answers.values()))
    assert len(happened) == answers + sum(map(len, record.receipts.values()))
    return record


@pytest.mark.parametrize("ask", [False, True], ids=["received", "asked"])
@pytest.mark.parametrize(
    ("app", "push"),
    [
        ("{timeout: 10s, late_window: 0}", "lag: 0"),
        ("{timeout: 10s, late_window: 0}", "count: 20, rate: 10, lag: {exponential: 0.5}"),
        ("{timeout: 10s, late_window: 0}", "repeat: 1, repeat_lag: {uniform: [0, 15]}"),
        ("{timeout: 10s, late_window: 0}", "lose: [eastus]"),
        ("{timeout: 10s, late_window: 0}", "lose: 1"),
        ("{timeout: 10s, late_window: 0}", "lag: 0, late: [eastus]"),
        ("{timeout: 10s, late_window: 1m}", "lag: 0, late: [eastus]"),
        ("{timeout: 10s, late_window: 1m}", "lag: 0, late: [eastus], lose: [northeurope]"),
        ("{timeout: 10s, late_window: 1m}", "lag: 0, late: [eastus], late_by: 70s"),
        ("{timeout: 10s, late_window: 0}", "lag: 0, region_lags: {eastus: 9.9}"),
        ("{timeout: 10s, late_window: 1m}", "lag: 0, ids: own"),
        ("{timeout: 10s, late_window: 1m, correlation: content}", "lag: 0, ids: own, repeat: 1"),
        ("{timeout: 10s, late_window: 1m, correlation: content}", "ids: own, late: [eastus]"),
        ("{timeout: 10s, late_window: 0}", "lag: 0, platforms: 2"),
        ("{timeout: 10s, late_window: 0, exclude: '*:'}", "lag: 0, platforms: 2, lose: [eastus]"),
    ],
)
async def test_the_app_tells_what_the_scenario_expects(app: str, push: str, ask: bool) -> None:
    """The cases cover what a registry can do."""
    record = await played(f"{HEAD}app: {app}\npushes: [{{image: 'shop/web:1', {push}}}]", ask=ask)
    assert FINE == judge(record)


@pytest.mark.parametrize("ask", [False, True], ids=["received", "asked"])
@pytest.mark.parametrize(
    ("said", "otherwise"),
    [
        ("told overdue instead of complete", {"TIMEOUT": "2s"}),
        (
            "told overdue, then incomplete instead of complete",
            {"TIMEOUT": "2s", "LATE_WINDOW": "2s"},
        ),
        (
            "the app waits for mars, which `regions` of the scenario does not name",
            {"REGIONS": "westeurope,northeurope,eastus,mars"},
        ),
        ("was answered 400 (error: region-unknown)", {"REGIONS": "westeurope,northeurope"}),
        ("was answered 200 (ignored: filtered)", {"EXCLUDE": "shop/*"}),
    ],
)
async def test_an_app_that_is_set_otherwise_is_found_out(
    said: str, otherwise: dict[str, str], ask: bool
) -> None:
    """Each wrong push is named."""
    push = "image: 'shop/web:1', lag: 0, region_lags: {eastus: 9}"
    app = "{timeout: 20s, late_window: 0}"
    found = judge(
        await played(
            f"{HEAD}app: {app}\nsettle: 30\npushes: [{{{push}}}]", otherwise=otherwise, ask=ask
        )
    )
    assert said in "\n".join(found.wrong)


async def test_a_message_that_has_not_come_in_time_is_not_known() -> None:
    """The flaky receiver's retries take longer than the run waits."""
    push = "image: 'shop/web:1', lag: 0"
    text = f"{HEAD}app: {{timeout: 10s, late_window: 0}}\npushes: [{{{push}}}]"
    found = judge(await played(text, wait=2.0, otherwise={"RETRY_SCHEDULE": "1m,1m,1m"}))
    assert Judgement((), ("shop/web:1, flaky: refused 1 times, and not taken",)) == found


CHANCES = st.sampled_from([0.0, 0.1, 0.5])
LAGS = st.sampled_from(["0", "{uniform: [0, 3]}", "{exponential: 4}", "{fixed: 9}"])


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries(
        {
            "count": st.integers(1, 4),
            "lag": LAGS,
            "lose": CHANCES,
            "late": CHANCES,
            "repeat": CHANCES,
            "ids": st.sampled_from(["same", "own"]),
            "platforms": st.integers(0, 1),
        }
    ),
    st.sampled_from(["0", "1m"]),
)
async def test_the_app_tells_what_any_scenario_expects(push: dict[str, Any], window: str) -> None:
    """The scenarios are drawn at random."""
    fields = ", ".join(f"{name}: {value}" for name, value in push.items())
    app = f"{{timeout: 20s, late_window: {window}}}"
    record = await played(f"{HEAD}app: {app}\npushes: [{{image: 'shop/web:1', {fields}}}]")
    assert FINE == judge(record)


@pytest.mark.parametrize(
    ("status", "word", "answer"),
    [
        (0, "no answer within 5 s", 6.0),
        (0, "no answer: JSONDecodeError", "<html>"),
        (200, "an answer that is no JSON object", "[]"),
        (401, "an answer that is no JSON object", 401),
    ],
)
async def test_a_webhook_is_posted_once_and_waits_five_seconds(
    status: int, word: str, answer: float | str
) -> None:
    """The registry does the same; any answer is noted."""
    asked: list[str] = []

    async def take(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        if isinstance(answer, float):
            await asyncio.sleep(answer)
        said = answer if isinstance(answer, str) else ""
        return web.Response(status=answer if isinstance(answer, int) else 200, text=said)

    app = web.Application()
    app.router.add_post("/api/ImagePush", take)
    record = record_of(read_scenario("{regions: [eastus], pushes: [{image: 'a:1'}]}"), 7, "run")
    async with serving(app) as url:
        await Simulation(record, url, None, lambda _: None).run(0, 0)
    ((found,),) = record.answers.values()
    assert (status, word, ["/api/ImagePush?region=eastus"]) == (found.status, found.word, asked)


async def test_a_proxy_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent past it."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    record = record_of(read_scenario("{regions: [eastus], pushes: [{image: 'a:1'}]}"), 7, "run")
    await Simulation(record, "https://app.example", None, lambda _: None).run(0, 0)
    ((found,),) = record.answers.values()
    assert found.word.startswith("HTTPS_PROXY")
    assert 0 == found.status


async def test_what_is_no_message_is_refused() -> None:
    """It counts for nothing."""
    told: list[Receipt | GroupReceipt] = []
    (receiver,) = receivers((Listener.model_validate({"name": "ops"}),), told.append)
    assert 400 == receiver.decide({}, {"type": "complete"})
    assert [] == told


async def test_a_group_is_taken_and_judged() -> None:
    """The app is not refused what it says rightly; the run is wrong, with what to do."""
    record = record_of(read_scenario("{regions: [eastus], pushes: [{image: 'a:1'}]}"), 7, "run")
    shown: list[Answer | Receipt] = []
    simulation = Simulation(record, "", None, shown.append)
    (receiver,) = receivers((Listener.model_validate({"name": "ops"}),), simulation.hear)
    told = trial_group(GroupState.BEHIND, datetime(2026, 1, 1, tzinfo=UTC))
    own = told.model_copy(update={"registry": record.plan.registry})
    for one in (told, own, own):
        assert 200 == receiver.decide({}, one.model_dump(mode="json"))
    assert ([], 3) == (shown, len(record.groups))
    (wrong,) = judge(record).wrong
    assert 'ops: was told of several pushes as one; its target needs "group": false' == wrong
