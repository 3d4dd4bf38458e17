"""Scenarios played to the app on devhost, in virtual time: its verdicts are those that the
independent rule expects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acr_global.durations import format_duration
from acr_global_rig.receivers import listening, webhook_targets
from acr_global_rig.simulation.judge import Judgement, judge
from acr_global_rig.simulation.play import Simulation
from acr_global_rig.simulation.reading import read_scenario
from acr_global_rig.simulation.receivers import receivers
from acr_global_rig.simulation.state import Answer, Receipt, Record, record_of
from acr_global_rig.world import world

HEAD = """
regions: [westeurope, northeurope, eastus]
receivers:
  - {name: steady, verdicts: [complete, overdue, recovered, incomplete]}
  - {name: flaky, refusals: 2}
"""
FINE = Judgement((), ())


async def played(text: str, *, wait: float = 60.0, otherwise: Mapping[str, str] = {}) -> Record:
    """One run against an app with the scenario's settings, or others."""
    scenario = read_scenario(text)
    record = record_of(scenario, 7, "run")
    happened: list[Answer | Receipt] = []
    simulation = Simulation(record, "", None, happened.append)
    there = receivers(scenario.receivers, simulation.hear)
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
                target | {"on": on[target["name"]]} for target in webhook_targets(there)
            ],
            **said | {**otherwise},
        ) as w,
    ):
        simulation.app_url = w.host.url
        await simulation.run(wait, scenario.settle)
    answers = sum(map(len, record.answers.values()))
    assert len(happened) == answers + sum(map(len, record.receipts.values()))
    return record


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
async def test_the_app_tells_what_the_scenario_expects(app: str, push: str) -> None:
    """The cases cover what a registry can do."""
    record = await played(f"{HEAD}app: {app}\npushes: [{{image: 'shop/web:1', {push}}}]")
    assert FINE == judge(record)


@pytest.mark.parametrize(
    ("said", "otherwise"),
    [
        ("told overdue instead of complete", {"TIMEOUT": "2s"}),
        (
            "told overdue, then incomplete instead of complete",
            {"TIMEOUT": "2s", "LATE_WINDOW": "2s"},
        ),
        ("missing is mars instead of", {"REGIONS": "westeurope,northeurope,eastus,mars"}),
        ("was answered 400 (error: region-unknown)", {"REGIONS": "westeurope,northeurope"}),
        ("was answered 200 (ignored: filtered)", {"EXCLUDE": "shop/*"}),
    ],
)
async def test_an_app_that_is_set_otherwise_is_found_out(
    said: str, otherwise: dict[str, str]
) -> None:
    """Each wrong push is named."""
    push = "image: 'shop/web:1', lag: 0, region_lags: {eastus: 5}"
    app = "{timeout: 20s, late_window: 0}"
    found = judge(
        await played(f"{HEAD}app: {app}\nsettle: 30\npushes: [{{{push}}}]", otherwise=otherwise)
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
