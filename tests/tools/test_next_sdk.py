"""What `make test-next` leaves out is there; what plays on devhost itself is left out."""

from __future__ import annotations

from pathlib import Path

from tools.next_sdk import LEFT_OUT

ROOT = Path(__file__).parents[2]
PLAYS = ("acr_global_rig.world import", "devhost import DevHost", "tests.clinic import")


def test_what_is_left_out_is_there() -> None:
    """A file that moves takes its reason along."""
    assert [] == [path for path in LEFT_OUT if not (ROOT / path).exists()]


def test_what_plays_on_devhost_is_left_out() -> None:
    """It would fail there, and only there. (What a helper of it imports is not seen here.)"""
    left_out = tuple(ROOT / path for path in LEFT_OUT)
    kept = [
        path
        for path in (ROOT / "tests").rglob("test_*.py")
        if not any(path.is_relative_to(left) for left in left_out)
    ]
    assert kept
    assert [] == [path for path in kept if any(word in path.read_text() for word in PLAYS)]
