"""`settings check`: every problem, and what is in force if none is an error. Never a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from acr_global.cli.environment import local_environ
from acr_global.cli.output import facts, line
from acr_global.setting_names import PREFIX
from acr_global.setting_values import shown
from acr_global.settings import Settings, load_settings


def run(environ: Mapping[str, str]) -> int:
    """Check the settings that apply here; returns the exit code."""
    loaded = load_settings(local_environ(environ, Path.cwd()))
    for problem in loaded.problems:
        print(line(f"{problem.severity}: {problem.setting}: {problem.message}"))
    if loaded.errors:
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
        yield PREFIX + name.upper(), shown(value)
