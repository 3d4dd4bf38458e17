"""What an instance may show while it runs."""

from __future__ import annotations

import json

from acr_global.functions.durable import statuses


def test_a_status_of_exactly_the_longest_length_is_whole() -> None:
    """With one character more, one name is left out and counted."""
    names = ("r" * 50,) * 140
    spare = statuses.MAX_STATUS_CHARS - len(
        json.dumps({"a": names, "b": ""}, separators=(",", ":"))
    )
    fits = {"a": list(names), "b": "x" * spare}
    assert fits == statuses.bounded(fits)
    cut = statuses.bounded(fits | {"b": "x" * (spare + 1)})
    assert (139, 1) == (len(cut["a"]), cut["a_more"])
