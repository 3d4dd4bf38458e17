"""`settings check`: every problem, or what is in force. Never a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from acr_global.cli.environment import local_environ
from acr_global.cli.output import facts, line
from acr_global.durations import format_duration
from acr_global.settings import PREFIX, Settings, load_settings


def run(environ: Mapping[str, str]) -> int:
    """Check the settings that apply here; returns the exit code."""
    loaded = load_settings(local_environ(environ, Path.cwd()))
    for problem in loaded.problems:
        rest = "" if problem.blocking else " (webhooks are accepted; its deliveries wait)"
        print(line(f"{problem.setting}: {problem.message}{rest}"))
    if loaded.problems:
        return 1
    print("ok")
    print(facts(in_force(loaded.settings)))
    return 0


def in_force(settings: Settings) -> Iterator[tuple[str, object]]:
    """Every setting by its environment name, and its value as people write it.

    Of a target only name and kind, of a URL no user, path or query.
    """
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if name == "targets":
            value = [f"{target.name} ({target.kind})" for target in settings.targets]
        elif name == "registries":
            value = [
                f"{host} ({', '.join(sorted(own.model_fields_set))})" for host, own in value.items()
            ]
        yield PREFIX + name.upper(), _shown(value)


def _shown(value: object) -> object:
    match value:
        case timedelta():
            return format_duration(value)
        case StrEnum():
            return value.value
        case dict():
            return [f"{key}: {_shown(part)}" for key, part in value.items()]
        case list() | tuple():
            return [_shown(part) for part in value]
        case str() if "://" in value:
            parts = urlsplit(value)
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        case _:
            return value
