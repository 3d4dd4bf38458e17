"""What a process leaves for the next one in files, and which instances are noted as open, when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from acr_global.functions.durable import journal
from acr_global.functions.durable.journal import MAX_IDS, OPEN_SECONDS, Journal, OpenList
from acr_global.functions.recovery import awaking
from acr_global.functions.recovery.accepted import accepted
from acr_global.functions.recovery.orphans import SEEN_SECONDS, journals, orphans
from acr_global.model import Arrival

ARRIVAL = Arrival(region="eastus", event_id="e", received_at=datetime(2026, 1, 1, tzinfo=UTC))
OTHER = ARRIVAL.model_copy(update={"region": "westeurope"})


def test_what_was_under_way_is_found_by_the_next_process(tmp_path: Path) -> None:
    """These are turns that did not end, starts that were not seen to begin, and recent arrivals."""
    noted = Journal(tmp_path)
    noted.url = "http://127.0.0.1:1/"
    noted.starts("p1")
    noted.starts("p2")
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


def test_what_was_at_work_just_now_is_found_as_well(tmp_path: Path) -> None:
    """Python may have died with a turn that it had not read, or whose answer nobody has read."""
    (tmp_path / "1-a.1").write_bytes(
        b'[1, "turn", "p1"]\n[1, "end", "p1"]\n[2, "endpoint", "http://127.0.0.1:1/", 1]\n'
        b'[500, "turn", "p2"]\n[501, "end", "p2"]\n[501, "over", "p2"]\n[503, "start", "p3"]\n'
        b'[504, "event", "p4", 7]\n[504, "endpoint", "http://127.0.0.1:2/", 1]\n'
    )
    (orphan,) = orphans(tmp_path)
    assert {"p2", "p3", "p4"} == orphan.just_now
    assert set() == orphan.turns


def test_what_was_open_is_taken_over_from_process_to_process(tmp_path: Path) -> None:
    """Each of them notes it in storage at once, if it lives long enough for that."""
    first = Journal(tmp_path)
    for name in ("p1", "p2", "p3"):
        with first.turn(name):
            pass
    first.ended("p2")
    first.close()
    second = Journal(tmp_path)
    assert awaking.awake(second, tmp_path)
    assert ("p1", "p3") == second.open.due()
    second.ended("p1")
    second.close()
    assert {"p3"} == orphans(tmp_path)[-1].open


def test_what_a_note_names_is_not_taken_over(tmp_path: Path) -> None:
    """It stays until all that it names is over, whatever turns come after it."""
    first = Journal(tmp_path)
    for name in ("p1", "p2"):
        with first.turn(name):
            pass
    first.noted(["p1"])
    with first.turn("p1"):
        pass
    first.close()
    (orphan,) = orphans(tmp_path)
    assert {"p2"} == orphan.open


def test_what_was_started_again_after_a_note_is_taken_over(tmp_path: Path) -> None:
    """The note is of its earlier life, and may be gone."""
    first = Journal(tmp_path)
    first.noted(["_courier.east.p1"])
    first.starts("_courier.east.p1")
    first.takes_over(["_courier.east.p1"])
    first.close()
    (orphan,) = orphans(tmp_path)
    assert {"_courier.east.p1"} == orphan.open


def test_what_this_machine_has_accepted_is_known_after_a_process_has_died(tmp_path: Path) -> None:
    """Of living processes as well, and where all that one left has been seen to."""
    dead, living = Journal(tmp_path), Journal(tmp_path)
    dead.accepted("p1", ARRIVAL)
    living.accepted("p1", OTHER)
    living.accepted("p11", ARRIVAL)
    living.starts("p1")
    dead.close()
    for orphan in orphans(tmp_path):
        orphan.forget()
    assert (ARRIVAL, OTHER) == accepted(tmp_path, "p1")
    assert [] == orphans(tmp_path)
    assert () == accepted(tmp_path / "none", "p1") == accepted(None, "p1")
    living.close()


def test_a_journal_that_was_seen_to_is_kept_for_ten_minutes(tmp_path: Path) -> None:
    dead = Journal(tmp_path)
    dead.accepted("p1", ARRIVAL)
    dead.close()
    (orphan,) = orphans(tmp_path)
    orphan.forget()
    (kept,) = (tmp_path / "seen").iterdir()
    assert [] == orphans(tmp_path)
    assert kept.exists()
    long_ago = time.time() - SEEN_SECONDS - 1
    os.utime(kept, (long_ago, long_ago))
    assert [] == orphans(tmp_path)
    assert not kept.exists()


def test_lines_that_nobody_wrote_are_not_read(tmp_path: Path) -> None:
    dead = Journal(tmp_path)
    dead.accepted("p1", ARRIVAL)
    dead.close()
    (file,) = tmp_path.iterdir()
    with file.open("ab") as broken:
        broken.write(b'[1, "event", "p1"]\n[1, "event", "p1", {}]\n[1, "event", "p1", {"region"')
    assert (ARRIVAL,) == accepted(tmp_path, "p1")


def test_a_killed_process_leaves_its_file(tmp_path: Path) -> None:
    """kill -9 releases its lock, and loses nothing that was written."""
    code = f"""
