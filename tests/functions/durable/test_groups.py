"""What a group shows of itself."""

from __future__ import annotations

from acr_global.functions.durable import groups, statuses, wire


def test_a_status_that_is_too_long_goes_without_its_numbers_first() -> None:
    """What was decided of each push stays whole: by its mark an alarm knows that it was heard."""
    numbers = {f"target-{n:050}": n for n in range(200)}
    status = groups.GroupStatus(state="open", marks="w" * 2_000, newest=numbers)
    shown = groups.as_custom_status(status)
    assert statuses.fits(shown)
    assert wire.dump(status.model_copy(update={"newest": None})) == shown


def test_a_status_that_fits_is_whole() -> None:
    """It has each target's number."""
    status = groups.GroupStatus(state="open", marks="w", newest={"ops": 1})
    assert wire.dump(status) == groups.as_custom_status(status)
