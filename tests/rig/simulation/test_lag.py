"""Lags by their distributions."""

from __future__ import annotations

from random import Random
from statistics import mean, median
from typing import Any

import pytest

from acr_global_rig.simulation.lag import Lag

DRAWN = 20_000


def draw(said: Any) -> list[float]:
    """Many lags of one kind, the same at each run."""
    random, lag = Random(7), Lag.model_validate(said)
    return [lag.draw(random) for _ in range(DRAWN)]


def test_a_fixed_lag_is_always_the_same() -> None:
    """It is given as a number, or by its name."""
    assert {2.0} == {*draw(2), *draw({"fixed": "2s"})}


def test_a_uniform_lag_lies_between_its_ends() -> None:
    """All values between them are equally likely."""
    drawn = draw({"uniform": [1, 3]})
    assert min(drawn) >= 1
    assert max(drawn) <= 3
    assert pytest.approx(2.0, abs=0.02) == mean(drawn)


def test_an_exponential_lag_has_its_mean() -> None:
    """It has a tail: half of the values are under 0.7 of it."""
    drawn = draw({"exponential": 2})
    assert pytest.approx(2.0, rel=0.05) == mean(drawn)
    assert pytest.approx(1.386, rel=0.05) == median(drawn)


def test_a_lognormal_lag_has_its_median() -> None:
    """It has a longer tail, so its mean is greater."""
    drawn = draw({"lognormal": {"median": 2, "sigma": 1}})
    assert pytest.approx(2.0, rel=0.05) == median(drawn)
    assert pytest.approx(3.297, rel=0.05) == mean(drawn)


def test_no_lag_is_longer_than_five_days() -> None:
    """This holds however wide the distribution is."""
    assert max(draw({"lognormal": {"median": "5d", "sigma": 5}})) == 432_000