import sys, time
from pathlib import Path
from acr_global.functions.durable.journal import Journal
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
    noted.url = "http://127.0.0.1:1/"
    under_way = noted.turn("p1")
    under_way.__enter__()
    noted.close()
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert orphans(tmp_path)[0].endpoint is None


def test_files_do_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are kept at most, and open instances stand in the newer one."""
    monkeypatch.setattr(journal, "MAX_FILE_BYTES", 2_000)
    noted = Journal(tmp_path)
    noted.url = "http://127.0.0.1:1/"
    under_way = noted.turn("open")
    under_way.__enter__()
    with noted.turn("waits"):
        pass
    for n in range(500):
        with noted.turn(f"p{n}"):
            noted.accepted(f"p{n}", ARRIVAL)
        noted.ended(f"p{n}")
    files = list(tmp_path.iterdir())
    assert 2 >= len(files)
    assert 5_000 > sum(file.stat().st_size for file in files)
    noted.close()
    (orphan,) = orphans(tmp_path)
    assert ({"open"}, "http://127.0.0.1:1/") == (orphan.turns, orphan.endpoint)
    assert {"open", "waits"} == orphan.open


def test_a_line_that_was_cut_is_passed_over(tmp_path: Path) -> None:
    """Lines that are not the journal's own are passed over as well."""
    (tmp_path / "1-a.1").write_bytes(
        b'[1, "turn", "p1"]\n"x"\n[2, "start", "p2"]\n[3, "event", "p3", 7]\n[4, "tur'
    )
    (orphan,) = orphans(tmp_path)
    assert ({"p1"}, {"p2"}, {}) == (orphan.turns, orphan.starts, orphan.arrivals)


def test_files_of_others_keep_no_app_from_loading(tmp_path: Path) -> None:
    """They name nothing that was under way."""
    (tmp_path / "notes.txt").write_text('["x", "turn", "p1"]\n[1, "event", "p1"]\n')
    (tmp_path / "notes").write_text("")
    assert [] == [orphan for orphan in orphans(tmp_path) if orphan.turns or orphan.arrivals]


def test_a_process_s_files_are_read_in_their_order(tmp_path: Path) -> None:
    """Its tenth is newer than its ninth: a turn that ended there is over."""
    (tmp_path / "1-a.9").write_text('[1, "turn", "p1"]\n')
    (tmp_path / "1-a.10").write_text('[2, "end", "p1"]\n')
    assert ["1-a.9", "1-a.10"] == [path.name for path in journals(tmp_path)]
    (orphan,) = orphans(tmp_path)
    assert not orphan.turns


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


class Slow(dict[str, None]):
    """While its oldest entry is looked for, other threads have their turn."""

    def __iter__(self) -> Iterator[str]:
        """Its keys, oldest first."""
        found = super().__iter__()
        time.sleep(0.001)
        return found


def test_turns_in_several_threads_fail_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there are more pushes than it remembers, each that is noted drops another."""
    monkeypatch.setattr(journal, "MAX_REMEMBERED", 10)
    noted = Journal()
    monkeypatch.setattr(noted, "_recent", Slow())

    def turns(thread: int) -> None:
        for n in range(20):
            with noted.turn(f"p{thread}-{n}"):
                pass

    with ThreadPoolExecutor() as pool:
        assert [None] * 4 == list(pool.map(turns, range(4)))
    assert not noted.knows("p0-0")


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        """The present moment."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at 0."""
    return Clock()


@pytest.fixture
def known(clock: Clock) -> OpenList:
    """A list that knows nothing yet."""
    return OpenList(clock)


