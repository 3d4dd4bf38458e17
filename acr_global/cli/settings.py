"""`settings check`, `show` and `schema`: problems, values in force, and possible values; never a
secret."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Annotated

import typer

from acr_global.cli.console import current_folder
from acr_global.cli.effective import effective
from acr_global.cli.environment import FILE, SETTINGS_NOTE, local_environ, local_values
from acr_global.cli.exits import Exit
from acr_global.cli.output import line, print_facts, print_json, print_table
from acr_global.errors import Problem, RenderError
from acr_global.notify.setting import SETTING
from acr_global.notify.target import LibraryTarget
from acr_global.secret import resolve
from acr_global.setting_names import PREFIX
from acr_global.setting_values import shown
from acr_global.settings import Loaded, Settings, load_settings

_EXAMPLE = "Example: `acr-global settings"

app = typer.Typer(name="settings", help="What applies here.", epilog=f"{_EXAMPLE} check`")


@app.command(epilog=f"{SETTINGS_NOTE}\n\n{_EXAMPLE} check`")
def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> int:
    """Print each problem, and what is in force where none is an error."""
    here = local_environ(os.environ, current_folder())
    loaded = load_settings(here)
    problems = (*loaded.problems, *_unusable(loaded, here))
    fine = all(problem.severity == "warning" for problem in problems)
    if as_json:
        print_json({"problems": [asdict(problem) for problem in problems]})
        return Exit.FINE if fine else Exit.PROBLEMS
    for problem in problems:
        print(line(f"{problem.severity}: {problem.setting}: {problem.message}"))
    if not fine:
        if not any(name.startswith(PREFIX) for name in here):
            print(f"note: the environment has none of the settings, nor has {FILE} in this folder")
        return Exit.PROBLEMS
    print("ok")
    print_facts(in_force(loaded.settings))
    return Exit.FINE


@app.command(epilog=f"{SETTINGS_NOTE}\n\n{_EXAMPLE} show --json`")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON, in detail.")] = False,
) -> int:
    """Show each setting: its value in force, and where that was said.

    What is wrong stands on stderr, as `settings check` has it, and is no failure here.
    """
    file = local_values(current_folder())
    loaded = load_settings({**file, **os.environ})
    settings = list(effective(loaded, os.environ, file))
    if as_json:
        print_json(
            {
                "settings": [asdict(one) for one in settings],
                "problems": [asdict(problem) for problem in loaded.problems],
            }
        )
        return Exit.FINE
    text = dict(in_force(loaded.settings))
    rows = [
        (s.setting, text[s.setting], f"{s.source}, wrong" if s.wrong else s.source)
        for s in settings
    ]
    print_table(("SETTING", "VALUE", "SOURCE"), rows)
    for problem in loaded.problems:
        print(line(f"{problem.severity}: {problem.setting}: {problem.message}"), file=sys.stderr)
    return Exit.FINE


@app.command(epilog=f"{_EXAMPLE} schema`")
def schema() -> int:
    """Print the JSON Schema of local.settings.json with all settings in it, for editors.

    It is `docs/settings.schema.json`. What can stand in ACR_GLOBAL_TARGETS and
    ACR_GLOBAL_REGISTRIES is in its `$defs`, as `targets` and `registries`.
    """
    from acr_global.cli.settings_schema import schema_json

    sys.stdout.write(schema_json())
    return Exit.FINE


def _unusable(loaded: Loaded, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Problems that only a target's library can find; the app does not wait for it to load."""
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

    Targets are shown by name and kind, URLs without user, path and query.
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
