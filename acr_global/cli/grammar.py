"""What can be typed, and its help. Pure."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any

from acr_global.cli.parser import PROG, CommandParser, UsageError, listed, wrapped

DEFAULT_TIMEOUT = 100.0
"""Seconds. The app's slowest answer is a trial: 60 s until its turn, 30 s for the target."""
VERDICTS = ("complete", "overdue", "recovered", "incomplete")
"""As in model.VerdictType, which would load pydantic; a test keeps them the same."""

NO_KEY_OPTION = (
    "there is no --key: other users of the machine can read command lines, and shells keep them; "
    "set FUNCTION_APP_KEY, or use --key-file or --key-stdin"
)
_KEY_NOTE = (
    "The key is read from FUNCTION_APP_KEY unless --key-file or --key-stdin says otherwise. No "
    "option takes it on the command line, which other users can read and shells keep."
)
_SETTINGS_NOTE = (
    "Settings are those of the environment and, where it lacks one, the Values in the file "
    "local.settings.json of the current folder. Secrets are never printed."
)
_EXIT_NOTE = (
    "Exit codes: 0 done; 1 failed, as one line on stderr says; 2 typed wrongly; 130 interrupted; "
    "141 nobody reads stdout any more."
)
_URL = "such as https://NAME.azurewebsites.net"

_GROUPS = {
    "deadletters": "notifications that some target did not get",
    "targets": "those who are told, and a trial of it",
    "settings": "what applies here",
}
_COMMANDS = {
    "deadletters list": "list them: id, verdict, what was pushed, targets without it, attempts",
    "deadletters show": "show one: every attempt with its time and reason",
    "deadletters replay": "send one again, or all, to the targets that did not get it",
    "targets list": "list them: name, kind, verdicts, repositories",
    "targets test": "send one test message, marked as such, and print what came back",
    "targets preview": "print the request for a made-up push, secrets masked; sends nothing",
    "settings check": "print each problem, and what is in force where none is an error",
}


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """What was typed. Raises UsageError; after help has been printed, SystemExit."""
    if any(word.partition("=")[0] == "--key" for word in argv):
        raise UsageError(NO_KEY_OPTION)
    args, extra = build_parsers()[PROG].parse_known_args(argv)
    if extra:
        names = (word.partition("=")[0] for word in extra)
        options = [name for name in names if re.fullmatch(r"--[a-z-]{1,30}", name)]
        what = f"unknown option {options[0]}" if options else "one word too many"
        raise UsageError(f"{what}; see {PROG} --help")
    return args


def build_parsers() -> dict[str, CommandParser]:
    """Every parser by its full command, the whole one first."""
    top = CommandParser(
        prog=PROG,
        usage=f"{PROG} COMMAND ...",
        description=wrapped(
            "See and replay notifications that could not be delivered, try the targets, check "
            "the settings."
        ),
        epilog=f"{listed(_GROUPS)}\n\n{wrapped(_EXIT_NOTE)}",
    )
    parsers = {PROG: top}
    groups = _subcommands(top, "group")
    for name, text in _GROUPS.items():
        group = _add_group(groups, name, text)
        parsers[group.prog] = group
        commands = _subcommands(group, "command")
        for full, what in _COMMANDS.items():
            if full.startswith(f"{name} "):
                command = _add_command(commands, full, what)
                parsers[command.prog] = command
    return parsers


def _subcommands(parser: CommandParser, dest: str) -> Any:
    return parser.add_subparsers(
        dest=dest, metavar="COMMAND", required=True, help=argparse.SUPPRESS
    )


def _add_group(groups: Any, name: str, text: str) -> CommandParser:
    prog = f"{PROG} {name}"
    own = {n.split()[1]: t for n, t in _COMMANDS.items() if n.startswith(f"{name} ")}
    parser: CommandParser = groups.add_parser(
        name,
        prog=prog,
        usage=f"{prog} COMMAND ...",
        description=_sentence(text),
        epilog=listed(own),
    )
    return parser


def _add_command(commands: Any, full: str, text: str) -> CommandParser:
    usage, note = _USAGES[full]
    prog = f"{PROG} {full}"
    parser: CommandParser = commands.add_parser(
        full.split()[1],
        prog=prog,
        usage=f"{prog} {usage}".rstrip(),
        description=_sentence(text),
        epilog=wrapped(note),
    )
    _add_arguments(parser, full)
    return parser


def _sentence(text: str) -> str:
    return wrapped(f"{text[0].upper()}{text[1:]}.")


_USAGES = {
    "deadletters list": ("[options]", _KEY_NOTE),
    "deadletters show": ("[options] ID", _KEY_NOTE),
    "deadletters replay": (
        "[options] (ID | --all)",
        "A replay has the message id of the first attempt. --all ends early when the app does not "
        "answer three times in a row. " + _KEY_NOTE,
    ),
    "targets list": ("", _SETTINGS_NOTE),
    "targets test": (
        "[options] NAME",
        f"Without --url it is sent from here. {_SETTINGS_NOTE} With --url the running app sends "
        f"it, whose secrets may be readable there only. {_KEY_NOTE}",
    ),
    "targets preview": (
        "[--verdict VERDICT] NAME",
        "Of a URL given as $secret, and of the kinds teams and slack, only scheme and host are "
        "shown; of apprise's only the scheme; of any other all but user and query. "
        + _SETTINGS_NOTE,
    ),
    "settings check": ("", _SETTINGS_NOTE),
}


def _add_arguments(parser: CommandParser, full: str) -> None:
    match full:
        case "deadletters list":
            _add_app(parser)
        case "deadletters show":
            parser.add_argument("id", metavar="ID", help="as `deadletters list` shows it")
            _add_app(parser)
        case "deadletters replay":
            parser.add_argument("id", metavar="ID", nargs="?", help="as the list shows it")
            parser.add_argument("--all", action="store_true", help="all in the list, one by one")
            _add_app(parser)
        case "targets test":
            parser.add_argument("name", metavar="NAME", help="the target's name in the settings")
            _add_app(parser, f"let this app send it; base URL, {_URL}")
        case "targets preview":
            parser.add_argument("name", metavar="NAME", help="the target's name in the settings")
            parser.add_argument(
                "--verdict",
                metavar="VERDICT",
                choices=VERDICTS,
                default="complete",
                help=f"{', '.join(VERDICTS[:-1])} or {VERDICTS[-1]}; complete if not said",
            )


def _add_app(
    parser: CommandParser, url_help: str = f"base URL of the app, {_URL}; else FUNCTION_APP_URL"
) -> None:
    """The options of every command that asks a running app."""
    parser.add_argument("--url", metavar="URL", help=url_help)
    key = parser.add_mutually_exclusive_group()
    key.add_argument("--key-file", metavar="FILE", help="read the function key from this file")
    key.add_argument("--key-stdin", action="store_true", help="read the function key from stdin")
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=DEFAULT_TIMEOUT,
        help=f"the longest wait for one answer of the app; {DEFAULT_TIMEOUT:.0f} if not said",
    )
    parser.add_argument("--json", action="store_true", help="print the app's answer as JSON")


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text) or not float(text):
        raise argparse.ArgumentTypeError("must be a number of seconds, such as 30")
    return float(text)
