"""What is read from the SDK 1.x. What is read from 2.x is in tests/next."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from acr_global.functions import sdk


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
    assert instance == sdk.instance_in(body)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (sdk.End("raised"), {"isDone": True, "output": "raised"}),
        (sdk.End(None), {"isDone": True}),
        (None, {"isDone": False, "output": None}),
    ],
)
def test_the_end_of_an_instance_is_found(end: sdk.End | None, state: dict[str, object]) -> None:
    """With its output, if it has one."""
    assert end == sdk.end_in(json.dumps(state))


@pytest.mark.parametrize(("generation", "took"), [(None, False), (0, False), (1, True)])
def test_an_instance_that_took_a_place_is_known(generation: int | None, took: bool) -> None:
    """By the number of its start, where the engine counts."""
    begun, other = SimpleNamespace(Generation=generation), SimpleNamespace()
    assert took is sdk.took_a_place(SimpleNamespace(histories=[other, begun, other]))


def test_a_client_says_where_its_host_is() -> None:
    """Calls to it need no key."""
    bindings = SimpleNamespace(rpc_base_url="http://127.0.0.1:1/durabletask/", task_hub_name="Hub")
    client = SimpleNamespace(_orchestration_bindings=bindings)
    assert sdk.Host("http://127.0.0.1:1/durabletask/", "Hub", "") == sdk.host_of(client)
