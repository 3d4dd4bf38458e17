"""What Atheris guides input to; it is not needed here, only what it is given."""

from __future__ import annotations

import pytest

from acr_global.cli.exits import CommandError
from tests.guided import NAMES, SEEDS, trying
from tools import guided_fuzz


@pytest.mark.parametrize("name", NAMES)
def test_each_takes_bytes(name: str) -> None:
    """Any, and what it begins with."""
    for data in (b"", bytes(range(256)) * 4, b"{}"):
        trying(name)(data)
    for path in SEEDS[name].iterdir() if name in SEEDS else ():
        trying(name)(path.read_bytes())


def test_what_does_not_hold_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise nothing would ever be found."""

    def broken(*_: object) -> None:
        raise KeyError("region")

    monkeypatch.setattr("tests.test_receive_odd.receive", broken)
    with pytest.raises(KeyError):
        trying("body")(b"{}")


def test_a_name_that_is_not_known_is_told() -> None:
    """Before anything is installed."""
    with pytest.raises(CommandError, match="'bodies' is not known; there are: body, webhook,"):
        guided_fuzz.main(["bodies"])
