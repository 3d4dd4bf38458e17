"""The demo's scenario, and the settings of the app that it starts."""

from __future__ import annotations

from acr_global.settings import load_settings
from acr_global_rig.host import environment
from acr_global_rig.simulation.reading import read_scenario
from acr_global_rig.simulation.state import Record, record_of
from acr_global_rig.simulation.table import fitting, headings, rows
from demo.__main__ import SCENARIO, settings
from tests.rig.simulation.samples import message, tell

DEMO = read_scenario(SCENARIO.read_text())


def record() -> Record:
    """The record of the demo before it begins."""
    return record_of(DEMO, DEMO.seed or 0, "run")


def test_settings_of_the_user_do_not_reach_the_demo() -> None:
    """The user's settings of the app are left out, and the demo's are right."""
    user = {"ACR_GLOBAL_REGIONS": "mars", "ACR_GLOBAL_EVIDENCE": "manifest", "PATH": "/bin"}
    environ = environment(user, settings(DEMO, 9099))
    loaded = load_settings(environ)
    assert "/bin" == environ["PATH"]
    assert () == loaded.problems
    assert () == loaded.settings.evidence
    assert DEMO.regions == loaded.settings.regions
    assert DEMO.app.timeout == loaded.settings.timeout.total_seconds()
    assert DEMO.app.late_window == loaded.settings.late_window.total_seconds()
    assert ["steady", "flaky"] == [target.name for target in loaded.settings.targets]


def test_the_silent_push_begins_last() -> None:
    """All other deadlines have passed when its verdict comes, so that no second verdict is
    missed."""
    pushes = record().plan.pushes
    assert [pushes[-1]] == [push for push in pushes if push.lost]
    assert pushes[-1] == max(pushes, key=lambda push: push.begins)


def test_the_demo_is_over_in_a_minute() -> None:
    """After the last verdict is due, the flaky receiver's retries take another 6 s."""
    known_by = max(expected.known_by for expected in record().expected)
    assert 20 >= known_by + DEMO.settle
    assert 6 == len(DEMO.pushes)


def test_the_demo_fits_a_terminal() -> None:
    """The table has a column for each region, in the middle of the run and at its end."""
    run = record()
    for expected in run.expected:
        tell(run, message(expected))
    for of in (run, record()):
        assert [headings(of), *rows(of, of.plan.pushes)] == fitting(of, of.plan.pushes, 80)
