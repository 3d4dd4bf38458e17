"""Input that nobody meant: strategies for the tests marked `fuzz`, and how much they try."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

IDS = (
    *(
        "p1",
        "P1",
        "p1/terminate?reason=x",
        "p1%2fterminate",
        "../p1",
        "..%2f..%2fp1",
        ".",
        "..",
        "",
    ),
    *("_courier.eastus.p1", "_courier.-.p1", "_delivery.complete.p1", "_delivery.unsaid.p1"),
    *("_group.0123456789abcdef.0000000001", "_open.x", "_probe.x", "_caught-up.x", "@entity@p1"),
    *("p1~1", "_delivery.complete.p1~1", f"content-{'0' * 40}.99999999", "p1\u200b", "p1\n", " p1"),
    *("\u212a1", "p1;x=1", "p1#", "p1?", "p1\\..\\x", "a" * 100, "a" * 101, "a" * 5_000, "\ud800"),
    *("%00", "p%31", "$filter", "' or true", "<script>", "\x00"),
)
"""Of things that are there, that are somebody else's, and that no id can be."""

ODD = (
    *(
        "",
        " ",
        "\ufeff",
        "\x00",
        "\ud800",
        "\U0001f433",
        "\u202e",
        "\x1b[31m",
        "a\nb",
        "%",
        "%s",
        "{}",
    ),
    *("null", "0", "-1", "1e400", "NaN", "9" * 5_000, "\u0661", "true", "[]", "[x]", "app[latest]"),
    *("*", "[", "[!", "[z-a]", "**/*", "*a" * 30, "${X}", "@Microsoft.KeyVault(SecretUri=x)"),
    *("http://[", "https://[::1", "https://x:99999", "//", "xn--", "x.io:0", "\u00df.io", "a..b"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30", "1969-01-01", "P1D"),
    *("10m", "99999999999d", "3 in 10m", "999999999 in 5d", "x" * 2_000),
)

texts = st.sampled_from(IDS) | st.sampled_from(ODD) | st.text(max_size=30)

numbers = st.sampled_from([0, -1, 1e308, float("nan"), float("inf"), 2**63, 10**400])

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)

Way = tuple[str | int, ...]


def few(part: int) -> settings:
    """Of the profile's examples one in `part`, for a test whose examples take long."""
    most = max(settings.default.max_examples // part, 1) if settings.default else 1
    return settings(max_examples=most, suppress_health_check=list(HealthCheck))


@st.composite
def changed(draw: st.DrawFn, document: Any, most: int = 3) -> Any:
    """A JSON document of which some parts are others, or gone, or stand under another name."""
    found = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, most))):
        ways = list(_ways(found))
        if not ways:
            return draw(values)
        *parents, last = draw(st.sampled_from(ways))
        at = found
        for parent in parents:
            at = at[parent]
        kind = draw(st.sampled_from(["other", "gone", "moved", "more"]))
        if kind == "gone":
            del at[last]
        elif kind == "moved" and isinstance(at, dict):
            at[draw(texts)] = at.pop(last)
        elif kind == "more" and isinstance(at, list):
            at.append(draw(values))
        else:
            at[last] = draw(values)
    return found


def _ways(document: Any, way: Way = ()) -> Iterator[Way]:
    """The path of every part."""
    if isinstance(document, dict | list):
        pairs = document.items() if isinstance(document, dict) else enumerate(document)
        for name, part in list(pairs):
            yield (*way, name)
            yield from _ways(part, (*way, name))


@st.composite
def broken(draw: st.DrawFn, text: str) -> bytes:
    """A text as bytes that may be cut off, in another encoding, deep, doubled or spoilt."""
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-32-le", "cp037"]))
    data = text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")
    kind = draw(st.sampled_from(["whole"] * 4 + ["cut", "more", "spoilt", "twice", "deep"]))
    at = draw(st.integers(0, len(data)))
    if kind == "cut":
        return data[:at]
    if kind == "more":
        return data[:at] + draw(st.binary(max_size=8)) + data[at:]
    if kind == "spoilt":
        return data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at + 1 :]
    if kind == "twice":
        return data.replace(b"{", b"{" + data.strip(b" {}")[:at] + b",", 1)
    if kind == "deep":
        levels = draw(st.sampled_from([50, 100, 500, 940, 960, 980, 990, 5_000]))
        return data.replace(b"{", b'{"x":' + b"[" * levels + b"]" * levels + b",", 1)
    return data


def posted(*documents: Any) -> st.SearchStrategy[bytes]:
    """Bodies that are nearly these JSON documents."""
    one = st.sampled_from(documents).flatmap(changed)
    return one.map(lambda document: json.dumps(document, ensure_ascii=False)).flatmap(broken)
