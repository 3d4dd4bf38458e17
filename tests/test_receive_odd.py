"""Whatever is posted: every event in it is a push that can be kept, or named by a reason."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.correlation import courier_id, delivery_id, event_name, is_push, push_key
from acr_global.errors import RejectedError
from acr_global.model import PushEvent, VerdictType
from acr_global.patterns import is_region
from acr_global.receive import MAX_BODY_BYTES, Stray, receive
from acr_global.settings import load_settings
from tests import strange

SAMPLES = [
    json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "samples").glob("*.json"))
]
EVENTS = [one for one in SAMPLES if isinstance(one, dict)]
ENVELOPE = {"events": EVENTS[:4]}
NAMED = [EVENTS[0] | {"id": one} for one in strange.IDS]

REGISTRIES = {"r.io": {"regions": ["eastus"], "correlation": "content"}, "s.io": {"regions": 5}}
SETTINGS = [
    load_settings({f"ACR_GLOBAL_{name}": value for name, value in given.items()}).settings
    for given in (
        {"REGIONS": "West Europe,eastus"},
        {"REGIONS": "eastus", "ACTIONS": "push,delete", "CORRELATION": "content"},
        {"REGISTRIES": json.dumps(REGISTRIES), "EXCLUDE": "*:, *:sha256-*"},
        {"REGIONS": "a/b"},
    )
]
IN_A_PATH = re.compile(r"[a-z0-9._-]{1,100}")

queries = st.fixed_dictionaries(
    {"region": st.sampled_from(["eastus", "West Europe"]) | strange.texts},
    optional={
        "registry": st.sampled_from(["r.io", "S.IO:443"]) | strange.texts,
        "caught_up": strange.texts,
    },
)

bodies = strange.posted(*EVENTS, ENVELOPE) | st.sampled_from(NAMED).map(
    lambda named: json.dumps(named).encode()
)


def check(event: PushEvent) -> None:
    """Each id that is made of it stands alone in a path, and is no push's but its own."""
    assert is_region(event.region)
    assert IN_A_PATH.fullmatch(event_name(event.region))
    for key in (push_key(event, "id"), push_key(event, "content")):
        assert is_push(key)
        own = (courier_id(key, event.region), delivery_id(key, VerdictType.COMPLETE))
        assert not any(map(is_push, own))
        assert all(IN_A_PATH.fullmatch(one) for one in (key, *own))


@pytest.mark.fuzz
@strange.few(1)
@given(queries, bodies, st.sampled_from(SETTINGS))
def test_what_is_posted_is_a_push_or_has_a_reason(
    query: dict[str, str], body: bytes, settings: Any
) -> None:
    """From the samples, with parts of them changed, and from queries that nobody meant."""
    try:
        results = receive(query, body, settings).results
    except RejectedError as error:
        results = (error,)
    for result in results:
        if isinstance(result, PushEvent | Stray):
            check(result.event if isinstance(result, Stray) else result)
        else:
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", result.reason)
            assert 500 > getattr(result, "status", 200) or "settings-invalid" == result.reason


@pytest.mark.fuzz
@strange.few(10)
@given(st.integers(-2, 2), st.sampled_from(EVENTS[:9]))
def test_a_body_is_read_up_to_the_limit(beyond: int, event: Any) -> None:
    """To the byte."""
    body = json.dumps(event).encode()
    body += b" " * (MAX_BODY_BYTES + beyond - len(body))
    too_large = pytest.raises(RejectedError, match="larger")
    with too_large if beyond > 0 else contextlib.nullcontext():
        receive({"region": "eastus"}, body, SETTINGS[0])
