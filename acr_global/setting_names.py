"""Names in the environment that look like a setting of ours and are none. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping

from acr_global.errors import Problem

PREFIX = "ACR_GLOBAL_"

_INJECTED = re.compile(
    r"ACR_GLOBAL(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?"
    r"|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)|ACR_GLOBAL_(NAME|ENV_.+)"
)
"""Variables that platforms make for a service or linked container whose name is or begins with
acr-global. Sources: kubernetes.io/docs/concepts/services-networking/service, `Environment
variables`; docs.docker.com/engine/network/links, `Environment variables`."""

_CLOSE = 0.85
"""Similarity from which a name without our prefix counts as a misspelt setting."""
_NEAR = 0.6
"""Similarity, prefix apart, from which a setting is named as what may have been meant."""


def name_problems(
    environ: Mapping[str, str], known: Collection[str], ours: Collection[str]
) -> Iterator[Problem]:
    """A warning for each name that was probably meant for a setting, but has no effect.

    `known` are the settings; `ours` are names besides that something refers to. A name without a
    value counts as not set.
    """
    by_letters = {letters(right): right for right in known}
    for name in sorted(n for n, value in environ.items() if value.strip()):
        if name in known or name in ours or _INJECTED.fullmatch(name):
            continue
        if said := _hint(name, by_letters):
            yield Problem(name, said, "warning")


def _hint(name: str, ours: Mapping[str, str]) -> str | None:
    """What to say of a name; `ours` are the settings by their letters."""
    given = letters(name)
    if given in ours:
        return f"another spelling, which counts for nothing; the setting is {ours[given]}"
    prefix = letters(PREFIX)
    if name.startswith(PREFIX):
        own = {right.removeprefix(prefix): right for right in ours}
        near = difflib.get_close_matches(given.removeprefix(prefix), own, n=1, cutoff=_NEAR)
        meant = f"did you mean {ours[own[near[0]]]}?" if near else "docs/settings.md has them all"
        return f"no such setting; {meant}"
    if not given.startswith(prefix):
        return None
    near = difflib.get_close_matches(given, ours, n=1, cutoff=_CLOSE)
    return f"no such setting; did you mean {ours[near[0]]}?" if near else None


def letters(name: str) -> str:
    """What is left of a name in every spelling: neither case nor what stands between the words."""
    return "".join(c for c in name.upper() if c.isascii() and c.isalnum())
