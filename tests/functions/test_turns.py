"""The instance whose turn it is, read from what the worker is sent."""

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
def test_the_instance_of_a_turn_is_found(body: str, instance: str) -> None:
    """The content of an event is not mistaken for it."""
    assert instance == instance_in(body)
