"""The files in which a process leaves notes for the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from acr_global.functions import journal
from acr_global.functions.journal import Journal, orphans
from acr_global.model import Arrival

ARRIVAL = Arrival(region="eastus", event_id="e", received_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_what_was_under_way_is_found_by_the_next_process(tmp_path: Path) -> None:
    """These are turns that did not end, starts that were not seen to begin, and recent arrivals."""
    noted = Journal(tmp_path)
    noted.endpoint("http://127.0.0.1:1/")
    noted.started("p1")
    noted.started("p2")
    with noted.turn("p1"):
        pass
    under_way = noted.turn("p3")
    under_way.__enter__()
    noted.accepted("p3", ARRIVAL)
    assert [] == orphans(tmp_path)
    noted.close()
    (orphan,) = orphans(tmp_path)
    assert ({"p3"}, {"p2"}) == (orphan.turns, orphan.starts)
    assert {"p3": [ARRIVAL]} == orphan.arrivals
    assert "http://127.0.0.1:1/" == orphan.endpoint
    orphan.forget()
    assert [] == orphans(tmp_path)


def test_a_killed_process_leaves_its_file(tmp_path: Path) -> None:
    """kill -9 releases its lock, and loses nothing that was written."""
    code = f"""
import sys, time
from pathlib import Path
from acr_global.functions.journal import Journal
j = Journal(Path({str(tmp_path)!r}))
t = j.turn("p1")
t.__enter__()
print("there", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert b"there\n" == process.stdout.readline()
        assert [] == orphans(tmp_path)
        os.kill(process.pid, signal.SIGKILL)
    (orphan,) = orphans(tmp_path)
    assert {"p1"} == orphan.turns


def test_an_endpoint_is_that_of_a_host_that_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the host's own death somebody else may listen there."""
    noted = Journal(tmp_path)
    noted.endpoint("http://127.0.0.1:1/")
    under_way = noted.turn("p1")
    under_way.__enter__()
    noted.close()
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert orphans(tmp_path)[0].endpoint is None


def test_files_do_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are kept at most, and open instances stand in the newer one."""
    monkeypatch.setattr(journal, "MAX_FILE_BYTES", 2_000)
    noted = Journal(tmp_path)
    noted.endpoint("http://127.0.0.1:1/")
    under_way = noted.turn("open")
    under_way.__enter__()
    for n in range(500):
        with noted.turn(f"p{n}"):
            noted.accepted(f"p{n}", ARRIVAL)
    files = list(tmp_path.iterdir())
    assert 2 >= len(files)
    assert 5_000 > sum(file.stat().st_size for file in files)
    noted.close()
    (orphan,) = orphans(tmp_path)
    assert ({"open"}, "http://127.0.0.1:1/") == (orphan.turns, orphan.endpoint)


def test_a_line_that_was_cut_is_passed_over(tmp_path: Path) -> None:
    """Lines that are not the journal's own are passed over as well."""
    (tmp_path / "1-a.1").write_bytes(
        b'[1, "turn", "p1"]\n"x"\n[2, "start", "p2"]\n[3, "event", "p3", 7]\n[4, "tur'
    )
    (orphan,) = orphans(tmp_path)
    assert ({"p1"}, {"p2"}, {}) == (orphan.turns, orphan.starts, orphan.arrivals)


def test_old_starts_are_not_carried_over(tmp_path: Path) -> None:
    """Such an instance has begun since; a turn counts until it has ended."""
    (tmp_path / "1-a.1").write_bytes(
        b'[1, "start", "p1"]\n[1, "turn", "p2"]\n[500, "start", "p3"]\n[500, "end", "p9"]\n'
    )
    (orphan,) = orphans(tmp_path)
    assert ({"p2"}, {"p3"}) == (orphan.turns, orphan.starts)


def test_a_machine_without_a_folder_has_no_journal(tmp_path: Path) -> None:
    """Turns and starts work without one."""
    (tmp_path / "file").write_text("")
    noted = Journal(tmp_path / "file")
    with noted.turn("p1"):
        noted.started("p2")
    assert noted.is_unseen("p2")
    assert not noted.is_unseen("p2")
    assert [] == orphans(tmp_path / "file")
