"""Whose turn it is, told by what the worker is sent."""

from __future__ import annotations

import pytest

from acr_global.functions.turns import instance_in


@pytest.mark.parametrize(
    ("body", "instance"),
    [
        ('{"history": [], "instanceId": "p1", "parentInstanceId": null}', "p1"),
        (r'{"history": [{"Input": "{\"instanceId\": \"x\"}"}],"instanceId":"p1"}', "p1"),
        ("{}", ""),
    ],
)
def test_a_turn_is_told_by_its_instance(body: str, instance: str) -> None:
    """What stands in an event's content is not taken for it."""
    assert instance == instance_in(body)
