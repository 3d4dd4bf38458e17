"""The plan of a run: the seed decides it, and its events have the registry's form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from acr_global.model import PushEvent
from acr_global.receive import receive
from acr_global.settings import load_settings
from acr_global_rig.simulation.plan import Plan, body_of, plan_of
from acr_global_rig.simulation.reading import read_scenario
from tests.rig.simulation.samples import REGIONS, record

CAPTURED = Path(__file__).parents[2] / "samples" / "02_push_captured_2026.json"
AT = "2026-06-01T12:00:00.000000Z"
RANDOM = 'image: "a:1", count: 20, lag: {lognormal: {median: 1, sigma: 1}}, lose: 0.2, repeat: 0.3'


def plan(*pushes: str, seed: int = 7, run: str = "run") -> Plan:
    """The plan of these pushes."""
    listed = "\n".join(f"  - {{{push}}}" for push in pushes)
    text = f"regions: [{', '.join(REGIONS)}]\npushes:\n{listed}"
    return plan_of(read_scenario(text), seed, run)


def times(of: Plan) -> list[tuple[int, str, float]]:
    """Region and time of each webhook."""
    return [(webhook.push, webhook.region, webhook.at) for webhook in of.webhooks]


def shape(value: Any) -> Any:
    """The types in a JSON document."""
    return {k: shape(v) for k, v in value.items()} if isinstance(value, dict) else type(value)


def test_the_same_seed_gives_the_same_times_and_another_does_not() -> None:
    """The seed decides every lag, loss and repeat."""
    assert times(plan(RANDOM)) == times(plan(RANDOM))
    assert times(plan(RANDOM)) != times(plan(RANDOM, seed=8))


def test_another_run_has_other_ids_and_digests_and_the_same_times() -> None:
    """The app knows the first run's pushes as decided."""
    one, other = plan(RANDOM), plan(RANDOM, run="other")
    assert times(one) == times(other)
    assert not {w.event_id for w in one.webhooks} & {w.event_id for w in other.webhooks}
    assert not {p.digest for p in one.pushes} & {p.digest for p in other.pushes}


def test_a_change_to_one_group_leaves_the_others_as_they_are() -> None:
    """Each group has its own random numbers."""
    first = [time for time in times(plan(RANDOM, 'image: "b:1"')) if time[0] == 20]
    second = times(plan(RANDOM.replace("0.2", "0.9"), 'image: "b:1"'))
    assert first == [time for time in second if time[0] == 20]


def test_two_groups_that_say_the_same_have_times_of_their_own() -> None:
    """They are drawn apart."""
    made = plan('image: "a:1"', 'image: "b:1"')
    first, second = ([w.at for w in made.webhooks if w.push == number] for number in (0, 1))
    assert first != second


def test_webhooks_come_in_the_order_of_their_times() -> None:
    """Groups are interleaved."""
    found = [webhook.at for webhook in plan(RANDOM, RANDOM).webhooks]
    assert sorted(found) == found


def test_pushes_begin_at_their_rate() -> None:
    """They are evenly spaced from when the group begins; each has its own tag."""
    its = plan('image: "a:1", count: 3, rate: 2, begins: 5, lag: 0').pushes
    assert [("a:1-1", 5.0), ("a:1-2", 5.5), ("a:1-3", 6.0)] == [(p.name, p.begins) for p in its]


def test_regions_report_in_the_order_that_is_asked_for() -> None:
    """The lags are drawn, and assigned from the shortest on."""
    made = plan('image: "a:1", order: [eastus, westeurope, northeurope]')
    assert ["eastus", "westeurope", "northeurope"] == [w.region for w in made.webhooks]


def test_a_region_can_have_a_lag_of_its_own() -> None:
    """Its name may have any spelling."""
    made = plan('image: "a:1", lag: 1, region_lags: {East US: 9}')
    assert {"westeurope": 1.0, "northeurope": 1.0, "eastus": 9.0} == {
        w.region: w.at for w in made.webhooks
    }


def test_a_lost_webhook_is_not_posted() -> None:
    """The push lists its region."""
    made = plan('image: "a:1", lose: [eastus]')
    assert (["northeurope", "westeurope"], ("eastus",)) == (
        sorted(w.region for w in made.webhooks),
        made.pushes[0].lost,
    )


def test_a_repeat_is_the_same_event_again() -> None:
    """It comes later, from the same region."""
    first, second = plan(
        'image: "a:1", lag: 0, lose: [eastus, northeurope], repeat: 1, repeat_lag: 2'
    ).webhooks
    assert (first.event_id, first.region, 2.0) == (second.event_id, second.region, second.at)
    assert (False, True) == (first.repeated, second.repeated)


def test_a_late_webhook_comes_after_the_deadline() -> None:
    """The deadline is ten minutes, unless the scenario says otherwise."""
    made = plan('image: "a:1", late: [eastus], late_by: 7')
    assert [607.0] == [w.at for w in made.webhooks if w.region == "eastus"]


@pytest.mark.parametrize(("count", "ids"), [(1, "same"), (3, "own")])
def test_regions_send_one_id_or_each_its_own(count: int, ids: str) -> None:
    """The scenario says which."""
    assert count == len({w.event_id for w in plan(f'image: "a:1", ids: {ids}').webhooks})


def test_a_multi_arch_image_is_pushed_after_its_children() -> None:
    """The children have no tag, and a digest each."""
    first, second, index = plan('image: "a:1", platforms: 2').pushes
    assert (None, None, "1") == (first.tag, second.tag, index.tag)
    assert 3 == len({p.digest for p in (first, second, index)})
    assert first.name.startswith("a@sha256:")
    assert "index" in index.media_type


def test_body_has_the_shape_of_a_captured_one() -> None:
    """It has the same fields with the same types at every level."""
    made = plan('image: "a:1"')
    captured = json.loads(CAPTURED.read_text())
    assert shape(captured) == shape(body_of(made, made.webhooks[0], AT))


def test_app_understands_every_body() -> None:
    """A child without a tag is understood, too."""
    made = record('image: "a:1", platforms: 1').plan
    settings = load_settings({"ACR_GLOBAL_REGIONS": ",".join(REGIONS)}).settings
    for webhook in made.webhooks:
        body = json.dumps(body_of(made, webhook, AT)).encode()
        (event,) = receive({"region": webhook.region}, body, settings).results
        assert isinstance(event, PushEvent)
        assert (webhook.event_id, made.registry, made.pushes[webhook.push].tag) == (
            event.id,
            event.artifact.registry,
            event.artifact.tag,
        )
