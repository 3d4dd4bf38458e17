"""A run as rows: one per push, with a column for each region where that fits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from acr_global_rig.simulation.expect import Expected, is_watched
from acr_global_rig.simulation.plan import Push
from acr_global_rig.simulation.state import Answer, Record

NOTHING = "-"
GAP = 2
"""Blanks between two columns."""


def fitting(record: Record, pushes: Iterable[Push], columns: int | None) -> list[list[str]]:
    """The headings and a row for each push: with a column for each region or, where those would
    be wider than so many characters, with how many have reported and the slowest of them."""
    shown = [*pushes]
    whole = [headings(record), *rows(record, shown)]
    if columns is None or _width(whole) <= columns:
        return whole
    own = len(headings(record)) - len(record.plan.regions)
    narrow = [[*whole[0][:own], "REPORTED", "SLOWEST"]]
    return narrow + [[*row[:own], *_summary(record, row[own:])] for row in whole[1:]]


def _width(rows: list[list[str]]) -> int:
    return sum(GAP + max(map(len, column)) for column in zip(*rows, strict=True))


def _summary(record: Record, cells: list[str]) -> tuple[str, str]:
    """Of the regions' cells: how many say that an arrival has come, and the longest lag."""
    lags = {
        region: float(cell.removesuffix(" s"))
        for region, cell in zip(record.plan.regions, cells, strict=True)
        if cell.endswith(" s")
    }
    reported = len(lags) + sum(cell in ("200", "202") for cell in cells)
    slowest = max(lags, key=lambda region: lags[region], default=None)
    said = f"{slowest}, {lags[slowest]:.1f} s" if slowest else NOTHING
    return f"{reported} of {len(cells)}", said


def headings(record: Record) -> list[str]:
    """The columns: what was pushed, its verdicts, the missing regions, and each region."""
    noted = ["NOTE"] if _is_noted(record) else []
    return ["PUSH", *noted, "VERDICT", "MISSING", *record.plan.regions]


def rows(record: Record, pushes: Iterable[Push]) -> list[list[str]]:
    """One row for each push; for a region its lag behind the first, by the app's clock, or the
    state of its webhook."""
    expected: dict[int, list[Expected]] = {}
    for one in record.expected:
        expected.setdefault(one.push.number, []).append(one)
    return [_row(record, push, expected.get(push.number, [])) for push in pushes]


def _row(record: Record, push: Push, expected: list[Expected]) -> list[str]:
    verdicts = [" + ".join(_verdicts(record, one)) or NOTHING for one in expected]
    if not verdicts:
        verdicts = [NOTHING if is_watched(push, record.app) else "not watched"]
    missing = [", ".join(_missing(record, one)) for one in expected]
    noted = [push.note or NOTHING] if _is_noted(record) else []
    lags, answers = _lags(record, expected), record.answers.get(push.number, [])
    cells = [lags.get(r) or _standing(push, r, answers) for r in record.plan.regions]
    return [
        push.name,
        *noted,
        "; ".join(dict.fromkeys(verdicts)),
        "; ".join(dict.fromkeys(filter(None, missing))) or NOTHING,
        *cells,
    ]


def _verdicts(record: Record, expected: Expected) -> Iterator[str]:
    listener = record.listeners[0].name
    for receipt in record.told(expected.key, listener):
        if receipt.status == 200:
            yield receipt.message.type.value


def _missing(record: Record, expected: Expected) -> tuple[str, ...]:
    receipts = record.receipts.get(expected.key)
    return receipts[-1].message.missing if receipts else ()


def _lags(record: Record, expected: list[Expected]) -> dict[str, str]:
    return {
        region.region: f"{region.lag_seconds:.1f} s"
        for one in expected
        for receipt in record.receipts.get(one.key, ())
        for region in receipt.message.regions
        if region.lag_seconds is not None
    }


def _standing(push: Push, region: str, answers: list[Answer]) -> str:
    """The state of a region's webhook before there is a message on it."""
    if region in push.lost:
        return "lost"
    own = [answer for answer in answers if answer.webhook.region == region]
    return (str(own[-1].status) if own[-1].status else "no answer") if own else NOTHING


def deliveries(record: Record) -> Iterator[str]:
    """A line for each receiver that refuses, with the attempts that its messages took."""
    for listener in record.listeners:
        if listener.refusals:
            receipts = [
                receipt
                for its in record.receipts.values()
                for receipt in its
                if receipt.receiver == listener.name
            ]
            taken = sum(receipt.status == 200 for receipt in receipts)
            messages = len({receipt.message.id for receipt in receipts})
            yield (
                f"{listener.name}, which refuses each message {listener.refusals} times: "
                f"{taken} of {messages} messages taken, after {len(receipts)} attempts"
            )


def _is_noted(record: Record) -> bool:
    return any(push.note for push in record.plan.pushes)
