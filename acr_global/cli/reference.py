"""docs/commands.md, made of the help: `python -m acr_global.cli.reference > docs/commands.md`."""

from __future__ import annotations

import sys

from acr_global.cli.console import open_streams, run
from acr_global.cli.grammar import build_parsers
from acr_global.cli.parser import PROG

_INTRODUCTION = f"""\
# Commands

For operators: what could not be delivered and its replay, a trial of each target, a check of
the settings. Run them where the app's packages are installed, as `{PROG}`.

`deadletters` and `targets test --url` ask a running app:

```sh
group=acr-global
app=func-acr-global
export FUNCTION_APP_URL="https://$app.azurewebsites.net"
FUNCTION_APP_KEY=$(az functionapp keys list --resource-group "$group" --name "$app" \\
  --query functionKeys.default --output tsv)
export FUNCTION_APP_KEY
{PROG} deadletters list
{PROG} deadletters replay --all
```

`targets` and `settings check` read the settings here: the environment and, where it lacks one,
the Values in `local.settings.json` of the current folder. `targets test` asks the app only where
`--url` says so; FUNCTION_APP_URL alone does not make it.

No output holds a key, a secret or a URL's user or query. Of a URL that is secret (given as
`$secret`, or of the kinds teams and slack) only scheme and host are shown, of apprise's only the
scheme. Results are on stdout, what went wrong is one line on stderr.

| Exit code | Meaning |
| --- | --- |
| 0 | done; for `targets test`: delivered; for `settings check`: no error, perhaps a warning |
| 1 | failed; for `replay --all`: not all could be replayed. Also where stdout is full or closed |
| 2 | not typed as it must be, or no key where one was promised |
| 130 | interrupted by Ctrl+C |
| 141 | nobody reads stdout any more, as in `… \\| head -1`: nothing is said, and no more is done |

Where stderr is full or closed nothing can be said, and the codes are the same. `python -m demo`,
`python -m devhost` (0 after Ctrl+C), `python -m benchmarks` and what `make` starts end with these
codes, too; a local host that has said where it serves goes on without its stdout.

A key in a file or on stdin is UTF-8, or UTF-16 as PowerShell writes it, with or without a byte
order mark (UTF-16 with one); line breaks and blanks around it are no part of it. What a terminal's
encoding cannot show is shown as an escape, such as `\\xfc`.
"""

_FOOT = "\n<!-- Made by `python -m acr_global.cli.reference > docs/commands.md`. -->\n"


def reference() -> str:
    """The page as it stands in docs/commands.md."""
    parts = [
        f"\n## {prog.removeprefix(PROG).strip() or PROG}\n\n```text\n{parser.format_help()}```\n"
        for prog, parser in build_parsers().items()
    ]
    return "".join([_INTRODUCTION, *parts, _FOOT])


def main() -> int:
    """Print the page."""
    sys.stdout.write(reference())
    return 0


if __name__ == "__main__":
    open_streams()
    sys.exit(run(main))
