"""A scenario file in YAML → Scenario, or every mistake in it with its line and field. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from pydantic import ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from acr_global.errors import AcrGlobalError
from acr_global.lenient import unknown_field
from acr_global_rig.simulation import scenario
from acr_global_rig.simulation.lag import Lag, Lognormal, Part
from acr_global_rig.simulation.scenario import App, Listener, Place, Pushes, Scenario

MAX_CHARS = 1_000_000
"""Of a file; a limit of our own."""

_PARTS: dict[str, type[Part]] = {
    "app": App,
    "receivers": Listener,
    "pushes": Pushes,
    "lag": Lag,
    "region_lags": Lag,
    "repeat_lag": Lag,
    "late_by": Lag,
    "lognormal": Lognormal,
}
"""The model of each field that has fields of its own."""

_WORDS = {
    "missing": "is missing",
    "string_type": "must be text; put it in quotes",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping, name: value",
    "model_type": "must be a mapping, name: value",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "too_short": "must have one entry at least",
    "invalid_key": "a name here is not text (yes, no, on, off are truth values to YAML): quote it",
}


class ScenarioError(AcrGlobalError):
    """A scenario cannot be used; `problems` has a sentence for each mistake in it."""

    status = 400
    reason = "scenario-invalid"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def read_scenario(text: str) -> Scenario:
    """Read a scenario. Raises ScenarioError."""
    if len(text) > MAX_CHARS:
        raise ScenarioError([f"is longer than {MAX_CHARS} characters"])
    root, value = _parse(text)
    if twice := [_said(root, place, "stands there twice") for place in _twice(root, set())]:
        raise ScenarioError(twice)
    try:
        read = Scenario.model_validate(value)
    except ValidationError as error:
        found = [*_mistakes([dict(e) for e in error.errors(include_url=False)])]
    else:
        found = [*scenario.problems(read)]
    if found:
        raise ScenarioError(_said(root, place, words) for place, words in found)
    return read


def _parse(text: str) -> tuple[Node, Any]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(root, MappingNode):
            raise ScenarioError(["line 1: must be a mapping, beginning with regions: and pushes:"])
        return root, yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise ScenarioError([f"{line}is not YAML: {error.problem}"]) from None
    except RecursionError:
        raise ScenarioError(["is nested too deep"]) from None
    except (LookupError, AttributeError):  # PyYAML's, of `!!bool perhaps` and the like
        raise ScenarioError(["is not YAML: a value is not what its tag (!!) says"]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ScenarioError([f"is not YAML: {str(error).splitlines()[0]}"]) from None


def _twice(node: Node, seen: set[int], place: Place = ()) -> Iterator[Place]:
    """Places where a name stands a second time in one mapping: YAML's libraries keep the last. A
    node that others refer to is `seen` once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, MappingNode):
        names = set[str]()
        for name, value in node.value:
            if isinstance(name, ScalarNode):
                if name.value in names:
                    yield (*place, name.value)
                names.add(name.value)
                yield from _twice(value, seen, (*place, name.value))
    elif isinstance(node, SequenceNode):
        for number, item in enumerate(node.value):
            yield from _twice(item, seen, (*place, number))


def _said(root: Node, place: Place, words: str) -> str:
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    named = f"{field.removeprefix('.')}: " if field else ""
    return f"line {_line(root, place)}: {named}{words}"


def _line(node: Node, place: Place) -> int:
    """The line of a field; of a missing one, the line where its mapping begins."""
    line = node.start_mark.line
    for part in place:
        if isinstance(node, MappingNode):
            named = [pair for pair in node.value if pair[0].value == part]
            if not named:
                break
            name, node = named[-1]
            line = name.start_mark.line
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
        else:
            break
    return int(line) + 1


def _mistakes(errors: list[dict[str, Any]]) -> Iterator[tuple[Place, str]]:
    """Each mistake in plain words. A list whose entries are all wrong is not also too short."""
    for error in errors:
        place = error["loc"]
        if error["type"] == "too_short" and any(
            e is not error and e["loc"][: len(place)] == place for e in errors
        ):
            continue
        yield place[:-1] if error["type"] == "invalid_key" else place, _words(error)


def _words(error: dict[str, Any]) -> str:
    """One of pydantic's errors in plain words."""
    kind, place = error["type"], error["loc"]
    if kind == "extra_forbidden":
        within = [_PARTS[part] for part in place[:-1] if part in _PARTS]
        return unknown_field(place[-1], within[-1] if within else Scenario)
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "string_pattern_mismatch":
        return _PATTERNS[place[-1]]
    return _WORDS.get(kind) or str(error["msg"]).replace("Input should be", "must be")


_PATTERNS = {
    "image": "must be repository:tag in the registry's letters, such as shop/web:1.4.0",
    "name": "must be lower-case letters, digits and hyphens",
}
