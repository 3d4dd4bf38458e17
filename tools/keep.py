"""`make keep`: keeps a release for the tests of all later ones; once, before its tag.

Kept are what it publishes (tests/releases), with which later releases share a task hub on the
engine (tests/e2e/test_scenes_versions.py), and the histories that it leaves (tests/replay).
"""

from __future__ import annotations

import subprocess
import sys

from acr_global.version import VERSION
from tools.package import ROOT, kept, notes, write_zip


def main() -> int:
    """Keep this version; 1 where it is kept already or has no date, or has no histories."""
    path = kept(VERSION)
    if path.exists():
        print(f"error: {VERSION} is kept already, and what is kept never changes", file=sys.stderr)
        return 1
    try:
        notes((ROOT / "CHANGELOG.md").read_text(), VERSION)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    record = [sys.executable, "-m", "tests.replay.record", VERSION]
    if code := subprocess.run(record, cwd=ROOT, check=False).returncode:
        return code
    write_zip(path)
    print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
