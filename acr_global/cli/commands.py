"""All commands, and the messages of usage errors.

A group is a file that holds a `typer.Typer`: its commands' arguments, help and work, side by side.
To add one, add its name to GROUPS.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from acr_global.cli import (
    catch_up,
    deadletters,
    doctor,
    pushes,
    regions,
    settings,
    simulate,
    targets,
    wait,
    webhooks,
)
from acr_global.cli.connection import NO_KEY_OPTION
from acr_global.cli.exits import MEANINGS, UsageError

PROG = "acr-global"
COMPLETE = "_ACR_GLOBAL_COMPLETE"
"""Set by the shell's script, which typer makes of PROG (`--show-completion`)."""
WIDTH = 80
"""Characters of a line of help where it is not shown in a terminal."""
_CODES = "Exit codes: " + "; ".join(f"{code:d} {MEANINGS[code]}" for code in MEANINGS) + "."
GROUPS = (
    webhooks.app,
    pushes.app,
    wait.app,
    regions.app,
    deadletters.app,
    targets.app,
    settings.app,
    doctor.app,
    catch_up.app,
    simulate.app,
)


class _Group(TyperGroup):
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Raises UsageError where there is no such command."""
        if self.get_command(ctx, args[0]) is None:
            raise UsageError(f"this command is not known {_known(self)}; see {_help(ctx)}")
        return super().resolve_command(ctx, args)


def run(typed: Sequence[str]) -> int:
    """Run what was typed; returns its exit code. Raises UsageError, which never shows a word of
    it, because it may be a key."""
    if any(word.partition("=")[0] == "--key" for word in typed):
        raise UsageError(NO_KEY_OPTION)
    top = build(rich=sys.stdout.isatty())
    if COMPLETE in os.environ:
        return _complete(top)
    # Not top.main(): the streams, Ctrl+C and every error have their one place in console.py.
    try:
        with top.make_context(PROG, list(typed)) as context:
            return int(top.invoke(context))
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        raise UsageError(_said(error)) from None


def _complete(top: TyperGroup) -> int:
    """Answer a shell that asks what may follow: it has put what is typed into the environment."""
    with contextlib.suppress(UsageError):  # an incomplete command line is no mistake
        top.main([], PROG)  # which ends by SystemExit
    return 0


def build(*, rich: bool) -> TyperGroup:
    """The whole tree; `rich`: its help is made for a terminal."""
    app = typer.Typer(
        cls=_Group,
        callback=_top,
        rich_markup_mode="markdown" if rich else None,
        epilog=f"{_CODES}\n\nExample: `{PROG} settings check`",
        context_settings={"help_option_names": ["-h", "--help"], "terminal_width": WIDTH},
        subcommand_metavar="COMMAND ...",
    )
    for group in GROUPS:
        app.add_typer(group, cls=_Group, subcommand_metavar="COMMAND ...")
    top = get_command(app)
    assert isinstance(top, TyperGroup)  # noqa: S101 # it has groups
    return top


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"acr-global {version('acr-global')}")
        except PackageNotFoundError:
            print("acr-global, from a checkout that is not installed")
        raise typer.Exit


def _top(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Print the version, and end."
        ),
    ] = False,
) -> None:
    """Register the webhooks, see where images are, wait for one in a pipeline, take in and replay
    what could not be delivered, try the targets, check the settings, find what is wrong between a
    push and its verdict, and simulate a registry."""


def _known(group: TyperGroup) -> str:
    return f"(choose from {', '.join(group.commands)})"


def _help(context: Any) -> str:
    return f"{context.command_path if context else PROG} --help"


def _said(error: typer.TyperException) -> str:
    """The library's error in a sentence of our own, as its text repeats what was typed. Of the
    classes of its errors only BadParameter is public."""
    context: Any = getattr(error, "ctx", None)
    return f"{_wrong(error, context)}; see {_help(context)}"


def _wrong(error: typer.TyperException, context: Any) -> str:
    option = getattr(error, "option_name", None)
    if type(error).__name__ == "NoSuchOption":
        shown = re.fullmatch(r"--[a-z-]{1,30}", str(option))
        return f"unknown option {option}" if shown else "unknown option"
    if option is not None:  # an option of ours, with a wrong value or without one
        return error.message.rstrip(".")
    if isinstance(error, typer.BadParameter):
        return _of_value(error)
    if context and isinstance(context.command, TyperGroup):
        return f"which command? {_known(context.command)}"
    return "one word too many"


def _of_value(error: typer.BadParameter) -> str:
    param: Any = error.param
    name = param.opts[0] if param.param_type_name == "option" else param.metavar
    if type(error) is not typer.BadParameter:
        return f"{name} is missing"
    if choices := param.type_descriptor.choices:
        return f"{name} is not known (choose from {', '.join(c.value for c in choices)})"
    return f"{name} is not what it must be"
