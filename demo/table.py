"""What came back → the table at the end. Pure, plain text, under 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from acr_global.model import Message
from acr_global_rig.registry import REGIONS
from demo.plan import Push
from demo.receivers import FLAKY, STEADY, Receipt

GAP = "  "
NOTHING = "-"


def render(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    rule = GAP.join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def verdict_rows(pushes: Sequence[Push], receipts: Sequence[Receipt]) -> list[list[str]]:
    """One row per push: what was decided, and how far each region was behind the first."""
    rows = [["push", "webhooks", "verdict", "missing", *REGIONS]]
    for push in pushes:
        messages = [r.message for r in receipts if r.image == push.image and r.receiver == STEADY]
        verdicts = " + ".join(m.type.value for m in messages) or NOTHING
        missing = ", ".join(messages[0].missing) if messages else ""
        lags = [_lag(messages[0], region) if messages else NOTHING for region in REGIONS]
        rows.append([push.image, push.how, verdicts, missing or NOTHING, *lags])
    return rows


def flaky_lines(pushes: Sequence[Push], receipts: Sequence[Receipt]) -> list[str]:
    """One line per push: after how many attempts the flaky receiver took its message."""
    width = max(len(push.image) for push in pushes)
    return [f"{push.image:<{width}}{GAP}{_delivery(push, receipts)}" for push in pushes]


def _delivery(push: Push, receipts: Sequence[Receipt]) -> str:
    attempts = [r for r in receipts if r.image == push.image and r.receiver == FLAKY]
    tried = f"{len(attempts)} attempt{'' if len(attempts) == 1 else 's'}"
    if not any(r.status == 200 for r in attempts):
        return f"not delivered after {tried}"
    ids = {r.delivery_id for r in attempts}
    same = f"each with the id {ids.pop()[:12]}..." if len(ids) == 1 else "with DIFFERENT ids"
    return f"delivered after {tried}, {same}"


def _lag(message: Message, region: str) -> str:
    for report in message.regions:
        if report.region == region and report.lag_seconds is not None:
            return f"{report.lag_seconds:.1f} s"
    return NOTHING
