"""docs/commands.md, made of the help: `python -m acr_global.cli.reference > docs/commands.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from acr_global.cli.commands import PROG, build
from acr_global.cli.console import open_streams, run
from acr_global.cli.exits import MEANINGS, Exit

_CODES = "\n".join(f"| {code:d} | {meaning} |" for code, meaning in MEANINGS.items())
_INTRODUCTION = f"""\
# Commands

For operators: the registry's webhooks, where images are, what could not be delivered, a trial of
each target, a check of the settings, a simulated registry. They run on your machine, as `{PROG}` or
`python -m acr_global`, and need the extra `cli`, which is never deployed: in a checkout `make demo`
and `make test` install it in `.venv` (`. .venv/bin/activate` puts it on PATH); elsewhere
`python -m pip install -e '.[cli]'`, in a virtual environment of your own. At a terminal tables are
folded to its width; in a pipe each row is one line. Colours are left out where `NO_COLOR` is set.
`{PROG} --install-completion` teaches bash, zsh, fish or PowerShell what may follow;
`--show-completion` prints what it would install.

`pushes`, [`wait`](pipelines.md), `regions`, `deadletters`, `targets test --url`,
[`doctor`](doctor.md), [`catch-up`](catching-up.md) and [`simulate`](simulating.md) ask a running
app:

```sh
group=acr-global
app=$(az deployment group show --resource-group "$group" --name acr-global \\
  --query properties.outputs.functionAppName.value --output tsv)
FUNCTION_APP_URL=$(az deployment group show --resource-group "$group" --name acr-global \\
  --query properties.outputs.functionAppUrl.value --output tsv)
FUNCTION_APP_KEY=$(az functionapp keys list --resource-group "$group" --name "$app" \\
  --query functionKeys.default --output tsv)
export FUNCTION_APP_URL FUNCTION_APP_KEY
{PROG} pushes list --image team/app:v2
{PROG} deadletters list
{PROG} deadletters replay --all
```

`targets`, `settings check` and `settings show` read the settings here: the environment and, where
it lacks one, the Values in `local.settings.json` of the current folder. `targets test` asks the
app only where `--url` says so; FUNCTION_APP_URL alone does not make it.

No output holds a key, a secret or a URL's user or query. Of a URL that is secret (given as
`$secret`, or of the kinds teams and slack) only scheme and host are shown, of apprise's only the
scheme. Results are on stdout, what went wrong is one line on stderr. With `--json` the results are
JSON, for scripts; only `settings schema` has no such option, for it prints nothing else.

| Exit code | Meaning |
| --- | --- |
{_CODES}

1 is for `targets test`: not delivered; for `settings check`: an error (a warning alone is 0); for
`replay --all`: not all could be replayed; for `webhooks plan`: something is to be done; for
`webhooks apply` and `remove`: something is left to be done; for `webhooks ping`: a region has no
webhook, or was answered other than 2xx, and 3: no answer is known yet; for `pushes watch`:
decided, but not complete, and 3: not decided in time; for `wait`: a region lacks the image, and 3:
not known or not decided in time; for `simulate`: a push was told something wrong, and 3: not told
in time; for `doctor`: something is wrong, and 4: nothing is, and something could not be asked; for
`catch-up`: the app refuses an event, or, with `--dry-run`, one would be taken in.
What Azure refuses is 1, too, but for `doctor`: the line on stderr says the right that is missing,
and the request's id.

Where stderr is full or closed nothing can be said, and the codes are the same. `python -m demo`,
`python -m devhost` (0 after Ctrl+C), `python -m benchmarks` and what `make` starts end with these
codes, too; a local host that has said where it serves goes on without its stdout.

A key in a file or on stdin is UTF-8, or UTF-16 as PowerShell writes it, with or without a byte
order mark (UTF-16 with one); line breaks and blanks around it are no part of it. What a terminal's
encoding cannot show is shown as an escape, such as `\\xfc`.
"""

_FOOT = "\n<!-- Made by `python -m acr_global.cli.reference > docs/commands.md`. -->\n"


def helps(command: Any, name: str = PROG, parent: Any = None) -> Iterator[tuple[str, str]]:
    """Each command as it is typed, with its help; that of the program comes first."""
    context = typer.Context(command, info_name=name, parent=parent, **command.context_settings)
    yield context.command_path, command.get_help(context)
    if isinstance(command, TyperGroup):
        for own, sub in command.commands.items():
            yield from helps(sub, own, context)


def reference() -> str:
    """The page as it stands in docs/commands.md."""
    parts = [
        f"\n## {typed.removeprefix(PROG).strip() or PROG}\n\n```text\n{text}\n```\n"
        for typed, text in helps(build(rich=False))
    ]
    return "".join([_INTRODUCTION, *parts, _FOOT])


def main() -> int:
    """Print the page."""
    sys.stdout.write(reference())
    return Exit.FINE


if __name__ == "__main__":
    open_streams()
    sys.exit(run(main))
