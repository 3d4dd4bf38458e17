"""What is published: the tracked files that .funcignore leaves. `make release` zips them.

.funcignore is read as git reads its own ignore files, which is how the Core Tools and azd read it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS, LOCK = "requirements.txt", "requirements.lock"
RELEASES = ROOT / "tests" / "releases"
"""What earlier releases have published, and this one is about to: tools/keep.py."""
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
    """Write the release: what is published, with the lock as its requirements, because a remote
    build installs those."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in publish_set():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            source = ROOT / (LOCK if name == REQUIREMENTS else name)
            archive.writestr(entry, source.read_bytes())


def archive_name(version: str) -> str:
    """The file's name of a release's zip."""
    return f"acr-global-{version}.zip"


def kept(version: str, releases: Path = RELEASES) -> Path:
    """Where a release's zip is kept for the tests of later ones."""
    return releases / version / archive_name(version)


def newest_kept() -> Path:
    """The zip of the newest release that is kept."""
    from packaging.version import (
        Version,  # comes with pytest; to make a zip takes no more than Python
    )

    return kept(max((path.parent.name for path in RELEASES.glob("*/*.zip")), key=Version))


def contents(path: Path) -> dict[str, int]:
    """The names in a zip, with checksums of what they hold: the zip's own bytes depend on the zlib
    that is at hand. Empty where there is no such file."""
    if not path.exists():
        return {}
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: entry.CRC for entry in archive.infolist()}


def notes(changelog: str, version: str) -> str:
    """What the changelog says of a version. Raises ValueError where it says nothing, or only that
    it is not released yet."""
    found = re.search(
        rf"^## {re.escape(version)}([^\n]*)\n(.*?)(?=^## |\Z)", changelog, re.M | re.S
    )
    if found is None or not found[2].strip():
        raise ValueError(f"CHANGELOG.md says nothing of {version}")
    if "unreleased" in found[1]:
        raise ValueError(f"CHANGELOG.md says that {version} is not released: give it its date")
    return found[2].strip() + "\n"


def write_sbom(path: Path) -> None:
    """Write what the lock installs, as CycloneDX. Raises CalledProcessError."""
    tool = Path(sys.executable).with_name("cyclonedx-py")
    command: list[str | Path] = [tool, "requirements", LOCK, "--pyproject", "pyproject.toml"]
    subprocess.run(
        [*command, "--output-reproducible", "--output-file", path],
        cwd=ROOT,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        check=True,
    )


def main(arguments: list[str]) -> int:
    """Write dist/acr-global-VERSION.zip; for a tag also its SBOM and notes.md."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    base = ROOT / "dist" / f"acr-global-{version}"
    path = ROOT / "dist" / archive_name(version)
    write_zip(path)
    for tag in arguments:
        if tag != f"v{version}":
            print(f"error: the tag is {tag}, and pyproject.toml says {version}", file=sys.stderr)
            return 1
        if contents(path) != contents(kept(version)):
            print(f"error: {version} is not kept as it is: `make keep` first", file=sys.stderr)
            return 1
        write_sbom(base.with_name(f"{base.name}.cdx.json"))
        try:
            told = notes((ROOT / "CHANGELOG.md").read_text(), version)
        except ValueError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        base.with_name("notes.md").write_text(told)
    print(*sorted(p.relative_to(ROOT) for p in base.parent.iterdir()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
