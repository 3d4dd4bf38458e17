"""`make docs`: makes every page that is generated from the code; `--check` names stale ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from acr_global.cli.console import open_streams, run

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "docs/api.md": "acr_global.cli.api_reference",
    "docs/channels.md": "acr_global.notify.docs",
    "docs/commands.md": "acr_global.cli.reference",
    "docs/message.schema.json": "acr_global.notify.schema",
    "docs/openapi.json": "acr_global.openapi",
    "docs/scenario.schema.json": "acr_global_rig.simulation.schema",
    "docs/settings.schema.json": "acr_global.cli.settings_schema",
    "docs/telemetry.md": "acr_global.cli.telemetry_reference",
}
"""Page → the module that prints it or, run beside docs/, writes its part of it."""


def made(pages: Mapping[str, str] = PAGES, root: Path = ROOT) -> dict[str, bytes]:
    """Each page as it should be now. Raises CalledProcessError where a module fails."""
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        copy = Path(folder)
        shutil.copytree(root / "docs", copy / "docs")
        for page, module in pages.items():
            printed = subprocess.run(
                [sys.executable, "-m", module],
                cwd=copy,
                env=os.environ | {"PYTHONPATH": paths},
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
            if printed:
                (copy / page).write_bytes(printed)
        return {page: (copy / page).read_bytes() for page in pages}


def stale(pages: Mapping[str, bytes], root: Path = ROOT) -> list[str]:
    """Which of these pages differ in the checkout, or are missing."""
    there = {page: root / page for page in pages}
    return [
        p for p, text in pages.items() if not there[p].exists() or there[p].read_bytes() != text
    ]


def main(arguments: list[str]) -> int:
    """Write stale pages; with --check only name them, and return 1 if there are any."""
    pages = made()
    old = stale(pages)
    if arguments == ["--check"]:
        for page in old:
            print(f"error: {page} is stale; `make docs` makes it", file=sys.stderr)
        return int(bool(old))
    for page in old:
        (ROOT / page).write_bytes(pages[page])
        print(f"{page}: made anew")
    return 0


if __name__ == "__main__":
    open_streams()
    sys.exit(run(lambda: main(sys.argv[1:])))
