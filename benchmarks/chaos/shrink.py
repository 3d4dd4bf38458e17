"""A schedule that fails → a smaller one that fails in the same way. Pure, but for the playing."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def shrunk(
    steps: Sequence[int], fails: Callable[[Sequence[int]], bool], tries: int
) -> tuple[int, ...]:
    """The numbers of the steps that are still needed for it to fail.

    Leaves out one part after another, in ever smaller parts (Zeller's ddmin). `tries`: how many
    times to play at most; where they are used up, what is left may be more than is needed.
    """
    kept, part, left = tuple(steps), max(1, len(steps) // 2), tries
    while part:
        at = 0
        while at < len(kept):
            if not left:
                return kept
            left -= 1
            rest = kept[:at] + kept[at + part :]
            if fails(rest):
                kept = rest
            else:
                at += part
        part //= 2
    return kept
