"""Which HTTP function a request is for: route templates as Azure Functions has them. Pure.

A template has literals, `{name}`, `{name?}`, `{name:constraint}` and `{*rest}`; literals match
without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from .index import AppError, Function

_PART = re.compile(r"\{(?P<star>\*?)(?P<name>\w+)(?::(?P<kind>\w+)[^}?]*)?(?P<optional>\??)\}")
_KINDS = {"int": r"-?\d+", "guid": r"[0-9a-fA-F-]{36}", "alpha": r"[a-zA-Z]+"}


@dataclass(frozen=True)
class Route:
    """The route of one HTTP function."""

    function: Function
    pattern: re.Pattern[str]
    methods: frozenset[str] | None
    """None is any method."""
    literal_length: int
    """Longer literals win where two templates match."""


def make_routes(functions: Iterable[Function], prefix: str) -> list[Route]:
    """The routes of the HTTP functions, the most literal first.

    Raises:
        AppError: a template cannot be read.
    """
    routes = [_route(function, prefix) for function in functions]
    return sorted(routes, key=lambda route: -route.literal_length)


def match(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route for a method and a (still quoted) path, with its route parameters."""
    for route in routes:
        found = route.pattern.fullmatch(path.rstrip("/") or "/")
        if found and (route.methods is None or method.upper() in route.methods):
            values = {k: _decoded(v) for k, v in found.groupdict().items() if v is not None}
            return route, values
    return None


def _decoded(text: str) -> str:
    """As ASP.NET Core decodes a path: a quoted slash stays quoted."""
    parts = re.split("(%2[fF])", text)
    return "".join(part if n % 2 else unquote(part) for n, part in enumerate(parts))


def _route(function: Function, prefix: str) -> Route:
    template = str(function.options.get("route") or function.name).strip("/")
    methods = function.options.get("methods")
    pattern, length = "", 0
    for segment in filter(None, [*prefix.split("/"), *template.split("/")]):
        text, literal = _segment(segment)
        pattern += text
        length += literal
    try:
        compiled = re.compile(pattern or "/", re.IGNORECASE)
    except re.error as problem:  # a parameter name that stands there twice, or is not a valid one
        raise AppError(f"function {function.name}: route {template}: {problem}") from None
    return Route(
        function,
        compiled,
        frozenset(str(m).upper() for m in methods) if methods else None,
        length,
    )


def _segment(segment: str) -> tuple[str, int]:
    """The pattern of one segment with its slash, and how much of it is literal."""
    text, literal, end, optional = "", 0, 0, False
    for part in _PART.finditer(segment):
        between = segment[end : part.start()]
        text += re.escape(between)
        literal += len(between)
        kind = ".*" if part["star"] else _KINDS.get(part["kind"] or "", "[^/]+")
        text += f"(?P<{part['name']}>{kind})"
        optional = optional or bool(part["optional"]) or bool(part["star"])
        end = part.end()
    text += re.escape(segment[end:])
    literal += len(segment[end:])
    return (f"(?:/{text})?" if optional else f"/{text}"), literal
