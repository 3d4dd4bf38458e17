"""A local host for Azure Functions and Durable Functions apps, for development and tests.

Never deployed. It indexes the same function_app.py with the real SDK, serves its HTTP functions
and the durable management API on 127.0.0.1, and runs orchestrators through the SDK's own replay,
by the JSON protocol between host and worker. Instances live in memory; what Azure Storage does to
an app (gaps, lost races, deleted events, repeats, crashes) can be switched on by options.

    host = await DevHost.start(app, hazards=Hazards.azure_storage(), seed=7)
    run_virtual(test)      # hours in milliseconds

The files, from the inside out:

    protocol, walk, turn, admit, rewind, status, routes, dotnet,
    hazards                                                 pure: JSON in, JSON out
    clock                                                   engine time, real or virtual
    storage                                                 what survives a crash
    index, settings, injector, sdk_session                  the app and the SDK
    python, invoke, engine, operations, timers              what runs
    endpoint, management, refuse, server, host              what is served
    cli                                                     python -m devhost
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clock import run_virtual
    from .hazards import Hazards
    from .host import AppError, DevHost

__all__ = ["AppError", "DevHost", "Hazards", "run_virtual"]

_FROM = {"AppError": "host", "DevHost": "host", "Hazards": "hazards", "run_virtual": "clock"}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: the SDK cannot be imported in every folder."""
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_FROM[name]}", __name__), name)
