"""`settings check`: every problem, and what is in force if none is an error. Never a secret."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import typer

from acr_global.cli.console import current_folder
from acr_global.cli.environment import SETTINGS_NOTE, local_environ
from acr_global.cli.exits import Exit
from acr_global.cli.output import line, print_facts
from acr_global.errors import Problem, RenderError
from acr_global.notify.setting import SETTING
from acr_global.notify.target import LibraryTarget
from acr_global.secret import resolve
from acr_global.setting_names import PREFIX
from acr_global.setting_values import shown
from acr_global.settings import Loaded, Settings, load_settings

_EXAMPLE = "Example: `acr-global settings check`"

app = typer.Typer(name="settings", help="What applies here.", epilog=_EXAMPLE)


@app.callback()
def _group() -> None:
    """Without a callback, typer makes no group of one command."""


@app.command(epilog=f"{SETTINGS_NOTE}\n\n{_EXAMPLE}")
def check() -> int:
    """Print each problem, and what is in force where none is an error."""
    here = local_environ(os.environ, current_folder())
    loaded = load_settings(here)
    unusable = tuple(_unusable(loaded, here))
    for problem in (*loaded.problems, *unusable):
        print(line(f"{problem.severity}: {problem.setting}: {problem.message}"))
    if loaded.errors or unusable:
        return Exit.PROBLEMS
    print("ok")
    print_facts(in_force(loaded.settings))
    return Exit.FINE


def _unusable(loaded: Loaded, environ: Mapping[str, str]) -> Iterator[Problem]:
    """What only a target's library can say; the app itself does not wait for it to load."""
    for target in loaded.settings.targets:
        label = f"target '{target.name}': "
        named = any(p.message.startswith(label) for p in loaded.problems)
        if not isinstance(target, LibraryTarget) or named:
            continue
        try:
            target.check_with_library(resolve(target.url, environ))
        except RenderError as error:
            yield Problem(SETTING, label + error.message)
        except ImportError:
            said = f"the package {target.package} is there, but cannot be imported"
            yield Problem(SETTING, label + said)


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
