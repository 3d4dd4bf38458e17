"""What the app relies on, tried on devhost and on the real engine by the same tests."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from acr_global_rig import engine
from tests.e2e.facts import (
    API,
    DIED,
    DURABLE,
    FUNCTION_APP,
    PLACES,
    Laboratory,
    Room,
    Trial,
    on_devhost,
)

HOSTS = [
    pytest.param("devhost", id="devhost"),
    pytest.param("engine", id="engine", marks=pytest.mark.engine),
]


@pytest.fixture(scope="module")
def laboratory(storage: engine.Azurite) -> Iterator[Laboratory]:
    """One host for the trials on the engine. Three of them let Python die; a fourth death within
    five minutes would end the host."""
    with tempfile.TemporaryDirectory(prefix="facts-") as name:
        folder, hub = Path(name), engine.new_hub()
        engine.stage(folder, engine.host_json(hub, **DURABLE), FUNCTION_APP)
        environ = {"AzureWebJobsStorage": storage.connection, "FACTS_DIE": str(folder / "die")}
        host = engine.Host(folder, environ)
        try:
            asyncio.run(host.start())
            yield Laboratory(host, storage, hub)
        finally:
            host.kill()


@pytest.fixture(params=HOSTS)
def attempt(request: pytest.FixtureRequest) -> Callable[[Trial], None]:
    """`attempt(trial)` runs a trial on one of the hosts."""
    if request.param == "devhost":
        return on_devhost
    found: Laboratory = request.getfixturevalue("laboratory")
    return found.run


def test_a_pending_row_may_have_begun(attempt: Any) -> None:
    """Its history is not shown, its events are accepted, and only its custom status changes."""

    async def trial(room: Room) -> None:
        await room.begun("Two")
        assert "historyEvents" in await room.row()
        await room.lose_row_write()
        row = await room.row()
        assert ("Pending", "waiting") == (row["runtimeStatus"], row["customStatus"])
        assert "historyEvents" not in row
        assert 202 == await room.event("first")
        row = await room.until(lambda row: row["customStatus"] == "half")
        assert "Pending" == row["runtimeStatus"]
        assert "historyEvents" not in row
        assert 202 == await room.event("second")
        assert ("Completed", "half", "both") == await room.ended()

    attempt(trial)


@pytest.mark.parametrize("status", ["Pending", "Running"])
def test_a_row_behind_its_end_is_mended_by_the_next_message(attempt: Any, status: str) -> None:
    """After a crash that is what the crash had in hand. The custom status is lost, for no history
    holds it."""

    async def trial(room: Room) -> None:
        await room.begun("Two")
        for name in ("first", "second"):
            assert 202 == await room.event(name)
        assert ("Completed", "half", "both") == await room.ended()
        await room.lose_row_write(status)
        assert 202 == await room.event("third")
        assert ("Completed", None, "both") == await room.ended()

    attempt(trial)


def test_a_start_on_an_id_in_use_is_a_conflict(attempt: Any) -> None:
    """The answer is 409, and says whether it is Pending or Running."""

    async def trial(room: Room) -> None:
        await room.begun("Two")
        words = "An Orchestration instance with the status {} already exists."
        assert (409, {"Message": words.format("Running")}) == await room.start("Two")
        await room.lose_row_write()
        assert (409, {"Message": words.format("Pending")}) == await room.start("Two")

    attempt(trial)


def test_an_unknown_orchestrator_is_accepted_and_fails(attempt: Any) -> None:
    """The extension looks for it only when the instance begins."""

    async def trial(room: Room) -> None:
        assert 202 == (await room.start("Nowhere"))[0]
        status, _, output = await room.ended()
        assert "Failed" == status
        assert "The function 'Nowhere' doesn't exist, is disabled, or is not an orch" in output

    attempt(trial)


def test_a_turn_in_which_python_dies_fails_its_instance(attempt: Any) -> None:
    """The custom status is gone, the history has the failing turn's event, and later events are in
    none; a function under way is answered 500. A rewind goes on from there, and says Pending to the
    end."""

    async def trial(room: Room) -> None:
        slow = asyncio.ensure_future(room.call("GET", "/api/slow"))
        await room.begun("Two", {"a": 1})
        room.doom("turn")
        assert 202 == await room.event("first")
        await asyncio.sleep(0.5)
        assert 202 == await room.event("second")
        status, custom_status, output = await room.ended()
        assert ("Failed", None) == (status, custom_status)
        words = "Orchestrator function 'Two' failed: One or more errors occurred."
        assert f"{words} ({DIED})" == output
        assert (500, None) == await slow
        row = await room.row()
        kinds = [each["EventType"] for each in row["historyEvents"]]
        assert ["ExecutionStarted", "EventRaised", "ExecutionCompleted"] == kinds
        assert "first" == row["historyEvents"][1]["Name"]
        assert 410 == await room.event("second")
        assert (202, None) == await room.rewind()
        row = await room.until(lambda row: row["customStatus"] == "half")
        assert ("Pending", output) == (row["runtimeStatus"], row["output"])
        assert 202 == await room.event("second")
        assert ("Completed", "half", "both") == await room.ended()

    attempt(trial)


def test_what_comes_to_a_failed_instance_is_lost(attempt: Any) -> None:
    """Its timer fell due while it was Failed; rewound, it waits for ever."""

    async def trial(room: Room) -> None:
        await room.begun("Timed")
        room.doom("turn")
        await room.event("first")
        status, _, output = await room.ended()
        assert "Failed" == status
        words = "Non-Deterministic workflow detected: A previous execution of this orchestration"
        assert output.startswith(f"{words} scheduled a timer task with sequence number 0 but")
        await asyncio.sleep(5)
        assert 202 == (await room.rewind())[0]
        await asyncio.sleep(2)
        assert "Pending" == (await room.row())["runtimeStatus"]
        assert 202 == await room.event("second")
        assert ("Completed", "events") == ((await room.ended())[0], (await room.ended())[2])

    attempt(trial)


def test_only_a_failed_instance_can_be_rewound(attempt: Any) -> None:
    """Others are refused in these words."""

    async def trial(room: Room) -> None:
        words = f'No orchestration with instance ID "${room.id}" found.'
        assert (404, words) == await room.rewind()
        await room.begun("Two")
        words = "This orchestration has status Running, but only orchestrations in the"
        assert (412, f'{words} "Failed" state can be rewound.') == await room.rewind()

    attempt(trial)


def test_the_starts_of_one_id_are_numbered(attempt: Any) -> None:
    """From 0 on, and again from 0 once it has been purged."""

    async def trial(room: Room) -> None:
        for number in (0, 1, 2, 0):
            await room.begun("Numbered")
            assert 202 == await room.event("first")
            assert ("Completed", "waiting", [number]) == await room.ended()
            if number == 2:
                assert 200 == (await room.purge())[0]

    attempt(trial)


def test_an_activity_in_which_python_dies_has_failed(attempt: Any) -> None:
    """Its orchestrator gets the failure; the activity is not run again."""

    async def trial(room: Room) -> None:
        room.doom("activity")
        await room.start("Tries")
        words = f"Activity function 'Dies' failed: {DIED}"
        assert ("Completed", words) == ((await room.ended())[0], (await room.ended())[2])

    attempt(trial)


def test_activities_that_wait_hold_their_places(attempt: Any) -> None:
    """With two places and four activities of 2 s, two begin when the others have ended."""

    async def trial(room: Room) -> None:
        await room.start("Works", {"times": 2 * PLACES})
        _, _, when = await room.ended()
        began, ended = (sorted(each[name] for each in when) for name in ("began", "ended"))
        assert began[PLACES - 1] < ended[0] <= began[PLACES]

    attempt(trial)


@pytest.mark.parametrize(("left", "waits"), [("timer", True), ("activity", True), ("event", False)])
def test_the_end_waits_for_what_is_outstanding(attempt: Any, left: str, waits: bool) -> None:
    """Awaited or not, it waits, except for cancelled timers and for events."""

    async def trial(room: Room) -> None:
        await room.begun("Leaves", {"left": left})
        await room.event("first")
        row = await room.until(lambda row: row["customStatus"] == "at its end")
        assert ("Running" if waits else "Completed") == row["runtimeStatus"]
        assert ("Completed", "at its end", False) == await room.ended()

    attempt(trial)


@pytest.mark.parametrize(
    ("of", "times", "fits"),
    [("x", 8701, True), ("x", 8702, False), ("é", 8701, True), ("😀", 4351, False)],
)
def test_a_custom_status_of_more_than_16_kb_fails_the_turn(
    attempt: Any, of: str, times: int, fits: bool
) -> None:
    """Its size is counted in whole KB of UTF-16, with its quotes; the earlier status is gone as
    well."""

    async def trial(room: Room) -> None:
        await room.begun("Status", {"of": of, "times": times})
        await room.event("first")
        row = await room.until(lambda row: row["customStatus"] != "short")
        expected = ("Running", of * times) if fits else ("Failed", None)
        assert expected == (row["runtimeStatus"], row["customStatus"])
        if not fits:
            words = "The UTF-16 size of the JSON-serialized payload must not exceed 16 KB."
            words += " The current payload size is 17 KB."
            assert f"Orchestrator function 'Status' failed: {words}" == row["output"]

    attempt(trial)


@pytest.mark.parametrize(
    ("prefix", "status"),
    [
        *((prefix, 202) for prefix in ("@", "a#", "a?", "a\\", "a%z", "a b", "ü", "\x01", "'")),
        ("x" * (512 - 32), 202),
        ("x" * (513 - 32), 500),
        ("a/", 404),
    ],
)
def test_ids_of_nearly_any_kind_are_taken(attempt: Any, prefix: str, status: int) -> None:
    """An id may have up to 512 characters, and no slash."""

    async def trial(room: Room) -> None:
        wanted = prefix + room.id
        room.id = quote(wanted, safe="")
        assert status == (await room.start("Two"))[0]
        if status == 202:
            row = await room.until(lambda row: row["runtimeStatus"] == "Running")
            assert wanted == row["instanceId"]
        else:
            assert 404 == (await room.call("GET", f"{API}/instances/{room.id}"))[0]

    attempt(trial)


def test_instances_are_listed_by_prefix_in_the_order_of_ids(attempt: Any) -> None:
    """A page of one is the first of a range, with its input, whenever each was started."""

    async def trial(room: Room) -> None:
        base = room.id
        for number in ("10", "9", "08", "-5", "a"):
            room.id = f"{base}.{number}"
            assert 202 == (await room.start("Two", {"number": number}))[0]
        path = f"{API}/instances?instanceIdPrefix={base}.&showInput=true&top="
        _, rows = await room.call("GET", f"{path}100")
        numbers = ["-5", "08", "10", "9", "a"]
        assert [f"{base}.{number}" for number in numbers] == [r["instanceId"] for r in rows]
        _, (first,) = await room.call("GET", f"{path}1")
        assert {"number": "-5"} == first["input"]
        assert (200, []) == await room.call("GET", f"{API}/instances?instanceIdPrefix={base}.b")

    attempt(trial)


@pytest.mark.parametrize(
    ("statuses", "left"),
    [
        ("Completed,Failed,Terminated", ["runs"]),
        ("Completed", ["failed", "runs"]),
        ("Running,Failed", ["ended", "runs"]),
        ("completed", []),
        ("Running", []),
        ("", []),
    ],
)
def test_a_purge_that_names_no_final_status_takes_what_runs(
    attempt: Any, statuses: str, left: list[str]
) -> None:
    """A status counts in the engine's exact spelling only. By its id, a running instance is
    refused."""

    async def trial(room: Room) -> None:
        base = room.id
        await room.call("DELETE", f"{API}/instances?createdTimeFrom=2000-01-01T00:00:00Z")
        for name, orchestrator, data in (
            ("runs", "Two", None),
            ("ended", "Tries", None),
            ("failed", "Unknown", None),
        ):
            room.id = f"{base}-{name}"
            await room.start(orchestrator, data)
            if name == "runs":
                await room.until(lambda row: row["runtimeStatus"] == "Running")
                assert 412 == (await room.call("DELETE", f"{API}/instances/{room.id}"))[0]
            else:
                await room.ended()
        # A prefix is no bound: none of them has this one.
        bounds = "createdTimeFrom=2000-01-01T00:00:00Z&instanceIdPrefix=another"
        path = f"{API}/instances?{bounds}&runtimeStatus={statuses}"
        assert (200, {"instancesDeleted": 3 - len(left)}) == await room.call("DELETE", path)
        _, rows = await room.call("GET", f"{API}/instances")
        assert left == [row["instanceId"].removeprefix(f"{base}-") for row in rows]
        assert 400 == (await room.call("DELETE", f"{API}/instances"))[0]

    attempt(trial)


def test_who_always_has_a_wait_open_hears_every_event(attempt: Any) -> None:
    """They come in crowds, beside an activity that is not waited for."""

    async def trial(room: Room) -> None:
        await room.begun("Counts", {"times": 60})
        for _ in range(6):
            assert [202] * 10 == await asyncio.gather(*(room.event("first") for _ in range(10)))
        assert ("Completed", "counting", 60) == await room.ended()

    attempt(trial)
