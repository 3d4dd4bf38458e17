"""The demo's table."""

from __future__ import annotations

from acr_global.model import VerdictType
from acr_global_rig.registry import REGIONS
from demo.plan import PUSHES, Push, Report
from demo.table import flaky_lines, render, verdict_rows
from tests.demo.samples import message, told

WEB = Push("shop/web", "1", "in order", 0.0, tuple(Report(r) for r in REGIONS))
MAIL = Push("shop/mail", "2", "one silent", 0.0, (Report("westeurope"), Report("northeurope")))


def test_one_row_per_push() -> None:
    """Verdict, missing and the lag of each region stand in the push's row."""
    rows = verdict_rows([WEB, MAIL], told(WEB) + told(MAIL))

    assert [
        ["push", "webhooks", "verdict", "missing", "westeurope", "northeurope", "eastus"],
        ["shop/web:1", "in order", "complete", "-", "0.0 s", "1.0 s", "2.0 s"],
        ["shop/mail:2", "one silent", "overdue", "eastus", "0.0 s", "1.0 s", "-"],
    ] == rows


def test_row_without_a_verdict() -> None:
    """A push without a verdict keeps its row, with nothing in it."""
    assert ["shop/web:1", "in order", "-", "-", "-", "-", "-"] == verdict_rows([WEB], [])[1]


def test_row_with_two_verdicts() -> None:
    """Both verdicts are shown."""
    alarm = message(WEB, VerdictType.OVERDUE, ("eastus",))

    assert "complete + overdue" == verdict_rows([WEB], told(WEB) + told(WEB, alarm))[1][2]


def test_columns_are_aligned() -> None:
    """Each column is as wide as its widest cell, and no line ends in blanks."""
    assert "a    b\n---  --\nxyz  1\nx    22" == render([["a", "b"], ["xyz", "1"], ["x", "22"]])


def test_demo_fits_a_terminal() -> None:
    """Every line of the demo's own table and list is under 90 columns."""
    receipts = [receipt for push in PUSHES for receipt in told(push)]
    lines = render(verdict_rows(PUSHES, receipts)).splitlines() + flaky_lines(PUSHES, receipts)

    assert [] == [line for line in lines if len(line) >= 90]


def test_flaky_lines() -> None:
    """Delivered, not delivered and nothing at all are told apart."""
    receipts = told(WEB) + told(MAIL)[:2]

    assert [
        "shop/web:1   delivered after 3 attempts, each with the id msg_flaky...",
        "shop/mail:2  not delivered after 1 attempt",
    ] == flaky_lines([WEB, MAIL], receipts)
    assert ["shop/web:1  not delivered after 0 attempts"] == flaky_lines([WEB], [])
