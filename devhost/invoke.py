"""Call the app's functions as the worker does: by keyword, async ones in the loop, sync ones in a
thread, with the SDK's own encoding of arguments and results."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from azure.functions import meta
from azure.functions.durable_functions import ActivityTriggerConverter
from azure.functions.timer import TimerRequest

from .clock import run_in_thread
from .index import ACTIVITY, HTTP, TIMER, Function
from .python import Python, PythonDiedError

log = logging.getLogger("devhost.functions")


_PLACES = {HTTP: "http", ACTIVITY: "activity", TIMER: "timer"}


@dataclass(frozen=True)
class InvocationContext:
    """The value of a function's parameter `context`, with the names of `func.Context`."""

    invocation_id: str
    function_name: str
    function_directory: str = "."
    trace_context: None = None
    retry_context: None = None


@dataclass
class Invoker:
    """Fills the parameters and calls, in the Python process."""

    python: Python
    executor: ThreadPoolExecutor
    client_binding: Callable[[], str]
    """The JSON that the SDK's client is made of."""
    new_id: Callable[[], str]

    async def call(self, function: Function, trigger: Any) -> Any:
        """Call a function with what its trigger brings.

        Raises:
            PythonDiedError: the process died meanwhile.
            Exception: whatever the function raises.
        """
        arguments = {function.parameter: trigger}
        arguments |= {client: self.client_binding() for client in function.clients}
        if function.wants_context:
            arguments["context"] = InvocationContext(self.new_id(), function.name)
        call = partial(function.call, **arguments)
        if not function.is_async:
            call = partial(run_in_thread, self.executor, call)
        return await self.python.run(_PLACES[function.trigger], call)

    async def call_activity(self, function: Function, input_: Any) -> str:
        """Run an activity: JSON in, JSON out, coded by the SDK's converter.

        Raises:
            ValueError: the result cannot be coded as JSON.
            Exception: whatever the activity raises.
        """
        decoded = None
        if input_ is not None:
            text = input_ if isinstance(input_, str) else json.dumps(input_)
            datum = meta.Datum(type="json", value=text)
            decoded = ActivityTriggerConverter.decode(datum, trigger_metadata=None)
        result = await self.call(function, decoded)
        return str(ActivityTriggerConverter.encode(result, expected_type=None).value)

    async def call_timer(self, function: Function) -> None:
        """Run a timer-triggered function."""
        schedule = {"AdjustForDST": True}
        request = TimerRequest(past_due=False, schedule_status={}, schedule=schedule)
        await self.call(function, request)


def failure(kind: str, name: str, problem: BaseException) -> dict[str, str]:
    """Reason and details of a failed activity, worded as the extension words them."""
    died = isinstance(problem, PythonDiedError)
    text = str(problem) if died else f" {type(problem).__name__}: {problem}"
    return {"Reason": f"{kind} function '{name}' failed: {text}", "Details": str(problem)}
