"""Every release is kept: what it published, and the histories that it left."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from acr_global.version import VERSION
from tests.replay import record
from tools import keep, package
from tools.package import RELEASES, ROOT, contents, kept, write_zip

HISTORIES = ROOT / "tests" / "replay"
DATED = re.findall(r"^## ([\d.]+) \(\d{4}-\d\d-\d\d\)$", (ROOT / "CHANGELOG.md").read_text(), re.M)


def test_every_release_of_the_changelog_is_kept() -> None:
    """Nothing else is."""
    assert sorted(DATED) == sorted(path.name for path in RELEASES.iterdir() if path.is_dir())


@pytest.mark.parametrize("version", DATED)
def test_a_kept_release_has_an_app_and_histories_of_both_hosts(version: str) -> None:
    """Its packages are installed by the locked requirements in it."""
    with zipfile.ZipFile(kept(version)) as archive:
        assert {"function_app.py", "host.json", "requirements.txt"} <= set(archive.namelist())
        assert b"--hash=sha256:" in archive.read("requirements.txt")
    for host in ("devhost", "engine"):
        assert list((HISTORIES / version / host).glob("*.json"))


def test_two_zips_are_compared_by_what_they_hold(tmp_path: Path) -> None:
    """A zip that is not there holds nothing."""
    path = tmp_path / "a.zip"
    assert {} == contents(path)
    write_zip(path)
    whole = contents(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.py", "")
    assert whole | {"more.py": 0} == contents(path)


def test_a_kept_release_is_neither_kept_nor_recorded_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Later releases have been held to it."""
    monkeypatch.setattr(keep, "VERSION", DATED[0])
    before = kept(DATED[0]).read_bytes()
    assert 1 == keep.main()
    assert "is kept already" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="what is kept never changes"):
        record.main(DATED[0])
    assert before == kept(DATED[0]).read_bytes()


def test_a_version_without_a_date_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is still being worked on."""
    monkeypatch.setattr(keep, "VERSION", "99.0.0")
    assert 1 == keep.main()
    assert "CHANGELOG.md says nothing of 99.0.0" in capsys.readouterr().err


def test_a_tag_makes_no_release_of_what_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then the next release could not be tried against it."""
    monkeypatch.setattr(package, "kept", lambda version: tmp_path / version)
    monkeypatch.setattr(package, "write_zip", lambda path: write_zip(tmp_path / path.name))
    monkeypatch.setattr(package, "contents", lambda path: {path.name: 0})
    assert 1 == package.main([f"v{VERSION}"])
    assert "`make keep` first" in capsys.readouterr().err
