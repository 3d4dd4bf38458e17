"""What is published: the tracked files that .funcignore leaves. `make release` zips them.

.funcignore is read as git reads its own ignore files, which is how the Core Tools and azd read it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS, LOCK = "requirements.txt", "requirements.lock"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Every file's time in the zip, so that one commit is one zip, byte for byte."""


def publish_set(root: Path = ROOT) -> list[str]:
    """The paths that are published, relative to the root."""
    tracked, ignored = (
        _git(root, "ls-files", "--cached", *more)
        for more in ((), ("--ignored", "--exclude-from=.funcignore"))
    )
    return sorted(set(tracked) - set(ignored))


def _git(root: Path, *arguments: str) -> list[str]:
    ended = subprocess.run(
        ["git", *arguments], cwd=root, check=True, capture_output=True, text=True
    )
    return ended.stdout.splitlines()


def lay_out(folder: Path) -> None:
    """Copy what is published into a folder."""
    for name in publish_set():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)


def write_zip(path: Path) -> None:
    """The release: what is published, with the lock as its requirements, for that is what a remote
    build installs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in publish_set():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            source = ROOT / (LOCK if name == REQUIREMENTS else name)
            archive.writestr(entry, source.read_bytes())


def main() -> int:
    """Write dist/acr-global-VERSION.zip."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    path = ROOT / "dist" / f"acr-global-{version}.zip"
    write_zip(path)
    print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