def test_what_is_over_soon_is_never_noted(known: OpenList, clock: Clock) -> None:
    """A usual push ends before it would be noted, and costs nothing."""
    known.begun("p1")
    clock.now = OPEN_SECONDS - 1
    assert () == known.due()
    known.ended("p1")
    clock.now = 1_000
    assert () == known.due()


def test_what_stays_open_is_noted_once(known: OpenList, clock: Clock) -> None:
    """The time counts from its first turn; further turns and failed notes change nothing."""
    known.begun("p1")
    clock.now = OPEN_SECONDS
    known.begun("p1")
    known.begun("p2")
    assert ("p1",) == known.due() == known.due()
    known.noted(("p1",))
    known.begun("p1")
    clock.now += OPEN_SECONDS
    assert ("p2",) == known.due()


def test_a_new_instance_of_an_id_is_noted_anew(known: OpenList, clock: Clock) -> None:
    """The earlier instance of the id has ended."""
    for _ in range(2):
        known.begun("p1")
        clock.now += OPEN_SECONDS
        assert ("p1",) == known.due()
        known.noted(("p1",))
        known.ended("p1")


def test_what_is_started_again_is_noted_anew(known: OpenList, clock: Clock) -> None:
    """Its earlier life has ended elsewhere."""
    for _ in range(2):
        known.awaited("_courier.east.p1")
        clock.now += OPEN_SECONDS
        assert ("_courier.east.p1",) == known.due()
        known.noted(known.due())


def test_what_was_started_here_and_is_over_is_not_known(known: OpenList) -> None:
    """Whether it had its turns here or elsewhere."""
    known.awaited("_courier.east.p1")
    known.ended("_courier.east.p1")
    assert () == known.known()


def test_an_end_while_the_note_is_written_is_not_forgotten(known: OpenList, clock: Clock) -> None:
    """An instance that ends meanwhile does not stay in the list of noted ones."""
    known.begun("p1")
    clock.now = OPEN_SECONDS
    ids = known.due()
    known.ended("p1")
    known.noted(ids)
    known.begun("p1")
    clock.now += OPEN_SECONDS
    assert ("p1",) == known.due()


def test_a_note_holds_so_many_and_the_rest_is_in_the_next(known: OpenList, clock: Clock) -> None:
    """The oldest come first."""
    ids = [f"p{n}" for n in range(MAX_IDS + 1)]
    for instance_id in ids:
        known.begun(instance_id)
    clock.now = OPEN_SECONDS
    assert ids[:-1] == list(known.due())
    known.noted(known.due())
    assert ids[-1:] == list(known.due())


def test_what_is_found_open_elsewhere_is_noted_at_once(known: OpenList) -> None:
    """It is noted only once, even if it is found again."""
    known.found("p1")
    assert ("p1",) == known.due()
    known.noted(("p1",))
    known.found("p1")
    assert () == known.due()


def test_a_push_is_asked_after_only_where_it_may_be_open_elsewhere(known: OpenList) -> None:
    """Where all regions have reported here, or its turns run here, nobody is asked."""
    for push in ("complete", "here", "elsewhere"):
        known.started(push, ("b", "c"))
    for push, region in (("complete", "b"), ("complete", "c"), ("elsewhere", "b"), ("other", "b")):
        known.heard(push, region)
    known.begun("here")
    silent = {push: set(known.silent(push)) for push in ("complete", "here", "elsewhere", "other")}
    assert {"complete": set(), "here": set(), "elsewhere": {"c"}, "other": set()} == silent
    assert not known.silent("elsewhere")


def test_memory_is_bounded(known: OpenList, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest entries are dropped, because an instance may end in another process, unseen
    here."""
    monkeypatch.setattr(journal, "MAX_KNOWN", 2)
    for push in ("p1", "p2", "p3"):
        known.begun(push)
        known.started(f"{push}s", ("b",))
    clock.now = OPEN_SECONDS
    assert ("p2", "p3") == known.due()
    assert [False, True, True] == [bool(known.silent(f"p{n}s")) for n in (1, 2, 3)]


def test_all_that_may_be_open_is_known(known: OpenList) -> None:
    """What had a turn here and what was started here, newest last, until the last turn."""
    known.begun("p1")
    known.noted(("p1",))
    known.begun("p2")
    known.started("p3", ["eastus"])
    assert ("p1", "p2", "p3") == known.known()
    for push in ("p1", "p2"):
        known.ended(push)
    assert ("p3",) == known.known()
