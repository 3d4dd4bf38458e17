"""Index an app as the Python worker does: which functions there are, and which are refused.

The rules are the worker's own where it has any: every binding needs a parameter and every
parameter a binding; annotations of bindings are plain types (no `dict[str, int]`, no Optional) that
the binding's converter accepts; names are unique. Trigger types that this host cannot fire are
refused as well, before anything is served.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import azure.functions as func
from azure.functions import meta

HTTP, TIMER = "httpTrigger", "timerTrigger"
ACTIVITY, ORCHESTRATION = "activityTrigger", "orchestrationTrigger"
TRIGGERS = (HTTP, TIMER, ACTIVITY, ORCHESTRATION)
CLIENT = "durableClient"


_NAME = re.compile(r"[a-z][a-z0-9_-]{0,126}", re.IGNORECASE)
"""The names that WebJobs accepts for functions."""


class AppError(Exception):
    """The app cannot be served. The message is one line and names function and reason."""


@dataclass(frozen=True)
class Function:
    """One function of the app."""

    name: str
    trigger: str
    """The type of its trigger, one of TRIGGERS."""
    parameter: str
    """The name of the parameter that the trigger fills."""
    call: Callable[..., Any]
    clients: tuple[str, ...] = ()
    """Names of the parameters that want a durable client."""
    wants_context: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    """The trigger's binding as function.json would have it: route, methods, schedule…"""

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.call)


@dataclass(frozen=True)
class Index:
    """The app's functions by trigger. Names match without regard to case, as in Azure."""

    functions: tuple[Function, ...]

    def find(self, trigger: str, name: str) -> Function | None:
        wanted = name.lower()
        return next((f for f in self.of(trigger) if f.name.lower() == wanted), None)

    def of(self, trigger: str) -> list[Function]:
        return [f for f in self.functions if f.trigger == trigger]


def index_app(app: Any) -> Index:
    """Index a DFApp or FunctionApp.

    Raises:
        AppError: the worker would refuse it, or a trigger is not supported here.
    """
    try:
        app.functions_bindings = None  # else a second indexing would take each name for a duplicate
        found = app.get_functions()
    except Exception as problem:
        raise AppError(_one_line(problem)) from problem
    functions = tuple(_function(each) for each in found)
    _check_as_the_extension_does(functions)
    return Index(functions)


def load_app(folder: Path) -> Any:
    """Import function_app.py from a folder and return the one app object in it.

    Raises:
        AppError: no such file, it fails to import, or it has no app object or several.
    """
    path = folder / "function_app.py"
    if not path.is_file():
        raise AppError(f"no function_app.py in {folder}")
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("function_app", path)
    if spec is None or spec.loader is None:
        raise AppError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules["function_app"] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as problem:
        if isinstance(problem, KeyboardInterrupt):
            raise
        raise AppError(f"{path} fails to import: {_one_line(problem)}") from problem
    apps = {id(v): v for v in vars(module).values() if isinstance(v, func.FunctionRegister)}
    if len(apps) != 1:
        raise AppError(f"{path} has {len(apps)} app objects (func.FunctionApp, df.DFApp), not 1")
    return next(iter(apps.values()))


def _function(indexed: Any) -> Function:
    """One function as the worker indexes it. Raises AppError where this host cannot serve it."""
    name = indexed.get_function_name()
    trigger = indexed.get_trigger()
    if trigger.type not in TRIGGERS:
        raise AppError(
            f"function {name}: trigger {trigger.type} is not supported by devhost"
            f" (it serves {', '.join(TRIGGERS)})"
        )
    call = indexed.get_user_function()
    inputs: dict[str, str] = {}
    has_return = False
    for binding in indexed.get_bindings():
        if binding.name == "$return" and trigger.type == HTTP:
            has_return = True
        elif binding is trigger or binding.type == CLIENT:
            inputs[binding.name] = binding.type
        else:
            raise AppError(f"function {name}: binding {binding.type} is not supported by devhost")
    wants_context = _check_signature(name, call, inputs, has_return)
    return Function(
        name=name,
        trigger=trigger.type,
        parameter=trigger.name,
        call=call,
        clients=tuple(n for n, kind in inputs.items() if kind == CLIENT),
        wants_context=wants_context,
        options={k: _plain(v) for k, v in trigger.get_dict_repr().items()},
    )


def _check_as_the_extension_does(functions: tuple[Function, ...]) -> None:
    """Raise AppError on what the worker lets pass and the extension does not index.

    The Functions host goes on without such a function, which is worse: whatever calls it fails.
    """
    seen: set[str] = set()
    for each in functions:
        problem = None
        if not _NAME.fullmatch(each.name):
            problem = f"'{each.name}' is not a valid function name."
        elif each.name.lower() in seen:
            problem = "Method overloads are not supported."
            problem += f" There are multiple methods with the name '{each.name}'."
        elif each.trigger == ACTIVITY and each.parameter.lower() == "data":
            problem = f"Can't bind parameter '{each.parameter}' to type 'System.String'."
        if problem is not None:
            raise AppError(f"Error indexing method '{each.name}': {problem}")
        seen.add(each.name.lower())


def _check_signature(
    name: str, call: Callable[..., Any], inputs: dict[str, str], has_return: bool
) -> bool:
    """Check parameters against bindings; return whether the function wants an invocation context.

    Raises:
        AppError: as the worker's FunctionLoadError.
    """
    parameters = set(inspect.signature(call).parameters)
    wants_context = "context" in parameters and "context" not in inputs
    missing = inputs.keys() - parameters
    if missing:
        raise AppError(f"function {name}: no parameter for the binding {', '.join(missing)}")
    unbound = parameters - inputs.keys() - ({"context"} if wants_context else set())
    if unbound:
        raise AppError(f"function {name}: no binding for the parameter {', '.join(unbound)}")
    try:
        hints = typing.get_type_hints(call)
    except Exception as problem:
        raise AppError(f"function {name}: annotations: {_one_line(problem)}") from problem
    for parameter, kind in inputs.items():
        _check_annotation(name, parameter, kind, hints.get(parameter))
    returned = hints.get("return")
    if has_return and returned is not None and not isinstance(returned, type):
        raise AppError(f"function {name}: invalid non-type return annotation {returned}")
    return wants_context


def _check_annotation(name: str, parameter: str, kind: str, annotation: Any) -> None:
    if annotation is None:
        return
    if not isinstance(annotation, type) or typing.get_origin(annotation) is not None:
        raise AppError(
            f"function {name}: parameter {parameter} has the invalid non-type annotation"
            f" {annotation}; triggers take plain types such as dict, str, list"
        )
    # The SDK leaves this one function untyped.
    converter = meta.get_binding_registry().get(kind)  # type: ignore[no-untyped-call]
    if kind == CLIENT:  # the SDK itself rewrites this annotation to str
        return
    if converter is not None and not converter.check_input_type_annotation(annotation):
        raise AppError(
            f"function {name}: parameter {parameter} of type {annotation.__name__}"
            f" cannot be bound to {kind}"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return getattr(value, "value", value)


def _one_line(problem: BaseException) -> str:
    text = " ".join(str(problem).split())
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__
