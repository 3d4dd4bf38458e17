"""The custom status of a delivery."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from acr_global.functions.durable import notifications, statuses
from acr_global.functions.orchestrators.deliver_notification import summary
from acr_global.model import Attempt, Outcome
from acr_global.retry import Delivery
from tests.notify.samples import artifact, verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(("dead", "delivered"), [(200, 0), (0, 200), (100, 100), (199, 1)])
def test_a_deliverys_targets_are_cut_with_counts(dead: int, delivered: int) -> None:
    """Two hundred targets of the longest names, in any state, fit; the output holds them all. What
    tells deliveries apart stays whole."""
    attempts = [
        Attempt(target=f"{n:050}", at=NOW, outcome=outcome, reason="r")
        for n in range(200)
        for outcome in [Outcome.DEAD if n < dead else Outcome.DELIVERED]
    ]
    state = Delivery(
        push_id="p" * 100,
        targets=tuple(a.target for a in attempts),
        begun_at=NOW,
        schedule=(),
        attempts=tuple(attempts),
    )
    odd = artifact(repository="\u2028" * 1_024, tag="\U0001f600" * 1_024)
    about = verdict().model_copy(update={"push_id": "p" * 100, "artifact": odd})
    given = notifications.DeliveryInput(verdict=about, delivery=state, replay_of="_" * 100)
    whole = summary(given, state, "dead")
    cut = statuses.bounded(whole)
    assert statuses.MAX_STATUS_CHARS >= len(json.dumps(cut, separators=(",", ":")))
    for name, count in (("dead", dead), ("delivered", delivered), ("owed", 0)):
        assert count == len(whole[name]) == len(cut[name]) + cut.get(f"{name}_more", 0)
    kept = ("state", "push", "verdict", "replay_of", "attempts")
    assert [whole[name] for name in kept] == [cut[name] for name in kept]
